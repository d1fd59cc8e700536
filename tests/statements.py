"""Which statements are sent, through SQLAlchemy or past it. Used by the tests that hold their number."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from unittest import mock

from psycopg import rows

from shared import db


@contextmanager
def counted() -> Iterator[list[str]]:
    """The text of every statement that any connection of ours sends inside the block."""
    sent: list[str] = []
    execute = db.Cursor.execute

    def note(cursor: db.Cursor, query: Any, *arguments: Any, **options: Any) -> db.Cursor:
        sent.append(str(query))
        return execute(cursor, query, *arguments, **options)

    with mock.patch.object(db.Cursor, "execute", note):
        yield sent


def rows_read() -> AbstractContextManager[list[int]]:
    """For every SELECT inside the block: how many rows the nodes of its plan produced, rescans included. Each is run twice."""
    return _explained(_count_rows)


def scans() -> AbstractContextManager[list[int]]:
    """For every SELECT inside the block: how often the nodes of its plan were run, as for each of many rows. Each is run twice."""
    return _explained(_count_scans)


@contextmanager
def _explained(count: Callable[[dict[str, Any]], int]) -> Iterator[list[int]]:
    read: list[int] = []
    execute = db.Cursor.execute

    def explain(cursor: db.Cursor, query: Any, *arguments: Any, **options: Any) -> db.Cursor:
        text = query.decode() if isinstance(query, bytes) else str(query)
        if text.lstrip().upper().startswith(("SELECT", "WITH")):
            with cursor.connection.cursor(row_factory=rows.tuple_row) as other:
                execute(other, f"EXPLAIN (ANALYZE, FORMAT JSON) {text}", *arguments)
                read.append(count(other.fetchone()[0][0]["Plan"]))
        return execute(cursor, query, *arguments, **options)

    with mock.patch.object(db.Cursor, "execute", explain):
        yield read


def _count_rows(node: dict[str, Any]) -> int:
    discarded = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Join Filter", 0)
    own = (node["Actual Rows"] + discarded) * node["Actual Loops"]
    return int(own) + sum(map(_count_rows, node.get("Plans", ())))


def _count_scans(node: dict[str, Any]) -> int:
    return int(node["Actual Loops"]) + sum(map(_count_scans, node.get("Plans", ())))
