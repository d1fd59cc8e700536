"""What administrators wanted to send, what each POST asked and was answered, and who read it."""

import math
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from drills import platforms

ACCEPTED = 202


@dataclass(frozen=True)
class Attempt:
    """One request. `status` is None when no answer came; times are this process's monotonic clock, in seconds."""

    began: float
    took: float
    status: int | None
    message_id: uuid.UUID | None = None
    reason: str = ""

    @property
    def is_rejected(self) -> bool:
        """Whether the answer says that this message will never be accepted."""
        return self.status is not None and 400 <= self.status < 500 and self.status != 429


@dataclass(frozen=True)
class Reading:
    """A request to mark a message as read. `read_at` is the time in the answer, None without one; the others as in `Attempt`."""

    user: str
    began: float
    took: float
    read_at: datetime | None

    @property
    def ended(self) -> float:
        return self.began + self.took


@dataclass(eq=False)
class Post:
    """One message that an administrator wanted to send, found again by its title; several `attempts` only with a key.

    A follow-up goes to those who have not read `follows`, and has the same audience.
    """

    platform: platforms.Platform
    sender: str
    title: str
    body: str
    audience: platforms.Audience
    key: str | None
    attempts: list[Attempt] = field(default_factory=list)
    recalls: list[int | None] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    follows: "Post | None" = None

    @property
    def content(self) -> dict[str, Any]:
        """As it is posted."""
        text = {"title": self.title, "body": self.body}
        if self.follows is None:
            return {**text, "audience": dict(self.audience)}
        return {**text, "follows": str(self.follows.message_id), "only": "unread"}

    @property
    def accepted_ids(self) -> set[uuid.UUID]:
        return {one.message_id for one in self.attempts if one.message_id is not None}

    @property
    def message_id(self) -> uuid.UUID:
        """The id of the accepted message. Raises `ValueError` where there is none, or more than one."""
        (found,) = self.accepted_ids
        return found

    @property
    def began(self) -> float:
        """Nothing of it can have been stored before."""
        return min(one.began for one in self.attempts)

    @property
    def accepted_by(self) -> float:
        """When it was stored at the latest; infinity without an answer that says so."""
        return min((one.began + one.took for one in self.attempts if one.status == ACCEPTED), default=math.inf)

    @property
    def is_accepted(self) -> bool:
        return any(one.status == ACCEPTED for one in self.attempts)

    @property
    def is_rejected(self) -> bool:
        """Every answer was an error of the client's: nothing may be stored of it."""
        return bool(self.attempts) and all(one.status is not None and 400 <= one.status < 500 for one in self.attempts)

    @property
    def is_settled(self) -> bool:
        """It is not asked for again: accepted, rejected, or without a key and so not to be repeated."""
        return self.key is None or self.is_accepted or (bool(self.attempts) and self.attempts[-1].is_rejected)
