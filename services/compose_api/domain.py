"""The rules of a message: its content, its audience, and who may address whom. Pure: no database, no HTTP."""

import hashlib
import json
import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from shared import acknowledgements
from shared.audience import ChosenScopes

MAX_SCOPES = 1000
MAX_PINNED = timedelta(days=30)
MAX_AHEAD = timedelta(days=365)
MAX_DUE = timedelta(days=365)
MAX_REMINDERS = 4
MAX_REMIND_DAYS = 60
DEFAULT_STATEMENT = "I have read and understood this."
DEFAULT_LATENESS = timedelta(hours=1)
MAX_LATENESS = timedelta(days=7)
# So many messages, each a follow-up to the one before.
MAX_CHAIN = 50
# To whom a follow-up can go.
ONLY = ("unread", "not_acknowledged")

NO_SCOPES = ChosenScopes(everyone=False)

Level = Literal["platform", "organisation", "clinic"]


@dataclass(frozen=True)
class Addressed:
    """Whom a message is for: an audience, or those recipients of the earlier message `follows` who fit `only`."""

    audience: ChosenScopes = NO_SCOPES
    follows: uuid.UUID | None = None
    only: str | None = None


@dataclass(frozen=True)
class Acknowledgement:
    """What recipients are asked to confirm, and until when: a time, or days of 24 hours after the message is sent."""

    statement: str = DEFAULT_STATEMENT
    due_at: datetime | None = None
    due_in_days: int | None = None
    remind_days_before: tuple[int, ...] = ()

    def due(self, sent_at: datetime) -> datetime | None:
        return self.due_at if self.due_in_days is None else sent_at + timedelta(days=self.due_in_days)

    @property
    def stated(self) -> list[Any]:
        due_at = self.due_at and self.due_at.isoformat()
        return [self.statement, due_at, self.due_in_days, sorted(self.remind_days_before)]


@dataclass(frozen=True)
class Content:
    """What a sender states of a message. Times are in UTC. The audience of a follow-up is the earlier message's, and empty here."""

    title: str
    body: str
    audience: ChosenScopes = NO_SCOPES
    category: str | None = None
    priority: str = "normal"
    pinned_until: datetime | None = None
    expires_at: datetime | None = None
    follows: uuid.UUID | None = None
    only: str | None = None
    acknowledgement: Acknowledgement | None = None
    supersedes: uuid.UUID | None = None
    change_summary: str | None = None

    @property
    def request_hash(self) -> bytes:
        """Equal for requests with the same normalised text, the same set of scopes and the same choices."""
        times = [time and time.isoformat() for time in (self.pinned_until, self.expires_at)]
        stated = [
            self.title,
            self.body,
            _in_order(self.audience),
            self.category,
            self.priority,
            times,
            self.follows and str(self.follows),
            self.only,
            self.acknowledgement and self.acknowledgement.stated,
            self.supersedes and str(self.supersedes),
            self.change_summary,
        ]
        return _hash(stated)

    @property
    def content_hash(self) -> bytes | None:
        """Of what recipients are asked to acknowledge; None where they are not."""
        if self.acknowledgement is None:
            return None
        return acknowledgements.content_hash(title=self.title, body=self.body, statement=self.acknowledgement.statement)

    def find_invalid(self, *, categories: Collection[str], now: datetime) -> dict[str, Any]:
        """What is wrong by field, on a platform with these categories."""
        invalid: dict[str, Any] = {}
        if self.category is not None and self.category not in categories:
            invalid["category"] = [f"Must be one of: {', '.join(categories)}."]
        if self.pinned_until is not None and not now < self.pinned_until <= now + MAX_PINNED:
            invalid["pinned_until"] = [f"Must be after the message is sent, at most {MAX_PINNED.days} days."]
        due_at = None if self.acknowledgement is None else self.acknowledgement.due(now)
        if due_at is not None:
            if not now < due_at <= now + MAX_DUE:
                invalid["acknowledgement"] = {
                    "due_at": [f"Must be after the message is sent, at most {MAX_DUE.days} days."]
                }
            elif self.expires_at is not None and now < self.expires_at < due_at:
                invalid["expires_at"] = ["Must not be before the acknowledgement is due."]
        return invalid

    def is_expired(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now


def _in_order(audience: ChosenScopes) -> list[Any]:
    return [audience.everyone, sorted(audience.organisations), sorted(audience.clinics)]


def _hash(stated: Any) -> bytes:
    return hashlib.sha256(json.dumps(stated, sort_keys=True).encode()).digest()


@dataclass(frozen=True)
class Target:
    """A scope of an audience, as the directory has it. Its ancestors include itself."""

    scope_id: int
    level: Level
    external_id: str
    ancestor_ids: frozenset[int]


@dataclass(frozen=True)
class Reach:
    """The ids of scopes that an administrator administers now: at least all that contain a target in question."""

    platform_id: int
    administered: frozenset[int]

    def covers(self, target: Target) -> bool:
        """Whether they may address it: they administer it or an ancestor."""
        return not self.administered.isdisjoint(target.ancestor_ids)

    def is_above(self, target: Target) -> bool:
        """Whether they administer a scope that contains it, or the platform."""
        return not self.administered.isdisjoint((target.ancestor_ids - {target.scope_id}) | {self.platform_id})


def visibility(targets: Iterable[Target]) -> dict[int, bool]:
    """The ids of all targets and their ancestors, each with whether it is a target."""
    scopes: dict[int, bool] = {}
    for target in targets:
        scopes.update(dict.fromkeys(target.ancestor_ids - scopes.keys(), False))
        scopes[target.scope_id] = True
    return scopes


def without_nested(targets: Iterable[Target]) -> tuple[int, ...]:
    """The ids of the targets that no other target contains: the same audience with fewer duplicates."""
    by_id = {target.scope_id: target for target in targets}
    return tuple(
        sorted(
            scope_id for scope_id, target in by_id.items() if by_id.keys().isdisjoint(target.ancestor_ids - {scope_id})
        )
    )


@dataclass(frozen=True)
class Changes:
    """Fields of a draft as JSON; None removes a field. `audience` and `follows` are those of `fields`, parsed."""

    fields: dict[str, Any]
    audience: ChosenScopes | None
    follows: uuid.UUID | None = None

    @property
    def request_hash(self) -> bytes:
        """Equal for requests that make the same draft: as `Content.request_hash`."""
        return _hash({**self.apply({}), "audience": self.audience and _in_order(self.audience)})

    def apply(self, content: dict[str, Any]) -> dict[str, Any]:
        """The content of a draft after these changes."""
        return {name: value for name, value in {**content, **self.fields}.items() if value is not None}


@dataclass(frozen=True)
class Schedule:
    """When a draft is to be released. `not_after`: None for the default."""

    send_at: datetime
    not_after: datetime | None = None
    local: datetime | None = None
    time_zone: str | None = None
    adjusted: str | None = None
