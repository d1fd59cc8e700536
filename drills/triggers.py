"""Faults inside PostgreSQL: triggers that raise, or wait, just where a drill wants it. Made by the schema's owner, gone afterwards.

What a service sees is what it would see of the real thing: the SQLSTATE of a full disk raised by a trigger travels and is caught
like that of a full disk. A wait ends when the drill says, whatever lock timeout the service has.
"""

import contextlib
import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy
from sqlalchemy import Connection, Engine

from drills.processes import wait_until

DISK_FULL = "53100"
OUT_OF_MEMORY = "53200"
QUERY_CANCELED = "57014"
LOCK_NOT_AVAILABLE = "55P03"
SERIALIZATION_FAILURE = "40001"
DEADLOCK_DETECTED = "40P01"

_numbers = itertools.count(1)

_RAISE = """
    CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION USING ERRCODE = '{sqlstate}', MESSAGE = '{text}';
    END
    $$
"""
_WAIT = """
    CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SET lock_timeout = 0 AS $$
    BEGIN
        IF {only} THEN
            PERFORM pg_advisory_xact_lock_shared({key});
        END IF;
        RETURN NULL;
    END
    $$
"""
_TRIGGERS = {
    # Before the row that `when` describes (NEW) is inserted: what the statement has written before it is undone.
    "row": "CREATE TRIGGER {name} BEFORE INSERT ON inbox_entries FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION {name}()",
    # When a statement has written all its entries, of a batch or of a small message; nothing is committed.
    "written": "CREATE TRIGGER {name} AFTER INSERT ON inbox_entries FOR EACH STATEMENT EXECUTE FUNCTION {name}()",
    # At the commit of a batch that `when` describes (NEW, of fanout_batches): entries written, batch marked, nothing visible.
    "delivered": """
        CREATE CONSTRAINT TRIGGER {name} AFTER UPDATE OF delivered_at ON fanout_batches DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW WHEN (NEW.delivered_at IS NOT NULL AND ({when})) EXECUTE FUNCTION {name}()
    """,
    # At the commit of a step that cut an audience into batches; of each of them, so one wait may hold several.
    "cut": """
        CREATE CONSTRAINT TRIGGER {name} AFTER INSERT ON fanout_batches DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION {name}()
    """,
    # At the commit of what makes a message sent.
    "sent": """
        CREATE CONSTRAINT TRIGGER {name} AFTER UPDATE OF status ON messages DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW WHEN (NEW.status = 'sent' AND ({when})) EXECUTE FUNCTION {name}()
    """,
}
_TABLES = {"row": "inbox_entries", "written": "inbox_entries", "sent": "messages"}


@contextlib.contextmanager
def raising(
    engine: Engine, *, at: str, when: str = "true", sqlstate: str = DISK_FULL, text: str = "No space left on device"
) -> Iterator[None]:
    """Until the block ends, whoever comes there fails with that SQLSTATE and text, always."""
    name = f"drill_raise_{next(_numbers)}"
    with _trigger(engine, at, when, name, _RAISE.format(name=name, sqlstate=sqlstate, text=text)):
        yield


@dataclass
class Hold:
    """Whoever comes to a place of the code waits there."""

    engine: Engine
    key: int
    connection: Connection

    def count(self) -> int:
        """How many wait now."""
        statement = """
            SELECT count(*) FROM pg_locks
            WHERE locktype = 'advisory' AND NOT granted AND ((classid::bigint << 32) | objid::bigint) = :key
        """
        with self.engine.connect() as connection:
            return int(connection.execute(sqlalchemy.text(statement), {"key": self.key}).scalar_one())

    def wait(self, count: int = 1, *, seconds: float = 30.0) -> None:
        """Returns once so many wait."""
        wait_until(lambda: self.count() >= count, what=f"{count} wait in the drill's lock", seconds=seconds, every=0.02)

    def release(self) -> None:
        """Lets everybody go on, those who come later too."""
        self.connection.execute(sqlalchemy.text("SELECT pg_advisory_unlock_all()"))

    def hold(self) -> None:
        """Whoever comes from now on waits (again)."""
        self.connection.execute(sqlalchemy.text("SELECT pg_advisory_lock(:key)"), {"key": self.key})


@contextlib.contextmanager
def holding(engine: Engine, *, at: str, when: str = "true", title: str | None = None) -> Iterator[Hold]:
    """Until the block ends or `release`, whoever comes there waits, with all its locks.

    With a title only what concerns the message of that title, at the places "delivered" and "cut".
    """
    only = "true" if title is None else f"'{title}' = (SELECT m.title FROM messages m WHERE m.id = NEW.message_id)"
    name = f"drill_wait_{next(_numbers)}"
    key = random.getrandbits(62)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        hold = Hold(engine, key, connection)
        hold.hold()
        try:
            with _trigger(engine, at, when, name, _WAIT.format(name=name, key=key, only=only)):
                try:
                    yield hold
                finally:
                    hold.release()
        finally:
            hold.release()


@contextlib.contextmanager
def _trigger(engine: Engine, at: str, when: str, name: str, function: str) -> Iterator[None]:
    table = _TABLES.get(at, "fanout_batches")
    _execute(engine, function, _TRIGGERS[at].format(name=name, when=when))
    try:
        yield
    finally:
        _execute(engine, f"DROP TRIGGER {name} ON {table}", f"DROP FUNCTION {name}()")


def _execute(engine: Engine, *statements: str) -> None:
    """In one transaction that waits for whoever uses the table at this moment."""
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("SET LOCAL lock_timeout = '30s'"))
        for statement in statements:
            connection.exec_driver_sql(statement)
