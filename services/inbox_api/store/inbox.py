"""SQL: pages of a user's inbox (`relation`), its counts, and single notifications.

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
    sender: Sender
    sent_at: datetime
    seen_at: datetime | None
    read_at: datetime | None
    archived_at: datetime | None


@dataclass(frozen=True)
class Page:
    """Some notifications, newest first, and the counts of the whole inbox at the same moment."""

    notifications: tuple[Notification, ...]
    counts: Counts


@dataclass(frozen=True)
class Position:
    """The time of a notification that is in the user's inbox, or was until its recall.

    `now` is the time of the change that follows; until its transaction ends, no follow-up is accepted.
    """

    sent_at: datetime
    is_recalled: bool
    now: datetime


# LIMIT 1 keeps the planner from joining a user's whole history where a few rows are looked up by their full key.
_STATE = """
    LEFT JOIN LATERAL (
        SELECT s.seen_at, s.read_at, s.archived_at FROM inbox_states s
        WHERE s.user_id = :user_id AND s.sent_at = i.sent_at AND s.message_id = i.message_id LIMIT 1
    ) s ON true"""

# Unread: all rows less those read or archived, each counted by one index-only scan. Both leave recalled messages out: a state may
# belong to a message that was recalled, even before its entry was written.
_COUNTS = f"""
    {relation.RECALLED}, counts AS (
        SELECT entries.n + unwritten.n - done.not_unread AS unread_count,
               entries.n + unwritten.n - done.not_unseen AS unseen_count
        FROM (SELECT count(*) AS n FROM inbox_entries i WHERE i.user_id = :user_id AND {relation.NOT_RECALLED}) AS entries,
             (SELECT count(*) AS n FROM inflight f
              WHERE NOT EXISTS (SELECT FROM inbox_entries e
                                WHERE e.user_id = :user_id AND e.sent_at = f.sent_at AND e.message_id = f.message_id OFFSET 0)
             ) AS unwritten,
             (SELECT count(coalesce(i.read_at, i.archived_at)) AS not_unread,
                     count(coalesce(i.seen_at, i.archived_at)) AS not_unseen
              FROM inbox_states i WHERE i.user_id = :user_id AND {relation.NOT_RECALLED}) AS done
    )"""

# The first condition lets PostgreSQL leave out later partitions.
_BEFORE = """
    i.sent_at <= CAST(:before_sent_at AS timestamptz)
    AND (i.sent_at, i.message_id) < (CAST(:before_sent_at AS timestamptz), CAST(:before_id AS uuid))"""
_NEWEST_FIRST = "ORDER BY sent_at DESC, message_id DESC LIMIT"
_COLUMNS = "i.sent_at, i.message_id, s.seen_at, s.read_at, s.archived_at"


def _page_of_inbox(wanted: str, *, limit: str = ":limit") -> str:
    """Reads about as many rows as it returns, from the newest partitions. `wanted` is a condition on the state."""
    found = relation.select_rows(
        _COLUMNS,
        where=f"{_BEFORE} AND {wanted}",
        not_recalled=relation.NOT_RECALLED_BY_KEY,
        state=_STATE,
        page=f"{_NEWEST_FIRST} {limit}",
    )
    return f"page AS ({found} {_NEWEST_FIRST} :limit)"


def _page_of_states(wanted: str) -> str:
    """For read and archived notifications: each has a state, and each state that is not of a recalled message is in the inbox."""
    return f"""
    page AS (
        SELECT {_COLUMNS} FROM inbox_states i CROSS JOIN LATERAL (SELECT i.seen_at, i.read_at, i.archived_at) s
        WHERE i.user_id = :user_id AND {_BEFORE} AND {relation.NOT_RECALLED_BY_KEY} AND {wanted}
        {_NEWEST_FIRST} :limit
    )"""


_THIS_ONE = "m.id = :message_id AND m.platform_id = :platform_id"
_ONE = f"""
    page AS (
        SELECT {_COLUMNS}
        FROM (SELECT m.sent_at, m.id AS message_id FROM messages m
              WHERE {_THIS_ONE} AND NOT {lifecycle.IS_RECALLED} AND {relation.HAS}) i {_STATE}
    )"""

_NOTIFICATIONS = """
    page p JOIN messages m ON m.id = p.message_id AND m.platform_id = :platform_id JOIN users u ON u.id = m.sender_id"""
_NOTIFICATION = "m.id, m.title, m.body, u.name AS sender_name, m.sent_at, p.seen_at, p.read_at, p.archived_at"


def _with_counts(page: str) -> str:
    return db.driver_sql(f"""
    WITH {relation.INFLIGHT}, {_COUNTS}, {page}
    SELECT c.unread_count, c.unseen_count, {_NOTIFICATION}
    FROM counts c LEFT JOIN ({_NOTIFICATIONS}) ON true
    ORDER BY p.sent_at DESC, p.message_id DESC
    """)


_LIST_PAGE = {
    ALL: _with_counts(_page_of_inbox("s.archived_at IS NULL")),
    UNREAD: _with_counts(
        _page_of_inbox(
            "s.archived_at IS NULL AND s.read_at IS NULL",
            # Without this limit, a user who has read everything has all entries checked: 13 ms for 2,400.
            limit="least(:limit, greatest(0, (SELECT unread_count FROM counts)))",
        )
    ),
    READ: _with_counts(_page_of_states("i.archived_at IS NULL AND i.read_at IS NOT NULL")),
    ARCHIVED: _with_counts(_page_of_states("i.archived_at IS NOT NULL")),
}
_GET_COUNTS = db.driver_sql(f"WITH {relation.INFLIGHT}, {_COUNTS} SELECT unread_count, unseen_count FROM counts")
_GET_WITH_COUNTS = _with_counts(_ONE)
_FIND = db.driver_sql(f"WITH {_ONE} SELECT {_NOTIFICATION} FROM {_NOTIFICATIONS}")
# A message that was recalled before anything was written has its recipients in message_targets only.
_FIND_POSITION = db.driver_sql(f"""
    SELECT m.sent_at, {lifecycle.IS_RECALLED} AS is_recalled, next_state_at(m.platform_id) AS now
    FROM messages m
    WHERE {_THIS_ONE}
      AND ({relation.HAS} OR ({lifecycle.IS_RECALLED} AND NOT {lifecycle.ENTRIES_DROPPED} AND {relation.is_recipient("message_targets")}))
