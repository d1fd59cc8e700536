"""What the stream reads. Owns connections and transactions. Called in threads by the endpoint and the poller."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine

from services.inbox_api import cursor
from services.inbox_api.store import counts, inbox
from services.inbox_api.store.notifications import Notification
from services.inbox_api.stream import store
from shared import db, errors
from shared.auth import store as auth

# As many as a page of the feed may have.
REPLAY_LIMIT = 100
# How many messages are read at a time, and how far back recalls are read.
NEWS_LIMIT = 100
RECALLED_WITHIN_S = 30.0

_BEFORE_ALL = cursor.Position(datetime(1970, 1, 1, tzinfo=UTC), uuid.UUID(int=0))


@dataclass(frozen=True)
class Opening:
    """What a stream begins with: everything up to `position` is either in `missed`, oldest first, or known to the client.

    Of what the client may know, `expired` has expired by the time `now`. `missed` is None when one of them is more than REPLAY_LIMIT.
    The user was active in `directory_version`.
    """

    position: cursor.Position
    now: datetime
    directory_version: int
    missed: tuple[Notification, ...] | None
    expired: tuple[uuid.UUID, ...]
    counts: counts.Counts


@dataclass(frozen=True)
class News:
    fresh: tuple[store.Fresh, ...]
    superseded: tuple[store.Gone, ...]
    recalled: tuple[store.Gone, ...]
    expired: tuple[store.Gone, ...]


def open_stream(engine: Engine, *, caller: auth.Caller, last_event_id: str | None) -> Opening:
    """One snapshot of the caller's inbox, from which their stream goes on. Raises bad-cursor, user-inactive."""
    known = _decode(last_event_id)
    who: dict[str, Any] = {"user_id": caller.user_id, "platform_id": caller.platform_id}
    snapshot = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with engine.connect().execution_options(**snapshot) as connection, connection.begin():
        # Again in this snapshot: the poller compares with its version, so a change after it cannot be missed.
        user = store.get_user(connection, user_id=caller.user_id)
        if user.status != auth.ACTIVE:
            raise errors.user_inactive(user.status)
        newest = store.find_newest(connection, platform_id=caller.platform_id)
        position = _BEFORE_ALL if newest is None else cursor.Position(*newest)
        missed: list[Notification] = []
        expired: list[uuid.UUID] = []
        if known is not None:
            expired = store.list_expired_of_user(connection, **who, sent_at=known.sent_at, limit=REPLAY_LIMIT + 1)
        if known is None or _order(known) >= _order(position):
            counted = counts.get(db.driver(connection), **who)
        else:
            page = inbox.list_page(db.driver(connection), **who, wanted=inbox.Wanted(inbox.ALL, REPLAY_LIMIT + 1))
            missed = [one for one in reversed(page.notifications) if (one.sent_at, one.id) > _order(known)]
            counted = page.counts
    is_too_much = max(len(missed), len(expired)) > REPLAY_LIMIT
    return Opening(
        position,
        user.now,
        user.directory_version,
        missed=None if is_too_much else tuple(missed),
        expired=() if is_too_much else tuple(expired),
        counts=counted,
    )


def read_news(engine: Engine, *, platform_id: int, after: datetime, expired_since: datetime) -> News:
    """The messages of a platform after a time, oldest first and at most NEWS_LIMIT, what they supersede, and what was recalled lately or
    has expired.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        fresh = store.list_fresh(connection, platform_id=platform_id, after=after, limit=NEWS_LIMIT)
        later = [one.message_id for one in fresh if one.notification.supersedes is not None]
        superseded = store.list_superseded(connection, ids=later) if later else []
        recalled = store.list_recalled(connection, platform_id=platform_id, seconds=RECALLED_WITHIN_S)
        expired = store.list_expired(connection, platform_id=platform_id, since=expired_since)
    return News(tuple(fresh), tuple(superseded), tuple(recalled), tuple(expired))


def list_changes(engine: Engine, *, known: Mapping[int, store.Known]) -> list[store.Change]:
    """The platforms where something changed after what is known."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        return store.list_changes(connection, known=known, seconds=RECALLED_WITHIN_S)


def list_inactive(engine: Engine, *, user_ids: Sequence[int]) -> list[int]:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        return store.list_inactive(connection, user_ids=user_ids)


def list_memberships(engine: Engine, *, user_ids: Sequence[int], version: int) -> list[store.Membership]:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        return store.list_memberships(connection, user_ids=user_ids, version=version)


def list_recipients(engine: Engine, *, message_id: uuid.UUID, user_ids: Sequence[int]) -> list[int]:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        return store.list_recipients(connection, message_id=message_id, user_ids=user_ids)


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
