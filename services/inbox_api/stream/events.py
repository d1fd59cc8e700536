"""Server-sent events as bytes. Pure.

A notification is the JSON of the feed, and its id the cursor after which a stream can be resumed. An event without data
would not reach an EventSource, so those that say everything with their name carry an empty object.
"""

import json
import random
import uuid

from services.inbox_api import cursor, schemas
from services.inbox_api.store.notifications import Notification
from services.inbox_api.stream import actions

# Spread, so that clients whose streams ended together do not reconnect together.
_RETRY_MS = (1_000, 6_000)

_notification = schemas.NotificationOut()
_counts = schemas.CountsOut()


def first(opening: actions.Opening) -> bytes:
    """The first events: the retry time, the missed notifications and expiries (or `sync`), and `ready`."""
    retry = f"retry: {random.randint(*_RETRY_MS)}\n\n".encode()  # noqa: S311 (spreads load, hides nothing)
    if opening.missed is None:
        missed = [sync(opening.position)]
    else:
        missed = [notification(cursor.Position(one.sent_at, one.id), one) for one in opening.missed]
    gone = [expired(one) for one in opening.expired]
    return b"".join([retry, *missed, *gone, _event("ready", _counts.dump(opening.counts), opening.position)])


def notification(position: cursor.Position, shown: Notification) -> bytes:
    return _event("notification", _notification.dump(shown), position)


def recalled(message_id: uuid.UUID) -> bytes:
    return _event("recalled", {"id": str(message_id)})


def expired(message_id: uuid.UUID) -> bytes:
    return _event("expired", {"id": str(message_id)})


def sync(position: cursor.Position) -> bytes:
    """More has happened than the stream sends one by one: the client asks the feed."""
    return _event("sync", {}, position)


def _event(name: str, data: object, position: cursor.Position | None = None) -> bytes:
    identity = "" if position is None else f"id: {cursor.encode(position)}\n"
    # JSON escapes line ends, so the data are always one line.
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return f"event: {name}\n{identity}data: {text}\n\n".encode()
