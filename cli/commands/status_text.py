"""The facts of `message-hub status` as text for people."""

from typing import Any

from cli.output import count, duration, moment, printable, table


def of_hub(facts: dict[str, Any]) -> str:
    totals, partitions = facts["totals"], facts["partitions"]
    parts = [
        f"Messages    {totals['queued']} queued, {totals['sending']} sending, {totals['sent']} sent, "
        f"{totals['recalled']} recalled",
        f"Batches     {totals['batches_delivered']} delivered, {totals['batches_undelivered']} to deliver, "
        f"{facts['failing_batches']} failing",
        f"Oldest      {_oldest(facts['backlog'])}",
        f"Repairs     {_repairs(facts['backlog'], facts['counters'])}",
        f"Queues      {_broker(facts['broker'])}",
        f"Last sweep  {_last_sweep(facts['backlog'])}",
        f"Partitions  {_months(partitions['months'])}; entries dropped before: {moment(partitions['dropped_before'])}",
    ]
    if refused := facts["refused"]:
        parts.append(f"Refused     {_refused(refused)}")
    if facts["unfinished"]:
        parts += ["", "Not sent yet, oldest first:", _unfinished(facts["unfinished"])]
    if facts["failing"]:
        parts += ["", "Failing batches, those with most retries first:", _batches(facts["failing"])]
    return "\n".join(parts)


def of_message(facts: dict[str, Any]) -> str:
    message = facts["message"]
    total = "not counted yet" if message["recipient_count"] is None else message["recipient_count"]
    lines = [
        f"Message     {message['id']}",
        f"Platform    {message['platform']}, directory version {message['directory_version']}",
        f"Sender      {message['sender']}",
        f"Audience    {', '.join(_target(target) for target in facts['targets'])}",
        f"Status      {message['status']}" + (", its entries have expired" if message["expired"] else ""),
        f"Accepted    {moment(message['sent_at'])} (request {message['request_id']})",
    ]
    if message["recalled_at"] is not None:
        lines.append(f"Recalled    {moment(message['recalled_at'])} by {message['recalled_by']}")
    lines += [
        f"Expanding   last queued {moment(message['expand_published_at'])}, {count(message['expand_attempts'], 'retry', 'retries')}",
        f"Recipients  {total}, delivered to {message['delivered_count']}",
        f"Batches     {message['batches']}, of which {message['undelivered']} to deliver",
        f"Completed   {moment(message['completed_at'])}",
    ]
    if message["last_error"]:
        lines.append(f"Last error  {message['last_error']}")
    lines = [printable(line) for line in lines]  # ids are the platforms'
    if facts["undelivered_batches"]:
        lines += ["", "Undelivered batches, those with most retries first:", _batches(facts["undelivered_batches"])]
    return "\n".join(lines)


def _oldest(backlog: dict[str, Any]) -> str:
    """How long the oldest unfinished work has waited."""
    if not backlog["messages_unfinished"]:
        return "nothing is waiting"
    waits = [
        (what, backlog[f"oldest_{name}_seconds"])
        for what, name in (("message to be taken", "queued"), ("batch to be delivered", "undelivered_batch"))
    ]
    parts = [f"{what} {duration(age)}" for what, age in waits if age]
    return ", ".join([*parts, f"message not sent yet {duration(backlog['oldest_unfinished_seconds'])}"])


def _repairs(backlog: dict[str, Any], counters: dict[str, int]) -> str:
    messages, batches = counters.get("messages_published_again", 0), counters.get("batches_published_again", 0)
    parts = [
        f"{count(backlog['batches_retried'], 'undelivered batch was', 'undelivered batches were')} retried",
        f"so far {counters.get('sweeps', 0)} sweeps published {messages} messages and {batches} batches again "
        f"and completed {counters.get('messages_completed', 0)}",
        f"{count(counters.get('tasks_failed', 0), 'task failure')}, immediate retries included",
    ]
    return "; ".join(parts)


def _broker(facts: dict[str, Any]) -> str:
    if not facts["reachable"]:
        return f"Redis cannot be reached: {facts['reason']}"
    waiting = ", ".join(f"{name} {length}" for name, length in facts["waiting"].items())
    return f"{waiting}; {count(facts['taken'], 'task')} taken by workers, sweeps included"


def _last_sweep(backlog: dict[str, Any]) -> str:
    age = backlog["last_sweep_seconds"]
    return "none yet" if age is None else f"{duration(age)} ago"


def _refused(facts: dict[str, Any]) -> str:
    return printable(f"{count(facts['count'], 'task')}, the last {duration(facts['age_s'])} ago: {facts['last']}")


def _unfinished(rows: list[dict[str, Any]]) -> str:
    return table(
        ("message", "platform", "status", "age", "delivered", "batches", "retries", "last error"),
        [
            (
                row["id"],
                row["platform"],
                row["status"],
                duration(row["age_s"]),
                _delivered(row),
                f"{row['batches'] - row['undelivered']}/{row['batches']}",
                str(row["expand_attempts"]),
                row["last_error"] or "",
            )
            for row in rows
        ],
    )


def _delivered(row: dict[str, Any]) -> str:
    if row["recipient_count"] is None:
        return "audience not counted yet"
    return f"{row['delivered_count']}/{row['recipient_count']}"


def _batches(rows: list[dict[str, Any]]) -> str:
    return table(
        ("message", "batch", "recipients", "retries", "last queued", "last error"),
        [
            (
                row["message_id"],
                str(row["seq"]),
                str(row["recipient_count"]),
                str(row["attempts"]),
                f"{duration(row['published_age_s'])} ago",
                row["last_error"] or "",
            )
            for row in rows
        ],
    )


def _months(months: tuple[str, ...]) -> str:
    return f"{months[0]} to {months[-1]} ({len(months)} months)" if months else "none"


def _target(target: dict[str, Any]) -> str:
    return "everyone" if target["level"] == "platform" else f"{target['level']} {target['external_id']}"
