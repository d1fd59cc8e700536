"""What the fan-out works on: a message and the batches that its audience is cut into."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from shared.audience import Audience


@dataclass(frozen=True)
class Message:
    """`recipient_count` is None until the whole audience is cut."""

    id: uuid.UUID
    sent_at: datetime
    status: str
    recipient_count: int | None
    is_recalled: bool
    request_id: str
    audience: Audience


@dataclass(frozen=True)
class Batch:
    """The part of an audience with after_user_id < user id <= up_to_user_id."""

    seq: int
    after_user_id: int
    up_to_user_id: int
    recipient_count: int
    is_delivered: bool = False


@dataclass(frozen=True)
class Progress:
    """The batches of a message so far, and the highest user id they cover."""

    batch_count: int
    up_to_user_id: int
    recipient_count: int
    undelivered_count: int
