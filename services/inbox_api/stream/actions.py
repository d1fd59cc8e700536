"""What the stream reads. Owns connections and transactions. Called by the route, and by the watch from a thread of its own."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Engine

from services.inbox_api import cursor
from services.inbox_api.store import inbox
from services.inbox_api.stream import store
from shared import db, errors
from shared.auth import store as auth

# As many as a page of the feed may have.
MOST_REPLAYED = 100
# How many messages are read at a time, and how far back one looks for recalls.
LOOK_LIMIT = 100
RECALLED_WITHIN_S = 30.0

_BEFORE_ALL = cursor.Position(datetime(1970, 1, 1, tzinfo=UTC), uuid.UUID(int=0))


@dataclass(frozen=True)
class Arrival:
    """What a stream begins with: everything up to `position` is either in `missed`, oldest first, or known to the client.

    `missed` is None where it is more than can be told one by one.
    """

    position: cursor.Position
    missed: tuple[inbox.Notification, ...] | None
    counts: inbox.Counts


@dataclass(frozen=True)
class Look:
    fresh: tuple[store.Fresh, ...]
    recalled: tuple[store.Recalled, ...]


def arrive(engine: Engine, *, caller: auth.Caller, last_event_id: str | None) -> Arrival:
    """One snapshot of the caller's inbox, from which their stream goes on. Raises bad-cursor."""
    known = _decode(last_event_id)
    who = {"user_id": caller.user_id, "platform_id": caller.platform_id}
    snapshot = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with engine.connect().execution_options(**snapshot) as connection, connection.begin():
        newest = store.find_newest(connection, platform_id=caller.platform_id)
        position = _BEFORE_ALL if newest is None else cursor.Position(*newest)
        if known is None or _order(known) >= _order(position):
            return Arrival(position, (), inbox.get_counts(db.driver(connection), **who))
        page = inbox.list_page(db.driver(connection), **who, status=inbox.ALL, before=None, limit=MOST_REPLAYED + 1)
    missed = tuple(one for one in reversed(page.notifications) if (one.sent_at, one.id) > _order(known))
    return Arrival(position, missed if len(missed) <= MOST_REPLAYED else None, page.counts)


def look(engine: Engine, *, platform_id: int, after: datetime) -> Look:
    """What is new on a platform after a time, oldest first and at most LOOK_LIMIT, and what was recalled lately."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        fresh = store.list_fresh(connection, platform_id=platform_id, after=after, limit=LOOK_LIMIT)
        recalled = store.list_recalled(connection, platform_id=platform_id, seconds=RECALLED_WITHIN_S)
    return Look(tuple(fresh), tuple(recalled))


def list_changed(engine: Engine, *, positions: Mapping[int, datetime]) -> list[int]:
    """The platforms where there is something to look at."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        return store.list_changed(connection, positions=positions, seconds=RECALLED_WITHIN_S)


def list_memberships(engine: Engine, *, user_ids: Sequence[int], version: int) -> list[store.Membership]:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        return store.list_memberships(connection, user_ids=user_ids, version=version)


def _decode(last_event_id: str | None) -> cursor.Position | None:
    if not last_event_id:
        return None
    try:
        return cursor.decode(last_event_id)
    except errors.HubError:
        raise errors.HubError(
            "bad-cursor", "Send Last-Event-ID exactly as the last event's `id` came, or leave it out."
        ) from None


def _order(position: cursor.Position) -> tuple[datetime, uuid.UUID]:
    return position.sent_at, position.message_id
