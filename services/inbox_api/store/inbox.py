"""SQL: pages of a user's inbox (`relation`) with its counts.

Each function is one statement, so page and counts come from one snapshot even on an
autocommit connection. Polls ask these all day, hence psycopg's connections and not SQLAlchemy's (see `shared.db.autocommit`).
Measured on 2 cores with 26 monthly partitions, 20,000 users, 200 recalled messages and 5,000 in flight; prepared statements:
a page with its counts 1.5 ms for 400 entries, 1.9 ms for 2,400; the counts alone 0.9 and 1.4 ms.
"""

# ruff: noqa: S608 (only constants are put into statements)

from dataclasses import dataclass

from services.inbox_api import cursor
from services.inbox_api.store import counts, notifications, relation
from services.inbox_api.store.counts import Counts
from services.inbox_api.store.notifications import Driver, Notification
from shared import db

ALL = "all"
UNREAD = "unread"
READ = "read"
ARCHIVED = "archived"
STATUSES = (ALL, UNREAD, READ, ARCHIVED)
MAX_PINNED = 3
MAX_TO_ACKNOWLEDGE = 20

# Settings of every connection that runs these statements. Without it PostgreSQL plans a feed again for each user, over all partitions:
# 3.5 ms for a statement of 0.9 ms, and the plan is the same.
SESSION = {"plan_cache_mode": "force_generic_plan"}


@dataclass(frozen=True)
class Wanted:
    """At most `limit` notifications with this status, of this category if one is named, older than `before`.

    `to_acknowledge`: only those that are still to be acknowledged, or only the others.
    """

    status: str
    limit: int
    category: str | None = None
    to_acknowledge: bool | None = None
    before: cursor.Position | None = None


@dataclass(frozen=True)
class Page:
    """Some notifications, newest first, and of the whole inbox at the same moment the pinned ones and the counts.

    `to_acknowledge`, of the first page only: those still to be acknowledged, the earliest due first.
    """

    notifications: tuple[Notification, ...]
    pinned: tuple[Notification, ...]
    to_acknowledge: tuple[Notification, ...]
    counts: Counts


_RECENT = "{0}.sent_at > now() - interval '31 days'"


def _state(also: str = "true") -> str:
    """LIMIT 1 keeps the planner from joining a user's whole history where a few rows are looked up by their full key."""
    return f"""
    LEFT JOIN LATERAL (
        SELECT s.seen_at, s.read_at, s.archived_at, s.acknowledged_at FROM inbox_states s
        WHERE s.user_id = :user_id AND s.sent_at = i.sent_at AND s.message_id = i.message_id AND {also} LIMIT 1
    ) s ON true"""


STATE = _state()
# The first condition lets PostgreSQL leave out later partitions.
_BEFORE = """
    i.sent_at <= CAST(:before_sent_at AS timestamptz)
    AND (i.sent_at, i.message_id) < (CAST(:before_sent_at AS timestamptz), CAST(:before_id AS uuid))"""
_IS_SHOWN = relation.is_shown("(CAST(:category AS text) IS NULL OR m.category = :category)")
_FITS = f"""
    (CAST(:to_acknowledge AS boolean) IS NULL
     OR CAST(:to_acknowledge AS boolean) = (s.acknowledged_at IS NULL AND {counts.IS_ASKED}))"""
_NEWEST_FIRST = "ORDER BY sent_at DESC, message_id DESC LIMIT"
COLUMNS = "i.sent_at, i.message_id, s.seen_at, s.read_at, s.archived_at, s.acknowledged_at"


def _page_of_inbox(wanted: str, *, limit: str = ":limit") -> str:
    """Reads about as many rows as it returns, from the newest partitions. `wanted` is a condition on the state."""
    found = relation.select_rows(
        COLUMNS,
        where=f"{_BEFORE} AND {wanted} AND {_FITS} AND {_IS_SHOWN}",
        state=STATE,
        page=f"{_NEWEST_FIRST} {limit}",
    )
    return f"page AS ({found} {_NEWEST_FIRST} :limit)"


