"""SQL: what users did with their notifications. The only writer of inbox_states and inbox_revisions.

A state comes into being with the first thing done, whether the entry is written already or still in flight. Every time of a
state is given by the caller, who has it from the database; a time that stands is never replaced by a later one. A statement
that finds nothing to change rewrites no row. Each returns how many states it changed; where that is not 0, the caller raises the
user's revision in the same transaction, or polls would go on being told that nothing changed.
"""

import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import sqlalchemy
from sqlalchemy import Connection

from services.inbox_api.store import inbox


@dataclass(frozen=True)
class Key:
    """Whose state of which message; the primary key."""

    user_id: int
    sent_at: datetime
    message_id: uuid.UUID


_MARK_READ = sqlalchemy.text("""
    INSERT INTO inbox_states AS s (user_id, sent_at, message_id, seen_at, read_at)
    VALUES (:user_id, :sent_at, :message_id, :at, :at)
    ON CONFLICT (user_id, sent_at, message_id) DO UPDATE
    SET seen_at = coalesce(s.seen_at, excluded.seen_at), read_at = excluded.read_at
    WHERE s.read_at IS NULL
""")

_MARK_ARCHIVED = sqlalchemy.text("""
    INSERT INTO inbox_states AS s (user_id, sent_at, message_id, archived_at)
    VALUES (:user_id, :sent_at, :message_id, :at)
    ON CONFLICT (user_id, sent_at, message_id) DO UPDATE SET archived_at = excluded.archived_at
    WHERE s.archived_at IS NULL
""")

_CLEAR_READ = sqlalchemy.text("""
    UPDATE inbox_states SET read_at = NULL
    WHERE user_id = :user_id AND sent_at = :sent_at AND message_id = :message_id AND read_at IS NOT NULL
""")

_CLEAR_ARCHIVED = sqlalchemy.text("""
    UPDATE inbox_states SET archived_at = NULL
    WHERE user_id = :user_id AND sent_at = :sent_at AND message_id = :message_id AND archived_at IS NOT NULL
""")

# Everything up to a position, archived or not, in the order of the key, so that two of these at once never wait for each
# other in a circle. What is done already is left out before the insert: it would be locked, and that is a write.
_THROUGH = """
    WITH {inflight}
    INSERT INTO inbox_states AS s (user_id, sent_at, message_id, {columns})
    SELECT :user_id, i.sent_at, i.message_id, {times}
    FROM (
        SELECT e.sent_at, e.message_id FROM inbox_entries e
        WHERE e.user_id = :user_id AND e.sent_at <= :sent_at AND (e.sent_at, e.message_id) <= (:sent_at, :message_id)
        UNION
        SELECT f.sent_at, f.message_id FROM inflight f WHERE (f.sent_at, f.message_id) <= (:sent_at, :message_id)
    ) i
    WHERE NOT EXISTS (SELECT FROM inbox_states d
                      WHERE d.user_id = :user_id AND d.sent_at = i.sent_at AND d.message_id = i.message_id AND d.{done} IS NOT NULL)
      AND NOT EXISTS (SELECT FROM messages x
                      WHERE x.platform_id = :platform_id AND x.sent_at = i.sent_at AND x.id = i.message_id
                        AND x.recalled_at IS NOT NULL)
    ORDER BY i.sent_at, i.message_id
    ON CONFLICT (user_id, sent_at, message_id) DO UPDATE
    SET {change}
    WHERE s.{done} IS NULL
"""

_MARK_SEEN_THROUGH = sqlalchemy.text(
    _THROUGH.format(
        inflight=inbox.INFLIGHT,
        columns="seen_at",
        times="CAST(:at AS timestamptz)",
        done="seen_at",
        change="seen_at = excluded.seen_at",
    )
)
_MARK_READ_THROUGH = sqlalchemy.text(
    _THROUGH.format(
        inflight=inbox.INFLIGHT,
        columns="seen_at, read_at",
        times="CAST(:at AS timestamptz), CAST(:at AS timestamptz)",
        done="read_at",
        change="seen_at = coalesce(s.seen_at, excluded.seen_at), read_at = excluded.read_at",
    )
)


_RAISE_REVISION = sqlalchemy.text("""
    INSERT INTO inbox_revisions AS r (user_id, revision) VALUES (:user_id, 1)
    ON CONFLICT (user_id) DO UPDATE SET revision = r.revision + 1
""")

# In the order of ids, so that two of these at once never wait for each other in a circle.
_RAISE_REVISIONS = sqlalchemy.text("""
    INSERT INTO inbox_revisions AS r (user_id, revision)
    SELECT user_id, 1 FROM unnest(CAST(:user_ids AS bigint[])) AS late (user_id) ORDER BY user_id
    ON CONFLICT (user_id) DO UPDATE SET revision = r.revision + 1
""")


def mark_read(connection: Connection, *, key: Key, at: datetime) -> int:
    """Reading implies having seen."""
    return connection.execute(_MARK_READ, {**asdict(key), "at": at}).rowcount


def clear_read(connection: Connection, *, key: Key) -> int:
    """Unread again, though still seen."""
    return connection.execute(_CLEAR_READ, asdict(key)).rowcount


def mark_archived(connection: Connection, *, key: Key, at: datetime) -> int:
    return connection.execute(_MARK_ARCHIVED, {**asdict(key), "at": at}).rowcount


def clear_archived(connection: Connection, *, key: Key) -> int:
    return connection.execute(_CLEAR_ARCHIVED, asdict(key)).rowcount


def mark_seen_through(connection: Connection, *, key: Key, platform_id: int, at: datetime) -> int:
    """Everything in the inbox up to the key's position; returns how many were not seen before."""
    return connection.execute(_MARK_SEEN_THROUGH, {**asdict(key), "platform_id": platform_id, "at": at}).rowcount


def mark_read_through(connection: Connection, *, key: Key, platform_id: int, at: datetime) -> int:
    """Everything in the inbox up to the key's position; returns how many were not read before."""
    return connection.execute(_MARK_READ_THROUGH, {**asdict(key), "platform_id": platform_id, "at": at}).rowcount


def raise_revision(connection: Connection, *, user_id: int) -> None:
    """Last in its transaction: two changes of one inbox wait for each other here."""
    connection.execute(_RAISE_REVISION, {"user_id": user_id})


def raise_revisions(connection: Connection, *, user_ids: Sequence[int]) -> None:
    """Of users whose inboxes somebody else changed in this transaction: entries that a repair wrote late. Last in it, too."""
    connection.execute(_RAISE_REVISIONS, {"user_ids": list(user_ids)})
