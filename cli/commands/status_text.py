"""The facts of `message-hub status` as text for people."""

from collections.abc import Sequence
from typing import Any

from cli.commands import clock
from cli.output import count, duration, first_few, moment, printable, table
from cli.store.messages import Batch, Unfinished
from services.compose_api.store.backlog import Backlog


def of_hub(facts: dict[str, Any]) -> str:
    totals, backlog, refused, reminders = (facts[name] for name in ("totals", "backlog", "refused", "reminders"))
    months, dropped = facts["partitions"]["months"], moment(facts["partitions"]["dropped_before"])
    swept = backlog.last_sweep_seconds
    parts = [
        f"Messages    {', '.join(f'{totals[name]} {name}' for name in ('queued', 'sending', 'sent', 'recalled'))}",
        f"Batches     {totals['batches_delivered']} delivered, {totals['batches_undelivered']} to deliver, "
        f"{backlog.batches_failing} failing",
        f"Oldest      {_oldest(backlog)}",
        f"Repairs     {_repairs(backlog, facts['counters'])}",
        f"Queues      {_broker(facts['broker'])}",
        f"Workers     {_workers(facts['broker'])}",
        f"Last sweep  {'none yet' if swept is None else duration(swept) + ' ago'}",
        f"Partitions  {f'{months[0]} to {months[-1]} ({len(months)} months)' if months else 'none'}; "
        f"entries dropped before: {dropped}",
    ]
    if reminders.overdue_seconds > 60 or reminders.missed:
        parts.append(
            f"Reminders   the first is {duration(reminders.overdue_seconds)} late, {reminders.missed} missed in the last day"
        )
    if clock.is_suspect(backlog):
        parts.append(f"Clock       {clock.sentence(backlog)}; {clock.ADVICE}")
    if without := facts["platforms_without_administrator"]:
        parts.append(f"Platforms   without an active administrator: {first_few(without)}")
    if refused:
        last = f"the last {duration(refused.age_s)} ago: {refused.last}"
        parts.append(printable(f"Refused     {count(refused.count, 'task')}, {last}"))
    if facts["unfinished"]:
        parts += ["", "Not sent yet, oldest first:", _unfinished(facts["unfinished"])]
    if facts["failing"]:
        parts += ["", "Failing batches, those with most retries first:", _batches(facts["failing"])]
    return "\n".join(parts)


def of_message(facts: dict[str, Any]) -> str:
    message = facts["message"]
    total = "not counted yet" if message.recipient_count is None else message.recipient_count
    recalled = f"{moment(message.recalled_at)} by {message.recalled_by}" if message.recalled_at else None
    lines = {
        "Message": message.id,
        "Platform": f"{message.platform}, directory version {message.directory_version}",
        "Sender": message.sender,
        "Audience": ", ".join(map(str, message.targets)),
        "Status": message.status + (", its entries are dropped" if message.entries_dropped else ""),
        "Accepted": f"{moment(message.sent_at)} (request {message.request_id})",
        "Recalled": recalled,
        "Expires": moment(message.expires_at) if message.expires_at else None,
        "Expanding": f"last queued {moment(message.expand_published_at)}, {count(message.expand_attempts, 'retry', 'retries')}",
        "Recipients": f"{total}, delivered to {message.delivered_count}",
        "Batches": f"{message.batches}, of which {message.undelivered} to deliver",
        "Completed": moment(message.completed_at),
        "Last error": message.last_error,
    }
    text = "\n".join(printable(f"{name:<12}{value}") for name, value in lines.items() if value is not None)
    if facts["undelivered_batches"]:
        text += f"\n\nUndelivered batches, those with most retries first:\n{_batches(facts['undelivered_batches'])}"
    return text


def _oldest(backlog: Backlog) -> str:
    """How long the oldest unfinished work has waited."""
    if not backlog.messages_unfinished:
        return "nothing is waiting"
    waits = {
        "message to be taken": backlog.oldest_queued_seconds,
        "batch to be delivered": backlog.oldest_undelivered_batch_seconds,
        "message not sent yet": backlog.oldest_unfinished_seconds,
    }
    return ", ".join(f"{what} {duration(age)}" for what, age in waits.items() if age)


def _repairs(backlog: Backlog, counters: dict[str, int]) -> str:
    def counted(name: str) -> int:
        return counters.get(name, 0)

    return (
        f"{count(backlog.batches_retried, 'undelivered batch was', 'undelivered batches were')} retried; "
        f"so far {counted('sweeps')} sweeps published {counted('messages_published_again')} messages and "
        f"{counted('batches_published_again')} batches again and completed {counted('messages_completed')}"
    )


def _broker(facts: dict[str, Any]) -> str:
    if not facts["reachable"]:
        return f"Redis cannot be reached: {facts['reason']}"
    waiting = ", ".join(f"{name} {length}" for name, length in facts["waiting"].items())
    return f"{waiting}; {count(facts['taken'], 'task')} taken by workers, sweeps included"


def _workers(facts: dict[str, Any]) -> str:
    if not facts["reachable"]:
        return "unknown without Redis"
    live = "an unknown number" if facts["workers"] is None else facts["workers"]
    return f"{live} live; {count(facts['task_failures'], 'task failure')}, immediate retries included"


def _unfinished(rows: Sequence[Unfinished]) -> str:
    header = ("message", "platform", "status", "age", "delivered", "batches", "retries", "last error")
    return table(
        header,
        [
            (one.id, one.platform, one.status, duration(one.age_s), _delivered(one),
             f"{one.batches - one.undelivered}/{one.batches}", one.expand_attempts, one.last_error)
            for one in rows
        ],
    )  # fmt: skip


def _delivered(one: Unfinished) -> str:
    return "audience not counted yet" if one.recipient_count is None else f"{one.delivered_count}/{one.recipient_count}"


def _batches(rows: Sequence[Batch]) -> str:
    header = ("message", "batch", "recipients", "retries", "last queued", "last error")
    return table(
        header,
        [
            (one.message_id, one.seq, one.recipient_count, one.attempts, f"{duration(one.published_age_s)} ago", one.last_error)
            for one in rows
        ],
    )  # fmt: skip
