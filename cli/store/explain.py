"""SQL: everything that decides why one person has a message or has it not. Reads only."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy
from sqlalchemy import Connection


@dataclass(frozen=True)
class Message:
    id: uuid.UUID
    platform_id: int
    platform: str
    sender: str
    directory_version: int
    sent_at: datetime
    status: str
    recipient_count: int | None
    recalled_at: datetime | None
    recalled_by: str | None
    dropped_before: datetime | None
    is_expired: bool
    is_in_flight: bool


@dataclass(frozen=True)
class User:
    id: int
    external_id: str
    status: str


@dataclass(frozen=True)
class Membership:
    """Where a user belonged from a version up to, not including, another; `container` is the scope that contained it all that time."""

    level: str
    scope_id: int
    external_id: str
    container_id: int | None
    container: str | None
    role: str
    valid_from_version: int
    valid_to_version: int | None


@dataclass(frozen=True)
class Written:
    """The person's entry and states. `other_sent_at`: the time of a second entry, which should not exist."""

    has_entry: bool
    other_sent_at: datetime | None
    seen_at: datetime | None
    read_at: datetime | None
    archived_at: datetime | None


@dataclass(frozen=True)
class Batch:
    """The batch that the person is in."""

    seq: int
    is_delivered: bool
    attempts: int
    last_error: str | None


_FIND_MESSAGE = sqlalchemy.text("""
    SELECT m.id, m.platform_id, p.key AS platform, s.external_id AS sender, m.directory_version, m.sent_at, m.status,
           m.recipient_count, m.recalled_at, r.external_id AS recalled_by,
           CASE WHEN isfinite(d.dropped_before) THEN d.dropped_before END AS dropped_before,
           m.sent_at < d.dropped_before AS is_expired,
           EXISTS (SELECT FROM inflight_targets t WHERE t.message_id = m.id) AS is_in_flight
    FROM messages m
    JOIN platforms p ON p.id = m.platform_id
    JOIN users s ON s.id = m.sender_id
    LEFT JOIN users r ON r.id = m.recalled_by_id
    CROSS JOIN inbox_retention d
    WHERE m.id = :message_id
""")

_FIND_USER = sqlalchemy.text("""
    SELECT id, external_id, status FROM users WHERE platform_id = :platform_id AND external_id = :external_id
""")

_LIST_USERS_BY_EMAIL = sqlalchemy.text("""
    SELECT id, external_id, status FROM users
    WHERE platform_id = :platform_id AND email <> '' AND lower(email) = lower(:email)
    ORDER BY external_id LIMIT :limit
""")

# What an import changed has the version that it made; platforms that were changed otherwise have none of their own.
_GET_IMPORT_TIMES = sqlalchemy.text("""
    SELECT directory_version, max(happened_at) AS happened_at FROM audit_events
    WHERE platform_id = :platform_id AND action = 'import' AND outcome = 'changed' AND directory_version = ANY(:versions)
    GROUP BY directory_version
""")

_LIST_PLATFORMS_OF = sqlalchemy.text("""
    SELECT p.key FROM platforms p JOIN users u ON u.platform_id = p.id AND u.external_id = :external_id ORDER BY p.key LIMIT :limit
""")

_LIST_MEMBERSHIPS = sqlalchemy.text("""
    SELECT CAST(s.level AS text) AS level, m.scope_id, s.external_id, c.id AS container_id,
           c.level || ' ' || c.external_id AS container, CAST(m.role AS text) AS role,
           greatest(m.valid_from_version, a.valid_from_version) AS valid_from_version,
           least(m.valid_to_version, a.valid_to_version) AS valid_to_version
    FROM memberships m
    JOIN scopes s ON s.id = m.scope_id
    LEFT JOIN scope_ancestors a
        ON a.scope_id = m.scope_id AND a.ancestor_id NOT IN (m.scope_id, m.platform_id)
        AND a.valid_from_version < coalesce(m.valid_to_version, a.valid_from_version + 1)
        AND m.valid_from_version < coalesce(a.valid_to_version, m.valid_from_version + 1)
    LEFT JOIN scopes c ON c.id = a.ancestor_id
    WHERE m.user_id = :user_id AND (m.role <> 'implied' OR m.scope_id = m.platform_id)
    ORDER BY valid_from_version, s.level, m.scope_id
""")

_GET_WRITTEN = sqlalchemy.text("""
    SELECT EXISTS (SELECT FROM inbox_entries e
                   WHERE e.user_id = :user_id AND e.sent_at = :sent_at AND e.message_id = :message_id) AS has_entry,
           (SELECT min(e.sent_at) FROM inbox_entries e
            WHERE e.user_id = :user_id AND e.sent_at <> :sent_at AND e.message_id = :message_id) AS other_sent_at,
           s.seen_at, s.read_at, s.archived_at
    FROM (SELECT) AS one
    LEFT JOIN inbox_states s ON s.user_id = :user_id AND s.sent_at = :sent_at AND s.message_id = :message_id
""")

_FIND_BATCH = sqlalchemy.text("""
    SELECT seq, delivered_at IS NOT NULL AS is_delivered, attempts, last_error FROM fanout_batches
    WHERE message_id = :message_id AND after_user_id < :user_id AND :user_id <= up_to_user_id
    ORDER BY seq LIMIT 1
""")


def find_message(connection: Connection, *, message_id: uuid.UUID) -> Message | None:
    row = connection.execute(_FIND_MESSAGE, {"message_id": message_id}).mappings().one_or_none()
    return None if row is None else Message(**row)


def find_user(connection: Connection, *, platform_id: int, external_id: str) -> User | None:
    values = {"platform_id": platform_id, "external_id": external_id}
    row = connection.execute(_FIND_USER, values).mappings().one_or_none()
    return None if row is None else User(**row)


def list_users_by_email(connection: Connection, *, platform_id: int, email: str, limit: int) -> list[User]:
    """Users with this address, ignoring case. There is no index: 0.1 s for a million users."""
    values = {"platform_id": platform_id, "email": email, "limit": limit}
    return [User(**row) for row in connection.execute(_LIST_USERS_BY_EMAIL, values).mappings()]


def get_import_times(connection: Connection, *, platform_id: int, versions: Sequence[int]) -> dict[int, datetime]:
    """When these directory versions were imported, for those that the audit trail still has."""
    rows = connection.execute(_GET_IMPORT_TIMES, {"platform_id": platform_id, "versions": list(versions)})
    return {row.directory_version: row.happened_at for row in rows}


def list_platforms_of(connection: Connection, *, external_id: str, limit: int) -> list[str]:
    """The keys of platforms that have a user of that name."""
    return list(connection.execute(_LIST_PLATFORMS_OF, {"external_id": external_id, "limit": limit}).scalars())


def list_memberships(connection: Connection, *, user_id: int) -> list[Membership]:
    """Past and present ones in the order in which they began; of the implied ones only the platform's."""
    return [Membership(**row) for row in connection.execute(_LIST_MEMBERSHIPS, {"user_id": user_id}).mappings()]


def get_written(connection: Connection, *, user_id: int, message: Message) -> Written:
    values = {"user_id": user_id, "sent_at": message.sent_at, "message_id": message.id}
    return Written(**connection.execute(_GET_WRITTEN, values).mappings().one())


def find_batch(connection: Connection, *, user_id: int, message_id: uuid.UUID) -> Batch | None:
    row = connection.execute(_FIND_BATCH, {"user_id": user_id, "message_id": message_id}).mappings().one_or_none()
    return None if row is None else Batch(**row)
