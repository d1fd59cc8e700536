"""SQL: the states of users' notifications. The only writer of inbox_states, inbox_revisions and acknowledgements.

The first change of a notification inserts its state, whether the entry is written or the message still in flight. The caller passes
PostgreSQL's time; a time that is set is never replaced by a later one. A statement that changes nothing rewrites no row. Each function
returns how many states it changed. Where that is not 0, the caller bumps the user's revision in the same transaction: polls would
otherwise be answered 304.
"""

import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import sqlalchemy
from sqlalchemy import Connection

from services.inbox_api.store import relation


@dataclass(frozen=True)
class Key:
    """The primary key of a state."""

    user_id: int
    sent_at: datetime
    message_id: uuid.UUID


@dataclass(frozen=True)
class Given:
    """What a user acknowledges, how they had authenticated, and in which request they did it."""

    content_hash: bytes
    authentication: str
    request_id: str


_MARK_READ = sqlalchemy.text("""
    INSERT INTO inbox_states AS s (user_id, sent_at, message_id, seen_at, read_at, first_read_at)
    VALUES (:user_id, :sent_at, :message_id, :at, :at, :at)
    ON CONFLICT (user_id, sent_at, message_id) DO UPDATE
    SET seen_at = coalesce(s.seen_at, excluded.seen_at), read_at = excluded.read_at,
        first_read_at = coalesce(s.first_read_at, excluded.first_read_at)
    WHERE s.read_at IS NULL
""")

_MARK_ARCHIVED = sqlalchemy.text("""
    INSERT INTO inbox_states AS s (user_id, sent_at, message_id, archived_at)
    VALUES (:user_id, :sent_at, :message_id, :at)
    ON CONFLICT (user_id, sent_at, message_id) DO UPDATE SET archived_at = excluded.archived_at
    WHERE s.archived_at IS NULL
""")

# Of two at once the second waits for the first and inserts nothing.
_ACKNOWLEDGE = sqlalchemy.text("""
    INSERT INTO acknowledgements (message_id, user_id, sent_at, acknowledged_at, content_hash, authentication, request_id)
    VALUES (:message_id, :user_id, :sent_at, :at, :content_hash, :authentication, :request_id) ON CONFLICT DO NOTHING
""")
_MARK_ACKNOWLEDGED = sqlalchemy.text("""
    INSERT INTO inbox_states AS s (user_id, sent_at, message_id, seen_at, read_at, first_read_at, acknowledged_at)
    VALUES (:user_id, :sent_at, :message_id, :at, :at, :at, :at)
    ON CONFLICT (user_id, sent_at, message_id) DO UPDATE
    SET seen_at = coalesce(s.seen_at, excluded.seen_at), read_at = coalesce(s.read_at, excluded.read_at),
        first_read_at = coalesce(s.first_read_at, excluded.first_read_at), acknowledged_at = excluded.acknowledged_at
""")
_IS_ACKNOWLEDGED = sqlalchemy.text("""
    SELECT EXISTS (SELECT FROM inbox_states WHERE user_id = :user_id AND sent_at = :sent_at AND message_id = :message_id
                                              AND acknowledged_at IS NOT NULL)
""")

_CLEAR_READ = sqlalchemy.text("""
    UPDATE inbox_states SET read_at = NULL
    WHERE user_id = :user_id AND sent_at = :sent_at AND message_id = :message_id AND read_at IS NOT NULL
""")

_CLEAR_ARCHIVED = sqlalchemy.text("""
    UPDATE inbox_states SET archived_at = NULL
    WHERE user_id = :user_id AND sent_at = :sent_at AND message_id = :message_id AND archived_at IS NOT NULL
""")

# Everything up to a position, archived or not, in the order of the key, so that two of these at once do not deadlock. Rows that are
# done are left out before the insert, which would lock them, and a lock is a write.
_THROUGH = """
    WITH {inflight}, {hidden}
    INSERT INTO inbox_states AS s (user_id, sent_at, message_id, {columns})
    SELECT :user_id, found.sent_at, found.message_id, {times}
    FROM ({found}) AS found
    WHERE NOT EXISTS (SELECT FROM inbox_states d WHERE d.user_id = :user_id AND d.sent_at = found.sent_at
                                                   AND d.message_id = found.message_id AND d.{done} IS NOT NULL)
    ORDER BY found.sent_at, found.message_id
    ON CONFLICT (user_id, sent_at, message_id) DO UPDATE
    SET {change}
    WHERE s.{done} IS NULL
"""


