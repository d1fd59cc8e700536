"""Faults inside PostgreSQL: triggers that raise or wait at a chosen point, created by the schema's owner and dropped afterwards.

A service sees what it would see of the real fault: the SQLSTATE of a full disk raised by a trigger is caught like that of a full
disk, and a transaction that waits keeps its locks.
"""

import contextlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy
from sqlalchemy import Connection, Engine

from drills import database
from drills.processes import has_come, wait_until

DISK_FULL = "53100"
OUT_OF_MEMORY = "53200"
QUERY_CANCELED = "57014"
LOCK_NOT_AVAILABLE = "55P03"
SERIALIZATION_FAILURE = "40001"
DEADLOCK_DETECTED = "40P01"

_numbers = itertools.count(1)


@dataclass(frozen=True)
class _Point:
    """The event on a table that fires the trigger: per row or statement, at the commit or at once, for rows (NEW) that are so."""

    table: str
    event: str
    each: str = "ROW"
    is_at_commit: bool = False
    only: str = "true"


_POINTS = {
    # The row of a message is written, and nothing after it.
    "accepting": _Point("messages", "AFTER INSERT"),
    # At the commit that accepts a message.
    "accepted": _Point("messages", "AFTER INSERT", is_at_commit=True),
    # At the commit of a step that cut an audience into batches; of each of them, so one wait may hold several.
    "cut": _Point("fanout_batches", "AFTER INSERT", is_at_commit=True),
    # Before an entry is inserted: what the statement has written before it is undone when this fails.
    "row": _Point("inbox_entries", "BEFORE INSERT"),
    # A statement has written all its entries, of a batch or of a small message; nothing is committed.
    "written": _Point("inbox_entries", "AFTER INSERT", each="STATEMENT"),
    # At the commit of a batch: entries written, batch marked, nothing visible.
    "delivered": _Point(
        "fanout_batches", "AFTER UPDATE OF delivered_at", is_at_commit=True, only="NEW.delivered_at IS NOT NULL"
    ),
    # At the commit of what makes a message sent.
    "sent": _Point("messages", "AFTER UPDATE OF status", is_at_commit=True, only="NEW.status = 'sent'"),
}
# The title of the message that a row belongs to.
_TITLES = {
    "messages": "NEW.title",
    "fanout_batches": "(SELECT m.title FROM messages m WHERE m.id = NEW.message_id)",
}

_WAITING = sqlalchemy.text("""
    SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
    WHERE l.locktype = 'advisory' AND NOT l.granted AND d.datname = current_database()
      AND ((l.classid::bigint << 32) | l.objid::bigint) = :key AND l.objsubid = 1
""")


class Hold:
    """A point at which transactions wait."""

    def __init__(self, engine: Engine, key: int, connection: Connection) -> None:
        self._engine = engine
        self._key = key
        self._connection = connection

    def count(self) -> int:
        """How many transactions wait now."""
        with self._engine.connect() as connection:
            return int(connection.execute(_WAITING, {"key": self._key}).scalar_one())

    def wait(self, count: int = 1, *, seconds: float = 30.0) -> None:
        """Returns once so many transactions wait. Raises `TimeoutError`."""
        wait_until(lambda: self.count() >= count, what=f"{count} wait for the drill", seconds=seconds, every=0.01)

    def wait_reached(self, *, seconds: float = 20.0) -> bool:
        """Whether a transaction waits within so many seconds."""
        return has_come(lambda: self.count() > 0, seconds=seconds, every=0.01)

    def release(self) -> None:
        """Lets all transactions go on, later ones too."""
        self._connection.execute(sqlalchemy.text("SELECT pg_advisory_unlock(:key)"), {"key": self._key})


@contextlib.contextmanager
def holding(
    engine: Engine, *, at: str, when: str = "true", title: str | None = None, patient: bool = True
) -> Iterator[Hold]:
    """Until the block ends or `release`, transactions that come to this point wait.

    Only for rows that `when` describes (NEW), and of the message with that title where given, at a point where a row has one message.
    A wait that is not `patient` ends with the session's own `lock_timeout`.
    """
    number = next(_numbers)
    key = 7_000_000 + number
    only = "true" if title is None else f"'{title}' = {_TITLES[_POINTS[at].table]}"
    timeout = "SET lock_timeout = 0" if patient else ""
    body = f"IF {only} THEN PERFORM pg_advisory_xact_lock_shared({key}); END IF; RETURN NEW;"
    connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    with (
        _trigger(engine, at, when, f"drill_wait_{number}", f"{timeout} AS $$ BEGIN {body} END $$"),
        contextlib.closing(connection),
    ):
        try:
            connection.execute(sqlalchemy.text("SELECT pg_advisory_lock(:key)"), {"key": key})
            yield Hold(engine, key, connection)
        finally:
            # Frees the lock, also where the server was killed meanwhile; before the trigger is dropped, since waiting
            # transactions have locked its table.
            connection.invalidate()


@contextlib.contextmanager
def raising(
    engine: Engine, *, at: str, when: str = "true", sqlstate: str = DISK_FULL, text: str = "No space left on device"
) -> Iterator[None]:
    """Until the block ends, a row that `when` describes (NEW) fails at this point with that SQLSTATE and text."""
    body = f"RAISE EXCEPTION USING ERRCODE = '{sqlstate}', MESSAGE = '{text}';"
    with _trigger(engine, at, when, f"drill_raise_{next(_numbers)}", f"AS $$ BEGIN {body} END $$"):
        yield


@contextlib.contextmanager
def _trigger(engine: Engine, at: str, when: str, name: str, function: str) -> Iterator[None]:
    point = _POINTS[at]
    kind, deferred = ("CONSTRAINT TRIGGER", "DEFERRABLE INITIALLY DEFERRED") if point.is_at_commit else ("TRIGGER", "")
    database.change(
        engine,
        # As its owner: a service's role may not read the title.
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER {function}",
        f"CREATE {kind} {name} {point.event} ON {point.table} {deferred} FOR EACH {point.each} "
        f"WHEN ({point.only} AND ({when})) EXECUTE FUNCTION {name}()",
    )
    try:
        yield
    finally:
        database.change(engine, f"DROP TRIGGER {name} ON {point.table}", f"DROP FUNCTION {name}()")
