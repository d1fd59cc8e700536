"""The texts of reminders and notices about an acknowledgement. Pure."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from services.compose_api import domain, text
from shared.audience import ChosenScopes


@dataclass(frozen=True)
class Earlier:
    """The message that asks for the acknowledgement."""

    id: uuid.UUID
    title: str
    priority: str
    due_at: datetime | None


def reminder(earlier: Earlier, *, note: str | None = None) -> domain.Content:
    """A follow-up to those who have not acknowledged the message. It asks for nothing itself."""
    due = f" It is due on {_day(earlier.due_at)}." if earlier.due_at else ""
    asked = f"Please open the message “{earlier.title}” at the top of your notifications and acknowledge it.{due}"
    return domain.Content(
        title=_title("Reminder", earlier),
        body=f"{note}\n\n{asked}" if note else asked,
        priority=earlier.priority,
        follows=earlier.id,
        only="not_acknowledged",
    )


def due_notice(
    earlier: Earlier, *, clinic: str, clinic_name: str, outstanding: int, public_url: str | None
) -> domain.Content:
    """To a clinic's administrators: how many people there have not acknowledged the message in time. It names none of them."""
    people = "1 person has" if outstanding == 1 else f"{outstanding} people have"
    where = f"\n\nWho: {public_url}/console/#/messages/{earlier.id}" if public_url else ""
    due = f" It was due on {_day(earlier.due_at)}." if earlier.due_at else ""
    return domain.Content(
        title=_title("Overdue", earlier),
        body=f"{clinic_name}: {people} not acknowledged the message “{earlier.title}”.{due}{where}"[: text.MAX_BODY],
        audience=ChosenScopes(everyone=False, clinics=(clinic,)),
    )


def _title(what: str, earlier: Earlier) -> str:
    title = f"{what}: {earlier.title}"
    return title if len(title) <= text.MAX_TITLE else f"{title[: text.MAX_TITLE - 1].rstrip()}…"


def _day(time: datetime) -> str:
    return f"{time.astimezone(UTC):%-d %B %Y, %H:%M} UTC"
