"""SQL: pages of a user's inbox (`relation`) and its counts.

Each function is one statement, so page and counts come from one snapshot even on an
autocommit connection. Polls ask these all day, hence psycopg's connections and not SQLAlchemy's (see `shared.db.autocommit`).
Measured on 2 cores with 26 monthly partitions, 20,000 users, 200 recalled messages and 5,000 in flight; prepared statements:
a page with its counts 1.5 ms for 400 entries, 1.9 ms for 2,400; the counts alone 0.9 and 1.4 ms.
"""

# ruff: noqa: S608 (only constants are put into statements)

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg import rows

from services.inbox_api import cursor
from services.inbox_api.store import relation
from shared import db, lifecycle

Driver = psycopg.Connection[Any]

ALL = "all"
UNREAD = "unread"
READ = "read"
ARCHIVED = "archived"
STATUSES = (ALL, UNREAD, READ, ARCHIVED)
MAX_PINNED = 3

# Settings of every connection that runs these statements. Without it PostgreSQL plans a feed again for each user, over all partitions:
# 3.5 ms for a statement of 0.9 ms, and the plan is the same.
SESSION = {"plan_cache_mode": "force_generic_plan"}


@dataclass(frozen=True)
class Counts:
    unread_count: int
    unseen_count: int


@dataclass(frozen=True)
class Sender:
    name: str


@dataclass(frozen=True)
class Notification:
    id: uuid.UUID
    title: str
    body: str
    category: str | None
    priority: str
    pinned_until: datetime | None
    expires_at: datetime | None
    expired: bool
    sender: Sender
    sent_at: datetime
    seen_at: datetime | None
    read_at: datetime | None
    archived_at: datetime | None


@dataclass(frozen=True)
class Wanted:
    """At most `limit` notifications with this status, of this category if one is named, older than `before`."""

    status: str
    limit: int
    category: str | None = None
    before: cursor.Position | None = None


@dataclass(frozen=True)
class Page:
    """Some notifications, newest first, and the pinned ones and the counts of the whole inbox at the same moment."""

    notifications: tuple[Notification, ...]
    pinned: tuple[Notification, ...]
    counts: Counts


_RECENT = "{0}.sent_at > now() - interval '31 days'"


def _state(also: str = "true") -> str:
    """LIMIT 1 keeps the planner from joining a user's whole history where a few rows are looked up by their full key."""
    return f"""
    LEFT JOIN LATERAL (
        SELECT s.seen_at, s.read_at, s.archived_at FROM inbox_states s
        WHERE s.user_id = :user_id AND s.sent_at = i.sent_at AND s.message_id = i.message_id AND {also} LIMIT 1
    ) s ON true"""


STATE = _state()

# Unread: all rows less those read or archived, each counted by one index-only scan. Both leave hidden messages out: a state may
# belong to a message that was recalled, even before its entry was written.
COUNTS = f"""
    {relation.HIDDEN}, counts AS (
        SELECT entries.n + unwritten.n - done.not_unread AS unread_count,
               entries.n + unwritten.n - done.not_unseen AS unseen_count
        FROM (SELECT count(*) AS n FROM inbox_entries i WHERE i.user_id = :user_id AND {relation.NOT_HIDDEN}) AS entries,
             (SELECT count(*) AS n FROM inflight f
              WHERE NOT EXISTS (SELECT FROM inbox_entries e
                                WHERE e.user_id = :user_id AND e.sent_at = f.sent_at AND e.message_id = f.message_id OFFSET 0)
             ) AS unwritten,
             (SELECT count(coalesce(i.read_at, i.archived_at)) AS not_unread,
                     count(coalesce(i.seen_at, i.archived_at)) AS not_unseen
              FROM inbox_states i WHERE i.user_id = :user_id AND {relation.NOT_HIDDEN}) AS done
    )"""

# The first condition lets PostgreSQL leave out later partitions.
_BEFORE = """
    i.sent_at <= CAST(:before_sent_at AS timestamptz)
    AND (i.sent_at, i.message_id) < (CAST(:before_sent_at AS timestamptz), CAST(:before_id AS uuid))"""
_IS_SHOWN = relation.is_shown("(CAST(:category AS text) IS NULL OR m.category = :category)")
_NEWEST_FIRST = "ORDER BY sent_at DESC, message_id DESC LIMIT"
COLUMNS = "i.sent_at, i.message_id, s.seen_at, s.read_at, s.archived_at"


def _page_of_inbox(wanted: str, *, limit: str = ":limit") -> str:
    """Reads about as many rows as it returns, from the newest partitions. `wanted` is a condition on the state."""
    found = relation.select_rows(
        COLUMNS,
        where=f"{_BEFORE} AND {wanted} AND {_IS_SHOWN}",
        state=STATE,
        page=f"{_NEWEST_FIRST} {limit}",
    )
    return f"page AS ({found} {_NEWEST_FIRST} :limit)"


