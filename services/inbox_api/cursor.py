"""Cursors: the position where a page ended, as opaque text. Used for all lists and as event ids of the stream.

A cursor names a position, (sent_at, message id), not a row: it stays valid when messages arrive, are read or are recalled.
The signature finds damaged and made-up cursors. Its key is public, because a position is no secret and grants nothing.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

import itsdangerous

from shared import audience, errors

# A change of the format changes the salt.
_SIGNER = itsdangerous.Signer("message-hub", salt="cursor-1")
_USERS = itsdangerous.Signer("message-hub", salt="cursor-user-1")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Position:
    """A message's position in a list ordered by time and id."""

    sent_at: datetime
    message_id: uuid.UUID


# Before the newest message of any list.
NEWEST = Position(datetime.max.replace(tzinfo=UTC), uuid.UUID(int=0))


class _Listed(Protocol):
    @property
    def id(self) -> uuid.UUID: ...
    @property
    def sent_at(self) -> datetime: ...


def of_last(shown: Sequence[_Listed]) -> str:
    """The cursor of a page that ends with the last of these messages."""
    return encode(Position(shown[-1].sent_at, shown[-1].id))


def encode(position: Position) -> str:
    micros = (position.sent_at - _EPOCH) // _MICROSECOND
    return _SIGNER.sign(f"{micros}.{position.message_id.hex}").decode()


def decode(text: str) -> Position:
    """The position that `encode` was given. Raises `HubError` bad-cursor for anything else."""
    try:
        micros, _, message_id = _SIGNER.unsign(text).decode().partition(".")
        position = Position(_EPOCH + timedelta(microseconds=int(micros)), uuid.UUID(message_id))
        if encode(position) != text:  # the same bytes can be spelt in several ways
            raise ValueError("not as encode writes it")
    except (itsdangerous.BadData, ValueError, OverflowError):
        raise errors.bad_cursor() from None
    return position


def encode_user(user_id: int) -> str:
    """The position of a user in a list that is ordered by the ids of users."""
    return _USERS.sign(str(user_id)).decode()


def decode_user(text: str) -> int:
    """The id that `encode_user` was given. Raises `HubError` bad-cursor for anything else."""
    try:
        user_id = int(_USERS.unsign(text))
        if encode_user(user_id) != text or not 0 <= user_id <= audience.LAST_USER:
            raise ValueError("not as encode_user writes it")
    except (itsdangerous.BadData, ValueError):
        raise errors.bad_cursor() from None
    return user_id