def _through(*, columns: str, times: str, done: str, change: str) -> sqlalchemy.TextClause:
    found = relation.select_rows(
        "i.sent_at, i.message_id",
        where=f"i.sent_at <= :sent_at AND (i.sent_at, i.message_id) <= (:sent_at, :message_id) AND {relation.NOT_HIDDEN}",
    )
    return sqlalchemy.text(
        _THROUGH.format(
            inflight=relation.INFLIGHT,
            hidden=relation.HIDDEN,
            found=found,
            columns=columns,
            times=times,
            done=done,
            change=change,
        )
    )


_MARK_SEEN_THROUGH = _through(
    columns="seen_at", times="CAST(:at AS timestamptz)", done="seen_at", change="seen_at = excluded.seen_at"
)
_MARK_READ_THROUGH = _through(
    columns="seen_at, read_at, first_read_at",
    times="CAST(:at AS timestamptz), CAST(:at AS timestamptz), CAST(:at AS timestamptz)",
    done="read_at",
    change="""seen_at = coalesce(s.seen_at, excluded.seen_at), read_at = excluded.read_at,
        first_read_at = coalesce(s.first_read_at, excluded.first_read_at)""",
)

_BUMP_REVISION = sqlalchemy.text("""
    INSERT INTO inbox_revisions AS r (user_id, revision) VALUES (:user_id, 1)
    ON CONFLICT (user_id) DO UPDATE SET revision = r.revision + 1
""")

# In the order of ids, so that two of these at once do not deadlock.
_BUMP_REVISIONS = sqlalchemy.text("""
    INSERT INTO inbox_revisions AS r (user_id, revision)
    SELECT user_id, 1 FROM unnest(CAST(:user_ids AS bigint[])) AS late (user_id) ORDER BY user_id
    ON CONFLICT (user_id) DO UPDATE SET revision = r.revision + 1
""")


def mark_read(connection: Connection, *, key: Key, at: datetime) -> int:
    """Marks as read, which implies seen."""
    return connection.execute(_MARK_READ, {**asdict(key), "at": at}).rowcount


def clear_read(connection: Connection, *, key: Key) -> int:
    """Marks as unread; it stays seen, and the time of the first reading is kept."""
    return connection.execute(_CLEAR_READ, asdict(key)).rowcount


def mark_archived(connection: Connection, *, key: Key, at: datetime) -> int:
    return connection.execute(_MARK_ARCHIVED, {**asdict(key), "at": at}).rowcount


def acknowledge(connection: Connection, *, key: Key, given: Given, at: datetime) -> int:
    """Acknowledges for ever, which implies read; 0 where the user has done so before."""
    count = connection.execute(_ACKNOWLEDGE, {**asdict(key), **asdict(given), "at": at}).rowcount
    if count:
        connection.execute(_MARK_ACKNOWLEDGED, {**asdict(key), "at": at})
    return count


def is_acknowledged(connection: Connection, *, key: Key) -> bool:
    return bool(connection.execute(_IS_ACKNOWLEDGED, asdict(key)).scalar_one())


def clear_archived(connection: Connection, *, key: Key) -> int:
    return connection.execute(_CLEAR_ARCHIVED, asdict(key)).rowcount


def mark_seen_through(connection: Connection, *, key: Key, platform_id: int, at: datetime) -> int:
    """Marks everything in the inbox up to the key's position as seen."""
    return connection.execute(_MARK_SEEN_THROUGH, {**asdict(key), "platform_id": platform_id, "at": at}).rowcount


def mark_read_through(connection: Connection, *, key: Key, platform_id: int, at: datetime) -> int:
    """Marks everything in the inbox up to the key's position as read, which implies seen."""
    return connection.execute(_MARK_READ_THROUGH, {**asdict(key), "platform_id": platform_id, "at": at}).rowcount


def bump_revision(connection: Connection, *, user_id: int) -> None:
    """Last in its transaction: two changes of one inbox wait for each other here."""
    connection.execute(_BUMP_REVISION, {"user_id": user_id})


def bump_revisions(connection: Connection, *, user_ids: Sequence[int]) -> None:
    """For a repair that writes entries late: these users' inboxes change too. Last in its transaction."""
    connection.execute(_BUMP_REVISIONS, {"user_ids": list(user_ids)})
