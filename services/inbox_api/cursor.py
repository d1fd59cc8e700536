"""Cursors: the position where a page ended, as opaque text. Pure; used for both lists and for event ids.

A cursor names a position, (sent_at, message id), and not a row: it stays valid when messages arrive, are read or are recalled.
Layout: one byte of version, sent_at in microseconds since 1970 (8 bytes, big-endian), the id (16), a CRC-32 of all that (4);
base64url without padding. The checksum finds accidents; a cursor is neither secret nor signed.
"""

import base64
import binascii
import struct
import uuid
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from shared import errors

_VERSION = 1
_LAYOUT = struct.Struct(">BQ16s")
_CHECKSUM = struct.Struct(">I")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Position:
    """Where a message stands in a list that is ordered by time and id."""

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
    payload = _LAYOUT.pack(_VERSION, micros, position.message_id.bytes)
    return _to_text(payload + _CHECKSUM.pack(zlib.crc32(payload)))


def decode(text: str) -> Position:
    """The position that `encode` was given. Raises `HubError` bad-cursor for anything else."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        payload, checksum = data[: _LAYOUT.size], data[_LAYOUT.size :]
        version, micros, message_id = _LAYOUT.unpack(payload)
        if checksum != _CHECKSUM.pack(zlib.crc32(payload)) or version != _VERSION or _to_text(data) != text:
            raise ValueError("not as encode writes it")
        return Position(_EPOCH + timedelta(microseconds=micros), uuid.UUID(bytes=message_id))
    except (ValueError, OverflowError, binascii.Error, struct.error):
        raise errors.HubError(
            "bad-cursor", "Send `after` exactly as it came in `next_cursor`, or leave it out to begin at the newest."
        ) from None


def _to_text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
