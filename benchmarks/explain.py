"""Asks PostgreSQL what the inbox API asks it, without HTTP: to be timed, or to see the rows and buffers touched by EXPLAIN.

The functions of services.inbox_api.store.inbox are called, and what they ask is caught on its way: always the statements that are served.
"""

from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self

import psycopg

from benchmarks import hub as hubs
from services.inbox_api.store import inbox
from shared import db


@dataclass(frozen=True)
class Touched:
    """Rows that scans gave or filtered out, and 8 KiB buffers."""

    rows: int
    buffers: int


@dataclass(frozen=True)
class Reader:
    user_id: int
    platform_id: int


def connect(hub: hubs.Hub) -> psycopg.Connection[Any]:
    """A connection that may do what the inbox API may do, one statement at a time, and remembers what it was asked last."""
    session = {"role": db.INBOX_ROLE, "timezone": "UTC", **inbox.SESSION}
    options = " ".join(f"-c {name}={value}" for name, value in session.items())
    return psycopg.connect(hub.database_url, autocommit=True, options=options, cursor_factory=_Remembering)


def find_reader(connection: psycopg.Connection[Any], *, platform: str, user: str) -> Reader:
    statement = """
        SELECT u.id, p.id FROM users u JOIN platforms p ON p.id = u.platform_id WHERE p.key = %s AND u.external_id = %s
    """
    (row,) = connection.execute(statement, (platform, user))
    return Reader(*row)


def feed(connection: psycopg.Connection[Any], reader: Reader, *, limit: int) -> None:
    """Asks for a feed page as GET /v1/notifications does."""
    inbox.list_page(connection, status=inbox.ALL, before=None, limit=limit + 1, **asdict(reader))


def counts(connection: psycopg.Connection[Any], reader: Reader) -> None:
    """Asks for the counts as GET /v1/notifications/counts does."""
    inbox.get_counts(connection, **asdict(reader))


def touched_by_last(connection: psycopg.Connection[Any]) -> Touched:
    """What the statement that was asked last touches. PostgreSQL plans it anew for this."""
    statement, parameters = _Remembering.last
    explained = connection.execute(
        f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {statement}", parameters, prepare=False
    )
    (((document,),),) = explained.fetchall()
    plan = document["Plan"]
    return Touched(rows=round(_scanned(plan)), buffers=plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


class _Remembering(psycopg.Cursor[Any]):
    last: ClassVar[tuple[str, Any]]

    def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
        _Remembering.last = (query, params)
        return super().execute(query, params, **options)


def _scanned(plan: dict[str, Any]) -> float:
    """Rows that scans of tables and indexes gave or filtered out, over all loops."""
    own = 0.0
    if "Relation Name" in plan:
        own = (plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)) * plan["Actual Loops"]
    return own + sum(_scanned(child) for child in plan.get("Plans", ()))
