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

from services.inbox_api.store import counts, readers, single
from services.inbox_api.store import states as store
from services.inbox_api.store.notifications import Notification
from shared import db, errors, rate_limit

Given = store.Given


@dataclass(frozen=True)
class Changed:
    """A notification after a change, and the counts of the same moment."""

    notification: Notification
    unread_count: int
    unseen_count: int
    to_acknowledge_count: int


@dataclass(frozen=True)
class Acknowledged(Changed):
    acknowledged_at: datetime


# Raises for what the message's state does not allow. Before the rate is checked.
_Check = Callable[[Connection, store.Key, single.Position], None]


class _WriteThrough(Protocol):
    def __call__(self, connection: Connection, /, *, key: store.Key, platform_id: int, at: datetime) -> int: ...


def mark_read(engine: Engine, *, caller: readers.Reader, message_id: uuid.UUID, rate: rate_limit.Verdict) -> Changed:
    """Raises not-found, recalled where the caller had the message before its recall, and rate-limited; so do the next four."""
    return _change(
        engine, caller, message_id, rate, lambda connection, key, now: store.mark_read(connection, key=key, at=now)
    )


def clear_read(engine: Engine, *, caller: readers.Reader, message_id: uuid.UUID, rate: rate_limit.Verdict) -> Changed:
    return _change(
        engine, caller, message_id, rate, lambda connection, key, _now: store.clear_read(connection, key=key)
    )


def mark_archived(
    engine: Engine, *, caller: readers.Reader, message_id: uuid.UUID, rate: rate_limit.Verdict
) -> Changed:
    """Raises acknowledgement-required too."""
    return _change(
        engine,
        caller,
        message_id,
        rate,
        lambda connection, key, now: store.mark_archived(connection, key=key, at=now),
        _check_done,
    )


def clear_archived(
    engine: Engine, *, caller: readers.Reader, message_id: uuid.UUID, rate: rate_limit.Verdict
) -> Changed:
    return _change(
        engine, caller, message_id, rate, lambda connection, key, _now: store.clear_archived(connection, key=key)
    )


def acknowledge(
    engine: Engine, *, caller: readers.Reader, message_id: uuid.UUID, given: store.Given, rate: rate_limit.Verdict
) -> Acknowledged:
    """Raises acknowledgement-not-requested, content-changed and message-expired too.

    Who has acknowledged may repeat it even when the message has expired or is superseded.
    """

    def check(connection: Connection, key: store.Key, position: single.Position) -> None:
        if position.content_hash is None:
            raise errors.acknowledgement_not_requested()
        if position.content_hash != given.content_hash:
            raise errors.HubError("content-changed", "The text that you were shown is not the text of this message.")
        if not position.is_asking and not store.is_acknowledged(connection, key=key):
            if position.is_superseded:
                raise errors.acknowledgement_not_requested()
            raise errors.HubError("message-expired", "This message has expired; it cannot be acknowledged any more.")

    changed = _change(
        engine,
        caller,
        message_id,
        rate,
        lambda connection, key, now: store.acknowledge(connection, key=key, given=given, at=now),
        check,
    )
    shown = changed.notification.acknowledgement
    at = shown.acknowledged_at if shown else None
    assert at is not None  # noqa: S101 (for the type checker)
    return Acknowledged(**vars(changed), acknowledged_at=at)


def mark_seen_through(
    engine: Engine, *, caller: readers.Reader, through: uuid.UUID, rate: rate_limit.Verdict
) -> counts.Counts:
    """Marks `through` and everything older. Raises not-found where it never was in the caller's inbox, and rate-limited."""
    return _change_through(engine, caller, through, rate, store.mark_seen_through)


def mark_read_through(
    engine: Engine, *, caller: readers.Reader, through: uuid.UUID, rate: rate_limit.Verdict
) -> counts.Counts:
    """Marks `through` and everything older. Raises not-found where it never was in the caller's inbox, and rate-limited."""
    return _change_through(engine, caller, through, rate, store.mark_read_through)


def _change(
    engine: Engine,
    caller: readers.Reader,
    message_id: uuid.UUID,
    rate: rate_limit.Verdict,
    write: Callable[[Connection, store.Key, datetime], int],
    check: _Check = lambda *_: None,
) -> Changed:
    with engine.begin() as connection:
        position = _get_position(connection, caller, message_id)
        key = store.Key(caller.user_id, position.sent_at, message_id)
        if not position.is_recalled:
            check(connection, key, position)
            rate.check()
            if write(connection, key, position.now):
                store.bump_revision(connection, user_id=caller.user_id)
        after, counted = single.get_with_counts(
            db.driver(connection),
            user_id=caller.user_id,
            platform_id=caller.platform_id,
            message_id=message_id,
            asks=caller.asks,
        )
        # Also where the recall was committed after the first statement: the state is then rolled back.
        if after is None:
            raise errors.HubError("recalled", "This message was recalled; it is no longer in your inbox.")
    return Changed(after, **asdict(counted))


def _check_done(connection: Connection, key: store.Key, position: single.Position) -> None:
    if position.is_asking and not store.is_acknowledged(connection, key=key):
        raise errors.HubError("acknowledgement-required", "Acknowledge this message before you archive it.")


def _change_through(
    engine: Engine, caller: readers.Reader, through: uuid.UUID, rate: rate_limit.Verdict, write: _WriteThrough
) -> counts.Counts:
    with engine.begin() as connection:
        position = _get_position(connection, caller, through)
        rate.check()
        key = store.Key(caller.user_id, position.sent_at, through)
        if write(connection, key=key, platform_id=caller.platform_id, at=position.now):
            store.bump_revision(connection, user_id=caller.user_id)
        return counts.get(
            db.driver(connection), user_id=caller.user_id, platform_id=caller.platform_id, asks=caller.asks
        )


def _get_position(connection: Connection, caller: readers.Reader, message_id: uuid.UUID) -> single.Position:
    position = single.find_position(
        db.driver(connection), user_id=caller.user_id, platform_id=caller.platform_id, message_id=message_id
    )
    if position is None:
        raise errors.not_found("notification in your inbox")
    return position
