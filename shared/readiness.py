"""What `/readyz` answers: whether the database takes writes, and Redis as information (the APIs work without it)."""

from collections.abc import Callable
from typing import Any

import psycopg
import sqlalchemy.exc
from sqlalchemy import Engine

from shared import db, draining, migrations

# 256 kB that do not fit into the memory of the query: PostgreSQL writes them to a temporary file, which takes 1 ms. On a full disk
# that fails, while an UPDATE of one row still succeeds there, and it leaves neither rows nor write-ahead log.
_CHECK = """
    SET LOCAL work_mem = '64kB';
    WITH filler AS MATERIALIZED (SELECT repeat('x', 8000) AS bytes FROM generate_series(1, 32))
    SELECT pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on' AS is_read_only, sum(length(bytes)) FROM filler
"""


def check(engine: Engine, broker_state: Callable[[], str] | None) -> tuple[dict[str, Any], int]:
    """The body and the status: 200 when this process can serve requests, else 503."""
    if draining.is_on():
        return {"status": "stopping"}, 503
    checks = {"database": "ok", "migrations": "ok"}
    try:
        check_writable(engine)
        current = migrations.current(engine)
    except (sqlalchemy.exc.SQLAlchemyError, psycopg.Error) as error:
        checks = {"database": type(getattr(error, "orig", None) or error).__name__, "migrations": "unknown"}
    else:
        # A newer schema is fine: a migration leaves the previous release working.
        if current < migrations.head():
            checks["migrations"] = f"the schema is at {current or 'nothing'}, this release needs {migrations.head()}"
    ready = all(value == "ok" for value in checks.values())
    broker = {} if broker_state is None else {"broker": broker_state()}
    return {"status": "ready" if ready else "not ready", **checks, **broker}, 200 if ready else 503


def check_writable(engine: Engine) -> None:
    """Raises psycopg's error where the server takes no writes: `ReadOnlySqlTransaction`, `DiskFull` or another."""
    with db.autocommit(engine) as connection:
        cursor = connection.execute(_CHECK)
        cursor.nextset()
        is_read_only, _ = cursor.fetchone() or (True, 0)
    if is_read_only:
        raise psycopg.errors.ReadOnlySqlTransaction("the server is a standby, or default_transaction_read_only is on")
