"""SQL: a user's inbox, which is their entries and what is still in flight to them, less what was recalled.

Each function is one statement, so that page and counts come from one snapshot even on an autocommit connection. They are what
polls ask all day long, hence psycopg's connections and not SQLAlchemy's (see `shared.db.reading`).
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

from shared import db, versions

Driver = psycopg.Connection[Any]

ALL = "all"
UNREAD = "unread"
READ = "read"
ARCHIVED = "archived"
STATUSES = (ALL, UNREAD, READ, ARCHIVED)


# For every connection that asks this. Left to itself PostgreSQL plans a feed anew for each user, over all partitions: 3.5 ms for
# a statement of 0.9 ms, and the plan is the same.
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
class Place:
    """Where a notification stands in a user's inbox, or stood before its message was recalled; `now` is the database's time."""

    sent_at: datetime
    is_recalled: bool
    now: datetime


# Membership decides which messages reach the user, as of each message's own directory version. A user has few scopes, and few messages
# are in flight to one of them: 0.1 ms with 5,000 in flight.
_REACHES = f"t.scope_id = b.scope_id AND b.user_id = :user_id AND {versions.valid_at('b', 'm.directory_version')}"

INFLIGHT = f"""
    inflight AS MATERIALIZED (
        SELECT DISTINCT m.sent_at, m.id AS message_id
        FROM memberships b JOIN inflight_targets t ON t.scope_id = b.scope_id JOIN messages m ON m.id = t.message_id
        WHERE {_REACHES} AND m.recalled_at IS NULL
    )"""

# LIMIT 1 keeps the planner from joining a user's whole history where a few rows are looked up by their full key.
_STATE = """
    LEFT JOIN LATERAL (
        SELECT s.seen_at, s.read_at, s.archived_at FROM inbox_states s
        WHERE s.user_id = :user_id AND s.sent_at = i.sent_at AND s.message_id = i.message_id LIMIT 1
    ) s ON true"""

_RECALLED = """
    EXISTS (SELECT FROM messages x WHERE x.platform_id = :platform_id AND x.sent_at = i.sent_at AND x.id = i.message_id
                                     AND x.recalled_at IS NOT NULL OFFSET 0)"""

# What is unread is what there is, less what is done; each by one index-only scan, and both without what was recalled: a state
# may stand for a message that was recalled, even in flight before it became an entry. Recalled messages are hashed once, for
# looking each of them up in 26 partitions took 0.5 ms more for 200 of them, and grows with the platform.
_COUNTS = """
    recalled AS MATERIALIZED (
        SELECT sent_at, id AS message_id FROM messages
        WHERE platform_id = :platform_id AND recalled_at IS NOT NULL
          AND sent_at >= (SELECT dropped_before FROM inbox_retention)
    ), counts AS (
        SELECT written.n + waiting.n - done.not_unread AS unread_count,
               written.n + waiting.n - done.not_unseen AS unseen_count
        FROM (SELECT count(*) FILTER (WHERE r.message_id IS NULL) AS n FROM inbox_entries e
              LEFT JOIN recalled r ON r.sent_at = e.sent_at AND r.message_id = e.message_id
              WHERE e.user_id = :user_id) AS written,
             (SELECT count(*) FILTER (WHERE e.is_written IS NULL) AS n FROM inflight f
              LEFT JOIN LATERAL (
                  SELECT true AS is_written FROM inbox_entries e
                  WHERE e.user_id = :user_id AND e.sent_at = f.sent_at AND e.message_id = f.message_id LIMIT 1
              ) e ON true) AS waiting,
             (SELECT count(*) FILTER (WHERE s.read_at IS NOT NULL OR s.archived_at IS NOT NULL) AS not_unread,
                     count(*) FILTER (WHERE s.seen_at IS NOT NULL OR s.archived_at IS NOT NULL) AS not_unseen
              FROM inbox_states s LEFT JOIN recalled r ON r.sent_at = s.sent_at AND r.message_id = s.message_id
              WHERE s.user_id = :user_id AND r.message_id IS NULL) AS done
    )"""

_BEFORE = "(i.sent_at, i.message_id) < (CAST(:before_sent_at AS timestamptz), CAST(:before_id AS uuid))"
_NEWEST_FIRST = "ORDER BY i.sent_at DESC, i.message_id DESC LIMIT"
_COLUMNS = "i.sent_at, i.message_id, s.seen_at, s.read_at, s.archived_at"

# Reads about as many rows as it gives back, from the newest partitions. `wanted` is the test of the state, `limit` how many.
_FROM_BOTH = """
    page AS (
        (SELECT {columns} FROM inbox_entries i {state}
         WHERE i.user_id = :user_id AND i.sent_at <= CAST(:before_sent_at AS timestamptz) AND {before}
           AND NOT {recalled} AND {wanted}
         {newest_first} {limit})
        UNION
        (SELECT {columns} FROM inflight i {state} WHERE {before} AND {wanted} {newest_first} {limit})
        ORDER BY sent_at DESC, message_id DESC LIMIT :limit
    )"""

# Whatever has a state is an entry, is in flight or was recalled: what was read or archived needs nothing but the states.
_FROM_STATES = """
    page AS (
        SELECT {columns} FROM inbox_states i CROSS JOIN LATERAL (SELECT i.seen_at, i.read_at, i.archived_at) s
        WHERE i.user_id = :user_id AND i.sent_at <= CAST(:before_sent_at AS timestamptz) AND {before}
          AND NOT {recalled} AND {wanted}
        {newest_first} :limit
    )"""

# No more than unread_count can be found: without this bound, who has read everything would have it all looked at (13 ms for
# 2,400 entries) to find nothing.
_UNREAD_LIMIT = "least(:limit, greatest(0, (SELECT unread_count FROM counts)))"

_REACHED_THROUGH = f"""
    EXISTS (SELECT FROM memberships b JOIN {{targets}} t ON t.scope_id = b.scope_id WHERE t.message_id = m.id AND {_REACHES})"""

_HAS = (
    """(EXISTS (SELECT FROM inbox_entries e
                WHERE e.user_id = :user_id AND e.sent_at = m.sent_at AND e.message_id = m.id)
        OR """
    + _REACHED_THROUGH.format(targets="inflight_targets")
    + ")"
)

_ONE = f"""
    page AS (
        SELECT {_COLUMNS}
        FROM (SELECT m.sent_at, m.id AS message_id FROM messages m
              WHERE m.id = :message_id AND m.platform_id = :platform_id AND m.recalled_at IS NULL AND {_HAS}) i {_STATE}
    )"""

_NOTIFICATIONS = "page p JOIN messages m ON m.id = p.message_id JOIN users u ON u.id = m.sender_id"
# In the order of Notification's fields.
_NOTIFICATION = "p.message_id, m.title, m.body, u.name, p.sent_at, p.seen_at, p.read_at, p.archived_at"


def _with_counts(page: str) -> str:
    return db.driver_sql(f"""
    WITH {INFLIGHT}, {_COUNTS}, {page}
    SELECT c.unread_count, c.unseen_count, {_NOTIFICATION}
    FROM counts c LEFT JOIN ({_NOTIFICATIONS}) ON true
    ORDER BY p.sent_at DESC, p.message_id DESC
    """)


def _feed(template: str, *, wanted: str, limit: str = ":limit") -> str:
    return _with_counts(
        template.format(
            columns=_COLUMNS,
            state=_STATE,
            before=_BEFORE,
            recalled=_RECALLED,
            newest_first=_NEWEST_FIRST,
            wanted=wanted,
            limit=limit,
        )
    )


_LIST_PAGE = {
    ALL: _feed(_FROM_BOTH, wanted="s.archived_at IS NULL"),
    UNREAD: _feed(_FROM_BOTH, wanted="s.archived_at IS NULL AND s.read_at IS NULL", limit=_UNREAD_LIMIT),
    READ: _feed(_FROM_STATES, wanted="i.archived_at IS NULL AND i.read_at IS NOT NULL"),
    ARCHIVED: _feed(_FROM_STATES, wanted="i.archived_at IS NOT NULL"),
}
_GET_COUNTS = db.driver_sql(f"WITH {INFLIGHT}, {_COUNTS} SELECT unread_count, unseen_count FROM counts")
_GET_WITH_COUNTS = _with_counts(_ONE)
_FIND = db.driver_sql(f"WITH {_ONE} SELECT {_NOTIFICATION} FROM {_NOTIFICATIONS}")
# Whom a message reached can always be told, even when it was recalled before anything was written.
_FIND_PLACE = db.driver_sql(f"""
    SELECT m.sent_at, m.recalled_at IS NOT NULL AS is_recalled, clock_timestamp() AS now
    FROM messages m
    WHERE m.id = :message_id AND m.platform_id = :platform_id
      AND ({_HAS} OR (m.recalled_at IS NOT NULL AND m.sent_at >= (SELECT dropped_before FROM inbox_retention)
                      AND {_REACHED_THROUGH.format(targets="message_targets")}))
""")


def list_page(
    connection: Driver,
    *,
    user_id: int,
    platform_id: int,
    status: str,
    before: tuple[datetime, uuid.UUID] | None,
    limit: int,
) -> Page:
    """At most `limit` notifications older than the position `before`, and the counts."""
    before_sent_at, before_id = before or ("infinity", uuid.UUID(int=0))
    rows = connection.execute(
        _LIST_PAGE[status],
        {
            "user_id": user_id,
            "platform_id": platform_id,
            "before_sent_at": before_sent_at,
            "before_id": before_id,
            "limit": limit,
        },
    ).fetchall()
    return _page(rows)


def get_counts(connection: Driver, *, user_id: int, platform_id: int) -> Counts:
    (row,) = connection.execute(_GET_COUNTS, {"user_id": user_id, "platform_id": platform_id})
    return Counts(*row)


def get_with_counts(connection: Driver, *, user_id: int, platform_id: int, message_id: uuid.UUID) -> Page:
    """The one notification, archived or not, and the counts; no notification where it is not in the user's inbox."""
    parameters = {"user_id": user_id, "platform_id": platform_id, "message_id": message_id}
    return _page(connection.execute(_GET_WITH_COUNTS, parameters).fetchall())


def find_notification(
    connection: Driver, *, user_id: int, platform_id: int, message_id: uuid.UUID
) -> Notification | None:
    parameters = {"user_id": user_id, "platform_id": platform_id, "message_id": message_id}
    row = connection.execute(_FIND, parameters).fetchone()
    return None if row is None else _notification(*row)


def find_place(connection: Driver, *, user_id: int, platform_id: int, message_id: uuid.UUID) -> Place | None:
    parameters = {"user_id": user_id, "platform_id": platform_id, "message_id": message_id}
    row = connection.execute(_FIND_PLACE, parameters).fetchone()
    return None if row is None else Place(*row)


def _page(rows: Sequence[tuple[Any, ...]]) -> Page:
    """Every row carries the counts; a row without an id says that the page is empty."""
    return Page(tuple(_notification(*row[2:]) for row in rows if row[2] is not None), Counts(*rows[0][:2]))


def _notification(message_id: uuid.UUID, title: str, body: str, sender: str, *times: Any) -> Notification:
    return Notification(message_id, title, body, Sender(sender), *times)
