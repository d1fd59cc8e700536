"""SQL: everything that decides why one person has a message or does not have it. Reads only."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy
from sqlalchemy import Connection

from shared import versions


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

    def __str__(self) -> str:
        return f"{self.level} {self.external_id}" + (f" of {self.container}" if self.container else "")


@dataclass(frozen=True)
class Delivery:
    """A person's entry, states and batch. `other_sent_at`: the time of a second entry, which should not exist.

    `batch` is the number of the batch that contains them. `is_pending`: a worker will still write it.
    """

    has_entry: bool
    other_sent_at: datetime | None
    seen_at: datetime | None
    read_at: datetime | None
    archived_at: datetime | None
    batch: int | None
    batch_is_delivered: bool | None
    batch_attempts: int
    batch_error: str | None
    is_pending: bool


@dataclass(frozen=True)
class Followed:
    """An earlier message that a follow-up depends on, and what one person had done with it until the later one was accepted.

    `done_at`: when they had read or acknowledged it, whichever keeps them out. `is_forgotten`: what people had done with it is dropped.
    """

    earlier_id: uuid.UUID
    only: str
    accepted_at: datetime
    active_version: int
    is_forgotten: bool
    done_at: datetime | None
    was_active: bool


_FIND_USER = sqlalchemy.text("""
    SELECT id, external_id, status FROM users WHERE platform_id = :platform_id AND external_id = :name
""")

_LIST_USERS_BY_EMAIL = sqlalchemy.text("""
    SELECT id, external_id, status FROM users
    WHERE platform_id = :platform_id AND email <> '' AND lower(email) = lower(:name)
    ORDER BY external_id LIMIT :limit
""")

# What an import changed has the version that it made; platforms that were changed otherwise have none of their own.
_GET_IMPORT_TIMES = sqlalchemy.text("""
    SELECT directory_version, max(happened_at) AS happened_at FROM audit_events
    WHERE platform_id = :platform_id AND action = 'import' AND outcome = 'changed' AND directory_version = ANY(:versions)
    GROUP BY directory_version
""")

_LIST_PLATFORMS_OF = sqlalchemy.text("""
    SELECT p.key FROM platforms p JOIN users u ON u.platform_id = p.id AND u.external_id = :name ORDER BY p.key LIMIT :limit
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

_GET_DELIVERY = sqlalchemy.text("""
    SELECT EXISTS (SELECT FROM inbox_entries e
                   WHERE e.user_id = :user_id AND e.sent_at = m.sent_at AND e.message_id = m.id) AS has_entry,
           (SELECT min(e.sent_at) FROM inbox_entries e
            WHERE e.user_id = :user_id AND e.sent_at <> m.sent_at AND e.message_id = m.id) AS other_sent_at,
           s.seen_at, s.read_at, s.archived_at,
           b.seq AS batch, b.is_delivered AS batch_is_delivered, coalesce(b.attempts, 0) AS batch_attempts,
           b.last_error AS batch_error,
           coalesce(NOT b.is_delivered, m.completed_at IS NULL AND m.recipient_count IS NULL AND :user_id >
               (SELECT coalesce(max(up_to_user_id), 0) FROM fanout_batches WHERE message_id = m.id)) AS is_pending
    FROM messages m
    LEFT JOIN inbox_states s ON s.user_id = :user_id AND s.sent_at = m.sent_at AND s.message_id = m.id
    LEFT JOIN LATERAL (
        SELECT seq, delivered_at IS NOT NULL AS is_delivered, attempts, last_error FROM fanout_batches
        WHERE message_id = m.id AND after_user_id < :user_id AND :user_id <= up_to_user_id
        ORDER BY seq LIMIT 1
    ) b ON true
    WHERE m.id = :message_id
""")

_LIST_FOLLOWED = sqlalchemy.text(f"""
    SELECT f.earlier_id, f.follows_only AS only, f.accepted_at, f.active_version,
           f.earlier_sent_at < (SELECT dropped_before FROM inbox_retention) AS is_forgotten,
           CASE f.follows_only WHEN 'unread' THEN (
               SELECT s.first_read_at FROM inbox_states s
               WHERE s.user_id = :user_id AND s.sent_at = f.earlier_sent_at AND s.message_id = f.earlier_id
                 AND s.first_read_at < f.accepted_at)
           ELSE (
               SELECT k.acknowledged_at FROM acknowledgements k
               WHERE k.user_id = :user_id AND k.sent_at = f.earlier_sent_at AND k.message_id = f.earlier_id
                 AND k.acknowledged_at < f.accepted_at) END AS done_at,
           EXISTS (SELECT FROM memberships a
                   WHERE a.user_id = :user_id AND a.scope_id = f.platform_id AND {versions.valid_at("a", "f.active_version")}) AS was_active
    FROM followed_messages f WHERE f.message_id = :message_id
    ORDER BY f.accepted_at
""")  # noqa: S608 (a constant)


def list_users(connection: Connection, *, platform_id: int, name: str, limit: int) -> list[User]:
    """The user with this id, else those with this address, ignoring case. Addresses have no index: 0.1 s for a million users."""
    values = {"platform_id": platform_id, "name": name, "limit": limit}
    for statement in (_FIND_USER, _LIST_USERS_BY_EMAIL):
        if found := [User(**row) for row in connection.execute(statement, values).mappings()]:
            return found
    return []


def get_import_times(connection: Connection, *, platform_id: int, versions: Collection[int]) -> dict[int, datetime]:
    """When these directory versions were imported, for those that the audit trail still has."""
    rows = connection.execute(_GET_IMPORT_TIMES, {"platform_id": platform_id, "versions": list(versions)})
    return {row.directory_version: row.happened_at for row in rows}


def list_platforms_of(connection: Connection, *, name: str, limit: int) -> list[str]:
    """The keys of platforms that have a user with this id."""
    return list(connection.execute(_LIST_PLATFORMS_OF, {"name": name, "limit": limit}).scalars())


def list_memberships(connection: Connection, *, user_id: int) -> list[Membership]:
    """Past and present ones in the order in which they began; of the implied ones only the platform's."""
    return [Membership(**row) for row in connection.execute(_LIST_MEMBERSHIPS, {"user_id": user_id}).mappings()]


def get_delivery(connection: Connection, *, user_id: int, message_id: uuid.UUID) -> Delivery:
    values = {"user_id": user_id, "message_id": message_id}
    return Delivery(**connection.execute(_GET_DELIVERY, values).mappings().one())


def list_followed(connection: Connection, *, user_id: int, message_id: uuid.UUID) -> list[Followed]:
    """The messages that a follow-up depends on, in the order of what followed them; none where it is no follow-up."""
    values = {"user_id": user_id, "message_id": message_id}
    return [Followed(**row) for row in connection.execute(_LIST_FOLLOWED, values).mappings()]
