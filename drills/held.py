"""Holds the product up at a chosen place, from outside: triggers that wait for a lock which the drill has, installed as the owner.

Whoever comes to the place waits until the block ends, or until their own time limits end it for them.
"""

import contextlib
import itertools
from collections.abc import Iterator

import sqlalchemy
from sqlalchemy import Connection, Engine

from drills.processes import wait_until

_numbers = itertools.count(1)
_WAITING = sqlalchemy.text("""
    SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
      AND ((classid::bigint << 32) | objid::bigint) = :key AND objsubid = 1
""")


class Hold:
    """A lock that the drill has; `wait_reached` tells when somebody waits for it."""

    def __init__(self, engine: Engine, key: int, connection: Connection) -> None:
        self._engine = engine
        self._key = key
        self._connection = connection

    def release(self) -> None:
        """Lets those who wait go on now; whoever comes later is not held up either."""
        with self._connection.begin():
            self._connection.execute(sqlalchemy.text("SELECT pg_advisory_unlock(:key)"), {"key": self._key})

    def waiting(self) -> int:
        """How many wait here now."""
        with self._engine.connect() as connection:
            return int(connection.execute(_WAITING, {"key": self._key}).scalar_one())

    def wait_reached(self, *, seconds: float) -> bool:
        """Whether somebody came within so many seconds."""
        try:
            wait_until(lambda: self.waiting() > 0, what="somebody waits", seconds=seconds, every=0.01)
        except TimeoutError:
            return False
        return True


@contextlib.contextmanager
def entries(engine: Engine) -> Iterator[Hold]:
    """Whoever has written entries waits behind it, inside the transaction."""
    with _trigger(engine, "inbox_entries", "AFTER INSERT ON inbox_entries FOR EACH STATEMENT") as hold:
        yield hold


@contextlib.contextmanager
def deliveries(engine: Engine) -> Iterator[Hold]:
    """Whoever commits a batch as delivered waits inside the COMMIT."""
    when = (
        "AFTER UPDATE ON fanout_batches DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.delivered_at IS NOT NULL)"
    )
    with _trigger(engine, "fanout_batches", when, kind="CONSTRAINT TRIGGER") as hold:
        yield hold


@contextlib.contextmanager
def insert(engine: Engine, *, title: str) -> Iterator[Hold]:
    """Whoever stores the message with this title waits behind its row, before anything that follows it."""
    when = f"AFTER INSERT ON messages FOR EACH ROW WHEN (NEW.title = '{title}')"
    with _trigger(engine, "messages", when) as hold:
        yield hold


@contextlib.contextmanager
def commit(engine: Engine, *, title: str) -> Iterator[Hold]:
    """Whoever commits the message with this title waits inside the COMMIT."""
    when = f"AFTER INSERT ON messages DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.title = '{title}')"
    with _trigger(engine, "messages", when, kind="CONSTRAINT TRIGGER") as hold:
        yield hold


@contextlib.contextmanager
def _trigger(engine: Engine, table: str, when: str, *, kind: str = "TRIGGER") -> Iterator[Hold]:
    number = next(_numbers)
    name, key = f"drill_hold_{number}", 7_000_000 + number
    connection = engine.connect()
    try:
        with connection.begin():
            connection.execute(sqlalchemy.text("SELECT pg_advisory_lock(:key)"), {"key": key})
            connection.exec_driver_sql(
                f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
                f"$$ BEGIN PERFORM pg_advisory_xact_lock({key}); RETURN NULL; END $$"
            )
            connection.exec_driver_sql(f"CREATE {kind} {name} {when} EXECUTE FUNCTION {name}()")
        yield Hold(engine, key, connection)
    finally:
        # First the lock: whoever waits has the table, which the trigger cannot be taken off before.
        connection.invalidate()
        connection.close()
        with engine.begin() as other:
            other.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name} ON {table}")
            other.exec_driver_sql(f"DROP FUNCTION IF EXISTS {name}")
