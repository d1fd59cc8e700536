"""Which statements are sent, through SQLAlchemy or past it. Used by the tests that hold their number."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

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