def _page_of_states(wanted: str) -> str:
    """For read and archived notifications: each has a state, and each state that is not of a hidden message is in the inbox."""
    return f"""
    page AS (
        SELECT {COLUMNS}
        FROM inbox_states i CROSS JOIN LATERAL (SELECT i.seen_at, i.read_at, i.archived_at, i.acknowledged_at) s
        WHERE i.user_id = :user_id AND {_BEFORE} AND {_FITS} AND {_IS_SHOWN} AND {wanted}
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
# To look each state up among the partitions, or to read all of them once more, takes several times as long as to pass them on.
_TO_ACKNOWLEDGE = f"""
    to_acknowledge AS (
        SELECT i.sent_at, i.message_id, s.seen_at, s.read_at, s.archived_at, s.acknowledged_at, i.due_at
        FROM asking i JOIN counts c ON i.sent_at = ANY(c.asked)
        LEFT JOIN (SELECT c.states[n][1] AS sent_at, c.states[n][2] AS seen_at, c.states[n][3] AS read_at,
                          c.states[n][4] AS archived_at, c.states[n][5] AS acknowledged_at
                   FROM counts c, generate_subscripts(c.states, 1) AS n) s ON s.sent_at = i.sent_at
        WHERE s.acknowledged_at IS NULL ORDER BY i.due_at, i.sent_at DESC LIMIT {MAX_TO_ACKNOWLEDGE}
    )"""


def _list(page: str, *, asks: bool, is_first: bool) -> str:
    """With what is to be acknowledged where it is the first page."""
    ctes = [relation.INFLIGHT, counts.cte(asks=asks), page, _PINNED]
    found = [
        "SELECT 'page' AS part, *, CAST(NULL AS timestamptz) AS due_at FROM page",
        "SELECT 'pinned', *, NULL FROM pinned",
    ]
    if asks and is_first:
        ctes.append(_TO_ACKNOWLEDGE)
        found.append("SELECT 'to_acknowledge', * FROM to_acknowledge")
    return db.driver_sql(f"""
    WITH {", ".join(ctes)}, found AS ({" UNION ALL ".join(found)})
    SELECT {counts.COLUMNS}, p.part, {notifications.COLUMNS}
    FROM counts c LEFT JOIN (found p {notifications.JOINS}) ON true
    ORDER BY p.due_at, p.sent_at DESC, p.message_id DESC
    """)


_PAGES = {
    ALL: _page_of_inbox("s.archived_at IS NULL"),
    UNREAD: _page_of_inbox(
        "s.archived_at IS NULL AND s.read_at IS NULL",
        # Without this limit, a user who has read everything has all entries checked: 13 ms for 2,400.
        limit="least(:limit, greatest(0, (SELECT unread_count FROM counts)))",
    ),
    READ: _page_of_states("i.archived_at IS NULL AND i.read_at IS NOT NULL"),
    ARCHIVED: _page_of_states("i.archived_at IS NOT NULL"),
}
_LIST_PAGE = {
    (status, is_first): [_list(page, asks=asks, is_first=is_first) for asks in (False, True)]
    for status, page in _PAGES.items()
    for is_first in (False, True)
}


def list_page(connection: Driver, *, user_id: int, platform_id: int, wanted: Wanted, asks: bool = True) -> Page:
    """`asks`: see `counts.ask`."""
    begin = wanted.before or cursor.NEWEST
    found = counts.ask(
        connection,
        _LIST_PAGE[wanted.status, wanted.before is None],
        asks=asks,
        user_id=user_id,
        platform_id=platform_id,
        category=wanted.category,
        to_acknowledge=wanted.to_acknowledge,
        before_sent_at=begin.sent_at,
        before_id=begin.message_id,
        limit=wanted.limit,
    )

    def part(name: str) -> tuple[Notification, ...]:
        return tuple(notifications.read(row) for row in found if row.part == name)

    return Page(part("page"), part("pinned"), part("to_acknowledge"), counts.read(found))