""")


def list_page(
    connection: Driver, *, user_id: int, platform_id: int, status: str, before: cursor.Position | None, limit: int
) -> Page:
    """At most `limit` notifications older than the position `before`, and the counts."""
    begin = before or cursor.NEWEST
    return _page(
        _ask(
            connection,
            _LIST_PAGE[status],
            user_id=user_id,
            platform_id=platform_id,
            before_sent_at=begin.sent_at,
            before_id=begin.message_id,
            limit=limit,
        )
    )


def get_counts(connection: Driver, *, user_id: int, platform_id: int) -> Counts:
    (row,) = _ask(connection, _GET_COUNTS, user_id=user_id, platform_id=platform_id)
    return Counts(row.unread_count, row.unseen_count)


def get_with_counts(connection: Driver, *, user_id: int, platform_id: int, message_id: uuid.UUID) -> Page:
    """The one notification, archived or not, and the counts; no notification where it is not in the user's inbox."""
    return _page(_ask(connection, _GET_WITH_COUNTS, user_id=user_id, platform_id=platform_id, message_id=message_id))


def find_notification(
    connection: Driver, *, user_id: int, platform_id: int, message_id: uuid.UUID
) -> Notification | None:
    found = _ask(connection, _FIND, user_id=user_id, platform_id=platform_id, message_id=message_id)
    return _notification(found[0]) if found else None


def find_position(connection: Driver, *, user_id: int, platform_id: int, message_id: uuid.UUID) -> Position | None:
    found = _ask(connection, _FIND_POSITION, user_id=user_id, platform_id=platform_id, message_id=message_id)
    return Position(found[0].sent_at, found[0].is_recalled, found[0].now) if found else None


def _ask(connection: Driver, statement: str, **values: object) -> Sequence[Any]:
    return connection.cursor(row_factory=rows.namedtuple_row).execute(statement, values).fetchall()


def _page(found: Sequence[Any]) -> Page:
    """Every row carries the counts; a row without an id says that the page is empty."""
    return Page(
        tuple(_notification(row) for row in found if row.id is not None),
        Counts(found[0].unread_count, found[0].unseen_count),
    )


def _notification(row: Any) -> Notification:
    return Notification(
        id=row.id,
        title=row.title,
        body=row.body,
        sender=Sender(row.sender_name),
        sent_at=row.sent_at,
        seen_at=row.seen_at,
        read_at=row.read_at,
        archived_at=row.archived_at,
    )
