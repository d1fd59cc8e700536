"""Changes the states of a user's notifications.

Each action is one READ COMMITTED transaction whose last statement reads the answer. Two tabs that change the same inbox wait for each
other's row lock and never have to retry.
"""

import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection, Engine

from services.inbox_api.store import inbox, single
from services.inbox_api.store import states as store
from shared import db, errors, rate_limit
from shared.auth import store as auth


@dataclass(frozen=True)
class Changed:
    """A notification after a change, and the counts of the same moment."""

    notification: inbox.Notification
    unread_count: int
    unseen_count: int


class _WriteThrough(Protocol):
    def __call__(self, connection: Connection, /, *, key: store.Key, platform_id: int, at: datetime) -> int: ...


def mark_read(engine: Engine, *, caller: auth.Caller, message_id: uuid.UUID, rate: rate_limit.Verdict) -> Changed:
    """Raises not-found, recalled where the caller had the message before its recall, and rate-limited; so do the next three."""
    return _change(
        engine, caller, message_id, rate, lambda connection, key, now: store.mark_read(connection, key=key, at=now)
    )


def clear_read(engine: Engine, *, caller: auth.Caller, message_id: uuid.UUID, rate: rate_limit.Verdict) -> Changed:
    return _change(
        engine, caller, message_id, rate, lambda connection, key, _now: store.clear_read(connection, key=key)
    )


def mark_archived(engine: Engine, *, caller: auth.Caller, message_id: uuid.UUID, rate: rate_limit.Verdict) -> Changed:
    return _change(
        engine, caller, message_id, rate, lambda connection, key, now: store.mark_archived(connection, key=key, at=now)
    )


def clear_archived(engine: Engine, *, caller: auth.Caller, message_id: uuid.UUID, rate: rate_limit.Verdict) -> Changed:
    return _change(
        engine, caller, message_id, rate, lambda connection, key, _now: store.clear_archived(connection, key=key)
    )


def mark_seen_through(
    engine: Engine, *, caller: auth.Caller, through: uuid.UUID, rate: rate_limit.Verdict
) -> inbox.Counts:
    """Marks `through` and everything older. Raises not-found where it never was in the caller's inbox, and rate-limited."""
    return _change_through(engine, caller, through, rate, store.mark_seen_through)


def mark_read_through(
    engine: Engine, *, caller: auth.Caller, through: uuid.UUID, rate: rate_limit.Verdict
) -> inbox.Counts:
    """Marks `through` and everything older. Raises not-found where it never was in the caller's inbox, and rate-limited."""
    return _change_through(engine, caller, through, rate, store.mark_read_through)


def _change(
    engine: Engine,
    caller: auth.Caller,
    message_id: uuid.UUID,
    rate: rate_limit.Verdict,
    write: Callable[[Connection, store.Key, datetime], int],
) -> Changed:
    with engine.begin() as connection:
        position = _get_position(connection, caller, message_id)
        key = store.Key(caller.user_id, position.sent_at, message_id)
        if not position.is_recalled:
            rate.check()
            if write(connection, key, position.now):
                store.bump_revision(connection, user_id=caller.user_id)
        after, counts = single.get_with_counts(
            db.driver(connection), user_id=caller.user_id, platform_id=caller.platform_id, message_id=message_id
        )
        # Also where the recall was committed after the first statement: the state is then rolled back.
        if after is None:
            raise errors.HubError("recalled", "This message was recalled; it is no longer in your inbox.")
    return Changed(after, **asdict(counts))


def _change_through(
    engine: Engine, caller: auth.Caller, through: uuid.UUID, rate: rate_limit.Verdict, write: _WriteThrough
) -> inbox.Counts:
    with engine.begin() as connection:
        position = _get_position(connection, caller, through)
        rate.check()
        key = store.Key(caller.user_id, position.sent_at, through)
        if write(connection, key=key, platform_id=caller.platform_id, at=position.now):
            store.bump_revision(connection, user_id=caller.user_id)
        return inbox.get_counts(db.driver(connection), user_id=caller.user_id, platform_id=caller.platform_id)


def _get_position(connection: Connection, caller: auth.Caller, message_id: uuid.UUID) -> single.Position:
    position = single.find_position(
        db.driver(connection), user_id=caller.user_id, platform_id=caller.platform_id, message_id=message_id
    )
    if position is None:
        raise errors.not_found("notification in your inbox")
    return position
