"""Holds the product up at a chosen place, from outside: triggers that wait for a lock which the drill has, installed as the owner.

Whoever comes to the place waits until the block ends, or until their own time limits end it for them.
"""

import contextlib
import itertools
from collections.abc import Iterator

import sqlalchemy
from sqlalchemy import Connection, Engine

from drills.processes import wait_until
from shared import db

_numbers = itertools.count(1)
_WAITING = sqlalchemy.text("""
    SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
      AND ((classid::bigint << 32) | objid::bigint) = :key AND objsubid = 1
""")


class Hold:
    """A lock that the drill has; `wait_reached` tells when somebody waits for it."""

    def __init__(self, engine: Engine, key: int) -> None:
        self._engine = engine
        self._key = key

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
    with _trigger(engine, "AFTER INSERT ON inbox_entries FOR EACH STATEMENT") as hold:
        yield hold


@contextlib.contextmanager
def commits(engine: Engine, *, title: str) -> Iterator[Hold]:
    """Whoever commits the message with this title waits inside the COMMIT."""
    when = f"AFTER INSERT ON messages DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.title = '{title}')"
    with _trigger(engine, when, constraint=True) as hold:
        yield hold


@contextlib.contextmanager
def accepting(engine: Engine, *, platform_id: int) -> Iterator[Hold]:
    """Whoever is about to store a message of the platform waits for the platform's own lock."""
    with engine.connect() as connection, connection.begin():
        db.lock(connection, purpose="accept", key=platform_id)
        key = connection.execute(
            sqlalchemy.text("SELECT hashtextextended(:text, 0)"), {"text": f"accept:{platform_id}"}
        ).scalar_one()
        yield Hold(engine, key)


@contextlib.contextmanager
def _trigger(engine: Engine, when: str, *, constraint: bool = False) -> Iterator[Hold]:
    number = next(_numbers)
    name, key = f"drill_hold_{number}", 7_000_000 + number
    table = when.partition(" ON ")[2].partition(" ")[0]
    kind = "CONSTRAINT TRIGGER" if constraint else "TRIGGER"
    with engine.connect() as connection:
        with connection.begin():
            connection.execute(sqlalchemy.text("SELECT pg_advisory_lock(:key)"), {"key": key})
            _run(
                connection,
                f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
                f"$$ BEGIN PERFORM pg_advisory_xact_lock({key}); RETURN NULL; END $$",
                f"CREATE {kind} {name} {when} EXECUTE FUNCTION {name}()",
            )
        try:
            yield Hold(engine, key)
        finally:
            # First the lock: whoever waits has the table, which the trigger cannot be taken off before.
            with contextlib.suppress(sqlalchemy.exc.DBAPIError):
                connection.execute(sqlalchemy.text("SELECT pg_advisory_unlock(:key)"), {"key": key})
            connection.close()
            with engine.begin() as other:
                _run(other, f"DROP TRIGGER {name} ON {table}", f"DROP FUNCTION {name}")


def _run(connection: Connection, *statements: str) -> None:
    for statement in statements:
        connection.exec_driver_sql(statement)
