"""Database factory: one engine per process, bound to the PostgreSQL role of its service.

Called by the entry files only. Every connection carries its limits with it, so nothing that talks to PostgreSQL can wait
for ever, and a client whose host died gives up its locks within a minute.
"""

import select
from typing import Any

import psycopg
import sqlalchemy
import sqlalchemy.event
from sqlalchemy import Connection, Engine

from shared import settings

# A dead peer is noticed by the server after 10 + 3 × 5 seconds of silence; what it had claimed is free again then.
_SERVER_KEEPALIVES = {"tcp_keepalives_idle": 10, "tcp_keepalives_interval": 5, "tcp_keepalives_count": 3}
_CLIENT_KEEPALIVES = {"keepalives": 1, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}

# One role per service: the migrations grant each just what its service writes.
COMPOSE_ROLE = "message_hub_compose"
WORKER_ROLE = "message_hub_worker"
INBOX_ROLE = "message_hub_inbox"
DIRECTORY_ROLE = "message_hub_directory"


def make_engine(database: settings.Database, *, role: str | None, name: str) -> Engine:
    """An engine whose connections act as `role` and show up as `name` in pg_stat_activity.

    The user in the URL must be that role or a member of it. `role=None` keeps the user itself (migrations).
    """
    session = {
        "statement_timeout": database.statement_timeout_ms,
        "lock_timeout": database.lock_timeout_ms,
        "idle_in_transaction_session_timeout": database.idle_in_transaction_timeout_ms,
        "timezone": "UTC",
        **_SERVER_KEEPALIVES,
    }
    if role is not None:
        session["role"] = role
    engine = sqlalchemy.create_engine(
        sqlalchemy.make_url(database.url).set(drivername="postgresql+psycopg"),
        pool_size=database.pool_size,
        max_overflow=0,
        pool_timeout=database.pool_timeout_ms / 1000,
        hide_parameters=True,
        connect_args={
            "application_name": name,
            "connect_timeout": database.connect_timeout_s,
            "options": " ".join(f"-c {key}={value}" for key, value in session.items()),
            **_CLIENT_KEEPALIVES,
        },
    )
    sqlalchemy.event.listen(engine, "checkout", _check_open)
    return engine


def _check_open(connection: psycopg.Connection[Any], _record: object, _proxy: object) -> None:
    """Has the pool replace a connection that the server closed while it lay idle: one system call, where a ping is a round trip."""
    if not connection.closed:
        idle = select.poll()
        idle.register(connection.fileno(), select.POLLIN)
        # Nobody asked anything, so the only news there can be is the end, or the server's reason for it.
        if not idle.poll(0):
            return
    raise sqlalchemy.exc.DisconnectionError


def lock(connection: Connection, *, purpose: str, key: object) -> None:
    """Waits for the transaction-wide advisory lock on `key` for `purpose`; released at commit or rollback."""
    connection.execute(sqlalchemy.text(f"SELECT pg_advisory_xact_lock({_LOCK_KEY})"), {"lock": f"{purpose}:{key}"})


def try_lock(connection: Connection, *, purpose: str, key: object) -> bool:
    """Like `lock`, but answers at once whether the lock could be taken."""
    statement = sqlalchemy.text(f"SELECT pg_try_advisory_xact_lock({_LOCK_KEY})")
    return bool(connection.execute(statement, {"lock": f"{purpose}:{key}"}).scalar_one())


_LOCK_KEY = "hashtextextended(:lock, 0)"
