"""Database factory: one engine per process, bound to the PostgreSQL role of its service.

Called by the entry files only. Every connection carries its limits with it, so no call to PostgreSQL waits
without end, and the locks of a client whose host has failed are released within a minute.
"""

import contextlib
import select
import time
from collections.abc import Iterator, Mapping
from typing import Any, Self, cast

import psycopg
import sqlalchemy
import sqlalchemy.event
from psycopg import pq
from sqlalchemy import Connection, Engine
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from shared import logging, settings

# A dead peer is noticed by the server after 10 + 3 × 5 seconds of silence; what it had claimed is free again then.
_SERVER_KEEPALIVES = {"tcp_keepalives_idle": 10, "tcp_keepalives_interval": 5, "tcp_keepalives_count": 3}
_CLIENT_KEEPALIVES = {"keepalives": 1, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
# The same where something is under way, for which no keepalive is sent: else it is sent again for a quarter of an hour.
_UNACKNOWLEDGED_MS = {"tcp_user_timeout": 25_000}

# How values and statements are read. Settings of the server, the database or the role do not change it.
_FORMATS = {
    "timezone": "UTC",
    "datestyle": "ISO",
    "intervalstyle": "postgres",
    "bytea_output": "hex",
    "extra_float_digits": "1",
    "client_encoding": "UTF8",
    "standard_conforming_strings": "on",
    "transform_null_equals": "off",
    "array_nulls": "on",
    "search_path": "public",
    "default_transaction_isolation": r"read\ committed",
}

# One role per service: the migrations grant each just what its service writes.
COMPOSE_ROLE = "message_hub_compose"
WORKER_ROLE = "message_hub_worker"
INBOX_ROLE = "message_hub_inbox"
DIRECTORY_ROLE = "message_hub_directory"

_logger = logging.get_logger(__name__)


def make_engine(
    database: settings.Database,
    *,
    role: str | None,
    name: str,
    session: Mapping[str, str] | None = None,
    needs_writes: bool = True,
) -> Engine:
    """An engine whose connections act as `role` and show up as `name` in pg_stat_activity.

    The user in the URL must be that role or a member of it. `role=None` keeps the user itself (migrations). `session` holds
    further settings of PostgreSQL's for each connection. With `needs_writes` the pool holds connections to a server that takes writes
    only: of several hosts in the URL it chooses that one, and a connection whose server has turned read-only is replaced.
    The pool holds its connections in autocommit, so that `autocommit` takes one as it is; a transaction of the engine sets its
    own isolation level, and the connection goes back as it came.
    """
    settings_of_all = {
        "statement_timeout": database.statement_timeout_ms,
        "lock_timeout": database.lock_timeout_ms,
        "idle_in_transaction_session_timeout": database.idle_in_transaction_timeout_ms,
        **_FORMATS,
        **_SERVER_KEEPALIVES,
        **_UNACKNOWLEDGED_MS,
        **(session or {}),
    }
    if role is not None:
        settings_of_all["role"] = role
    engine = sqlalchemy.create_engine(
        sqlalchemy.make_url(database.url).set(drivername="postgresql+psycopg"),
        pool_size=database.pool_size,
        max_overflow=0,
        pool_timeout=database.pool_timeout_ms / 1000,
        isolation_level="AUTOCOMMIT",
        pool_reset_on_return=None,
        hide_parameters=True,
        connect_args={
            "cursor_factory": _cursor_class(database.slow_statement_ms),
            "application_name": name,
            "connect_timeout": database.connect_timeout_s,
            "target_session_attrs": "read-write" if needs_writes else "any",
            "options": " ".join(f"-c {key}={value}" for key, value in settings_of_all.items()),
            **_CLIENT_KEEPALIVES,
            **_UNACKNOWLEDGED_MS,
        },
    )
    sqlalchemy.event.listen(engine, "checkout", _check_open)
    if needs_writes:
        sqlalchemy.event.listen(engine, "checkout", _check_writable)
    sqlalchemy.event.listen(engine, "reset", _reset)
    return engine.execution_options(isolation_level="READ COMMITTED")


@contextlib.contextmanager
def autocommit(engine: Engine) -> Iterator[psycopg.Connection[Any]]:
    """A pooled connection in autocommit, past SQLAlchemy: each statement has its own snapshot and commits by itself.

    For hot statements: SQLAlchemy's work around one costs more than all the rest of it (235 µs of processor time against 75 µs).
    Errors are psycopg's own.
    """
    pooled = engine.raw_connection()
    try:
        yield cast("psycopg.Connection[Any]", pooled.driver_connection)
    finally:
        pooled.close()


def driver(connection: Connection) -> psycopg.Connection[Any]:
    """psycopg's connection inside a transaction of SQLAlchemy's."""
    return cast("psycopg.Connection[Any]", connection.connection.driver_connection)


def driver_sql(statement: str) -> str:
    """`statement` with its `:name` parameters as psycopg writes them, for `autocommit`; no literal in it may hold two blanks in a row.

    Line breaks and indentation are removed: psycopg parses a statement of more than 4,096 characters each time, 0.13 ms for a feed.
    """
    compact = " ".join(statement.split())
    return str(sqlalchemy.text(compact).compile(dialect=PGDialect_psycopg()))  # type: ignore[no-untyped-call]


class Cursor(psycopg.Cursor[Any]):
    """What every statement goes through; says when one was slow: its text and its time, never its parameters."""

    slow_s = float("inf")

    def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
        began = time.perf_counter()
        try:
            return super().execute(query, params, **options)
        finally:
            took = time.perf_counter() - began
            if took >= self.slow_s:
                _logger.warning("slow statement", ms=round(took * 1000), statement=" ".join(str(query).split()))


def _cursor_class(slow_statement_ms: int | None) -> type[Cursor]:
    slow_s = Cursor.slow_s if slow_statement_ms is None else slow_statement_ms / 1000
    return type("Cursor", (Cursor,), {"slow_s": slow_s})


def _reset(connection: psycopg.Connection[Any], _record: object, _state: object) -> None:
    """Rolls back only an open transaction: asking libpq for its state is free, a ROLLBACK costs a round trip."""
    if not connection.closed and connection.info.transaction_status is not pq.TransactionStatus.IDLE:
        connection.rollback()


def _check_open(connection: psycopg.Connection[Any], _record: object, _proxy: object) -> None:
    """Has the pool replace a connection that the server closed while it lay idle: one system call, where a ping is a round trip."""
    if not connection.closed:
        idle = select.poll()
        idle.register(connection.fileno(), select.POLLIN)
        # No statement is running, so any input means that the server ended the session.
        if not idle.poll(0):
            return
    raise sqlalchemy.exc.DisconnectionError


def _check_writable(connection: psycopg.Connection[Any], _record: object, _proxy: object) -> None:
    """Has the pool replace a connection to a server that turned read-only: PostgreSQL reports both settings with its answers."""
    if "on" in map(connection.info.parameter_status, ("default_transaction_read_only", "in_hot_standby")):
        raise sqlalchemy.exc.DisconnectionError


def lock(connection: Connection, *, purpose: str, key: object) -> None:
    """Waits for the transaction-wide advisory lock on `key` for `purpose`; released at commit or rollback."""
    driver(connection).execute(LOCK, lock_parameters(purpose=purpose, key=key))


def lock_parameters(*, purpose: str, key: object) -> dict[str, str]:
    """For `LOCK`, where the lock is taken together with other statements."""
    return {"lock": f"{purpose}:{key}"}


def try_lock(connection: Connection, *, purpose: str, key: object) -> bool:
    """Like `lock`, but answers at once whether the lock could be taken."""
    statement = sqlalchemy.text(f"SELECT pg_try_advisory_xact_lock({_LOCK_KEY})")
    return bool(connection.execute(statement, lock_parameters(purpose=purpose, key=key)).scalar_one())


_LOCK_KEY = "hashtextextended(:lock, 0)"
LOCK = driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK_KEY})")
