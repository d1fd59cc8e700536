"""The hub's database as its owner sees it: engines, and statements that change tables which workers are using."""

import time

import psycopg.errors
import sqlalchemy
import sqlalchemy.exc
from sqlalchemy import Engine

from shared import db, settings

_RETRY_S = 60.0
_PASSING = (psycopg.errors.DeadlockDetected, psycopg.errors.LockNotAvailable)


def make_engine(url: str, *, role: str | None, name: str = "drills") -> Engine:
    """An engine that acts as `role`; None is the owner of the schema."""
    database = settings.Database(
        url=url,
        pool_size=8,
        pool_timeout_ms=10_000,
        connect_timeout_s=5,
        statement_timeout_ms=900_000,
        lock_timeout_ms=20_000,
        idle_in_transaction_timeout_ms=120_000,
    )
    return db.make_engine(database, role=role, name=name, needs_writes=False)


def change(engine: Engine, *statements: str) -> None:
    """Runs the statements in one transaction, and again after a deadlock or a lock timeout, for a minute at most."""
    deadline = time.monotonic() + _RETRY_S
    while True:
        try:
            with engine.begin() as connection:
                connection.execute(sqlalchemy.text("SET LOCAL lock_timeout = '5s'"))
                for statement in statements:
                    connection.exec_driver_sql(statement)
            return
        except sqlalchemy.exc.OperationalError as error:
            if not isinstance(error.orig, _PASSING) or time.monotonic() > deadline:
                raise


def administer(engine: Engine, *statements: str) -> None:
    """Runs each statement outside a transaction."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