def _page_of_states(wanted: str) -> str:
    """For read and archived notifications: each has a state, and each state that is not of a hidden message is in the inbox."""
    return f"""
    page AS (
        SELECT {COLUMNS} FROM inbox_states i CROSS JOIN LATERAL (SELECT i.seen_at, i.read_at, i.archived_at) s
        WHERE i.user_id = :user_id AND {_BEFORE} AND {_IS_SHOWN} AND {wanted}
        {_NEWEST_FIRST} :limit
    )"""


# A pin ends within 30 days, so later partitions are enough. Where the platform has no pin, no entry is looked at.
_IS_PINNED = f"""
    EXISTS (SELECT FROM messages m WHERE m.platform_id = :platform_id AND m.pinned_until > now())
    AND {_RECENT.format("i")} AND {relation.is_shown("m.pinned_until > now()")}"""
_PINNED = f"""
    pinned AS (
        SELECT {COLUMNS} FROM ({relation.select_rows("i.sent_at, i.message_id", where=_IS_PINNED)}) i {_state(_RECENT.format("s"))}
        WHERE s.archived_at IS NULL {_NEWEST_FIRST} {MAX_PINNED}
    )"""

NOTIFICATIONS = (
    "JOIN messages m ON m.id = p.message_id AND m.platform_id = :platform_id JOIN users u ON u.id = m.sender_id"
)
NOTIFICATION = f"""
    m.id, m.title, m.body, m.category, m.priority, m.pinned_until, m.expires_at, {lifecycle.IS_EXPIRED} AS expired,
    u.name AS sender_name, m.sent_at, p.seen_at, p.read_at, p.archived_at"""


def _list(page: str) -> str:
    return db.driver_sql(f"""
    WITH {relation.INFLIGHT}, {COUNTS}, {page}, {_PINNED},
         found AS (SELECT *, false AS is_pinned FROM page UNION ALL SELECT *, true FROM pinned)
    SELECT c.unread_count, c.unseen_count, p.is_pinned, {NOTIFICATION}
    FROM counts c LEFT JOIN (found p {NOTIFICATIONS}) ON true
    ORDER BY p.sent_at DESC, p.message_id DESC
    """)


_LIST_PAGE = {
    ALL: _list(_page_of_inbox("s.archived_at IS NULL")),
    UNREAD: _list(
        _page_of_inbox(
            "s.archived_at IS NULL AND s.read_at IS NULL",
            # Without this limit, a user who has read everything has all entries checked: 13 ms for 2,400.
            limit="least(:limit, greatest(0, (SELECT unread_count FROM counts)))",
        )
    ),
    READ: _list(_page_of_states("i.archived_at IS NULL AND i.read_at IS NOT NULL")),
    ARCHIVED: _list(_page_of_states("i.archived_at IS NOT NULL")),
}
_GET_COUNTS = db.driver_sql(f"WITH {relation.INFLIGHT}, {COUNTS} SELECT unread_count, unseen_count FROM counts")


def list_page(connection: Driver, *, user_id: int, platform_id: int, wanted: Wanted) -> Page:
    begin = wanted.before or cursor.NEWEST
    found = ask(
        connection,
        _LIST_PAGE[wanted.status],
        user_id=user_id,
        platform_id=platform_id,
        category=wanted.category,
        before_sent_at=begin.sent_at,
        before_id=begin.message_id,
        limit=wanted.limit,
    )
    return Page(
        tuple(read_notification(row) for row in found if row.is_pinned is False),
        tuple(read_notification(row) for row in found if row.is_pinned),
        read_counts(found),
    )


def get_counts(connection: Driver, *, user_id: int, platform_id: int) -> Counts:
    (row,) = ask(connection, _GET_COUNTS, user_id=user_id, platform_id=platform_id)
    return Counts(row.unread_count, row.unseen_count)


def ask(connection: Driver, statement: str, **values: object) -> Sequence[Any]:
    return connection.cursor(row_factory=rows.namedtuple_row).execute(statement, values).fetchall()


def read_counts(found: Sequence[Any]) -> Counts:
    """Every row carries them; where nothing was found, one row that carries nothing else."""
    return Counts(found[0].unread_count, found[0].unseen_count)


def read_notification(row: Any) -> Notification:
    return Notification(
        id=row.id,
        title=row.title,
        body=row.body,
        category=row.category,
        priority=row.priority,
        pinned_until=row.pinned_until,
        expires_at=row.expires_at,
        expired=row.expired,
        sender=Sender(row.sender_name),
        sent_at=row.sent_at,
        seen_at=row.seen_at,
        read_at=row.read_at,
        archived_at=row.archived_at,
    )
