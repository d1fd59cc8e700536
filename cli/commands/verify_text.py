"""What `message-hub verify` found, as text."""

from typing import Any

from cli.output import count, moment, printable
from services.fanout_worker.domain import proof

_MEANINGS = {
    "planned": "people in its audience, by the directory as of its version",
    "delivered": "of them have it",
    "pending": "of them are in batches that workers still write",
    "withheld": "of them: their entry is never written",
    "missing": "of them do not have it, and no worker will write it",
    "unexpected": "entries that should not be there",
}
_VERDICTS = {
    "holds": "everyone who should have it has it, and no one else.",
    "pending": "nothing is missing; what is pending, workers will write.",
    "recalled": "it was recalled: written entries are hidden, and no more are written.",
    "dropped": "its entries were past the retention and were dropped with their month.",
}


def of_message(facts: dict[str, Any]) -> str:
    width = max(len(f"{facts[name]:,}") for name in proof.COUNTS)
    lines = [
        f"Message     {facts['message_id']} of platform {facts['platform']}, {facts['status']}, accepted {moment(facts['sent_at'])}"
    ]
    for name, meaning in _MEANINGS.items():
        if facts[name] or name not in ("pending", "withheld"):
            lines.append(f"{name.capitalize():<11} {facts[name]:>{width},}  {meaning}{_named(facts, name)}")
    if facts["repaired"] is not None:
        lines.append(f"Repaired    {facts['repaired']:,} entries were written just now")
    lines += [f"Disagrees   {sentence}" for sentence in facts["disagreements"]]
    lines.append(f"Verdict     {_verdict(facts)} ({facts['seconds']:.1f} s)")
    return "\n".join(lines)


def line(facts: dict[str, Any]) -> str:
    """One message of many. Counts that should be 0 are shown only if they are not."""
    parts = [f"{facts['delivered']:,} of {facts['planned']:,} delivered"]
    parts += [f"{facts[name]:,} {name}" for name in ("pending", "withheld", "missing", "unexpected") if facts[name]]
    if facts["repaired"]:
        parts.append(f"{facts['repaired']:,} repaired just now")
    parts += facts["disagreements"]
    when = facts["sent_at"].strftime("%Y-%m-%d %H:%M")
    return f"{facts['verdict']:<8}  {facts['message_id']}  {when}  {facts['platform']}  {'; '.join(parts)}"


def summary(verdicts: dict[str, int]) -> str:
    if not verdicts:
        return "There are no such messages."
    parts = ", ".join(f"{verdict} {number:,}" for verdict, number in sorted(verdicts.items()))
    return f"{count(sum(verdicts.values()), 'message')}: {parts}."


def _named(facts: dict[str, Any], name: str) -> str:
    users = facts.get(f"{name}_users")
    if not users:
        return ""
    more = facts[name] - len(users)
    return f": {', '.join(map(printable, users))}" + (f" and {more:,} more" if more > 0 else "")


def _verdict(facts: dict[str, Any]) -> str:
    if facts["verdict"] != "fails":
        return f"{facts['verdict']}: {_VERDICTS[facts['verdict']]}"
    advice = []
    if facts["missing"]:
        advice.append(f"`message-hub verify {facts['message_id']} --repair` delivers what is missing")
    if facts["unexpected"] or facts["disagreements"]:
        advice.append("docs/operations/daily.md says what to do")
    return f"FAILS: {'; '.join(advice)}."
