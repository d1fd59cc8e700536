"""The limits that every connection carries, and the advisory locks."""

import dataclasses
import time
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
import sqlalchemy
import structlog
from sqlalchemy import text

from shared import db, logging
from tests import read_only
from tests.conftest import MakeEngine, database_settings


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("statement_timeout", "30s"),
        ("lock_timeout", "10s"),
        ("idle_in_transaction_session_timeout", "1min"),
        ("TimeZone", "UTC"),
        ("application_name", "tests"),
        ("tcp_keepalives_idle", "10"),
        ("tcp_keepalives_interval", "5"),
        ("tcp_keepalives_count", "3"),
        ("tcp_user_timeout", "25000"),
        ("role", db.COMPOSE_ROLE),
    ],
)
def test_a_connection_carries_its_limits(make_engine: MakeEngine, setting: str, value: str) -> None:
    with make_engine(db.COMPOSE_ROLE).connect() as connection:
        assert connection.execute(text(f"SHOW {setting}")).scalar_one() == value


def test_limits_and_role_outlive_a_rollback_and_another_use(make_engine: MakeEngine) -> None:
    engine = make_engine(db.INBOX_ROLE, pool_size=1)
    for _ in range(2):
        with engine.connect() as connection:
            connection.execute(text("SET LOCAL ROLE NONE"))
            connection.rollback()
            assert connection.execute(text("SELECT current_user")).scalar_one() == db.INBOX_ROLE


def test_a_slow_statement_is_logged_with_its_time_and_the_request_but_without_parameters(database_url: str) -> None:
    database = dataclasses.replace(database_settings(database_url), slow_statement_ms=50)
    engine = db.make_engine(database, role=None, name="tests")
    logging.bind(request_id="request-of-a-test")
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logged:
        with engine.connect() as connection:
            connection.execute(text("SELECT pg_sleep(0.06), :secret"), {"secret": "hunter2"})
            connection.execute(text("SELECT :secret"), {"secret": "hunter2"})
        with db.autocommit(engine) as driver, pytest.raises(psycopg.errors.DivisionByZero):
            driver.execute(db.driver_sql("SELECT 1 / (count(*) - :one)\n   FROM pg_sleep(0.06)"), {"one": 1})
    engine.dispose()
    logging.clear()
    first, second = (line for line in logged if line["event"] == "slow statement")
    assert first["statement"].startswith("SELECT pg_sleep(0.06), %(secret)s")
    assert second["statement"] == "SELECT 1 / (count(*) - %(one)s) FROM pg_sleep(0.06)"
    assert all(line["ms"] >= 60 and line["request_id"] == "request-of-a-test" for line in (first, second))
    assert "hunter2" not in str(logged)


def test_what_is_read_past_sqlalchemy_needs_no_transaction_and_leaves_none(make_engine: MakeEngine) -> None:
    engine = make_engine(db.INBOX_ROLE, pool_size=1)
    with db.autocommit(engine) as driver:
        driver.execute("SELECT 1")
        assert driver.info.transaction_status is psycopg.pq.TransactionStatus.IDLE
    with engine.begin() as connection:
        connection.execute(text("SELECT 1"))
        assert db.driver(connection).info.transaction_status is psycopg.pq.TransactionStatus.INTRANS
    with db.autocommit(engine) as driver:
        driver.execute("BEGIN")
    with db.autocommit(engine) as driver:
        assert driver.info.transaction_status is psycopg.pq.TransactionStatus.IDLE, "what was left open is rolled back"


def test_a_pool_never_grows_beyond_its_size(make_engine: MakeEngine) -> None:
    engine = make_engine(pool_size=2)
    assert engine.pool.size() == 2  # type: ignore[attr-defined]
    assert engine.pool._max_overflow == 0  # type: ignore[attr-defined]


def test_connections_that_the_server_has_closed_are_replaced_unnoticed(make_engine: MakeEngine) -> None:
    engine, owner = make_engine(db.INBOX_ROLE, pool_size=2), make_engine()
    with engine.connect() as one, engine.connect() as two:
        before = {connection.execute(text("SELECT pg_backend_pid()")).scalar_one() for connection in (one, two)}
    with owner.begin() as connection:
        connection.execute(
            text("SELECT pg_terminate_backend(p, 5000) FROM unnest(CAST(:pids AS int[])) p"), {"pids": [*before]}
        )
    with engine.connect() as one, engine.connect() as two:
        after = {connection.execute(text("SELECT pg_backend_pid()")).scalar_one() for connection in (one, two)}
    assert len(after) == 2
    assert not before & after


def test_an_open_connection_is_used_again_without_a_question_to_the_server(make_engine: MakeEngine) -> None:
    engine = make_engine(pool_size=1)
    statements: list[str] = []
    with engine.connect() as connection:
        pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    sqlalchemy.event.listen(engine, "before_cursor_execute", lambda _c, _u, statement, *_: statements.append(statement))
    with engine.connect() as connection:
        assert connection.execute(text("SELECT pg_backend_pid()")).scalar_one() == pid
    assert statements == ["SELECT pg_backend_pid()"]


def test_an_error_shows_no_parameters(make_engine: MakeEngine) -> None:
    with make_engine().connect() as connection, pytest.raises(sqlalchemy.exc.DBAPIError) as error:
        connection.execute(text("SELECT 1 / CAST(:value AS integer), :word"), {"value": 0, "word": "hunter2"})
    assert "hunter2" not in str(error.value)


def test_a_lock_is_held_until_the_end_of_the_transaction_for_its_purpose_and_key_alone(make_engine: MakeEngine) -> None:
    engine = make_engine()
    with engine.begin() as holder, engine.begin() as other:
        db.lock(holder, purpose="a", key=1)
        assert not db.try_lock(other, purpose="a", key=1)
        assert db.try_lock(other, purpose="a", key=2)
        assert db.try_lock(other, purpose="b", key=1)
        holder.rollback()
        assert db.try_lock(other, purpose="a", key=1)


def test_waiting_for_a_lock_ends(make_engine: MakeEngine) -> None:
    engine = make_engine()
    with engine.begin() as holder, engine.begin() as waiter:
        db.lock(holder, purpose="a", key=1)
        waiter.execute(text("SET LOCAL lock_timeout = '50ms'"))
        began_at = time.perf_counter()
        with pytest.raises(psycopg.errors.LockNotAvailable):
            db.lock(waiter, purpose="a", key=1)
        assert time.perf_counter() - began_at < 1


SPOILED = {
    "DateStyle": "German",
    "IntervalStyle": "sql_standard",
    "bytea_output": "escape",
    "extra_float_digits": "-15",
    "client_encoding": "SQL_ASCII",
    "standard_conforming_strings": "off",
    "transform_null_equals": "on",
    "array_nulls": "off",
    "search_path": "pg_temp",
    "default_transaction_isolation": "serializable",
    "TimeZone": "Asia/Kathmandu",
}


def test_session_settings_of_the_database_that_change_how_values_are_read_do_not_hold_for_us(
    make_engine: MakeEngine,
) -> None:
    owner = make_engine()
    with owner.begin() as connection:
        name = connection.execute(text("SELECT current_database()")).scalar_one()
        for setting, value in SPOILED.items():
            connection.exec_driver_sql(f"ALTER DATABASE {name} SET {setting} = '{value}'")
    engine = make_engine(db.COMPOSE_ROLE)
    with db.autocommit(engine) as connection:
        found = {setting: connection.execute(f"SHOW {setting}").fetchone()[0] for setting in SPOILED}  # type: ignore[index]
        moment, length, number, body, encoded = (
            connection.execute(
                "SELECT timestamptz '2026-02-01 12:00:00.5+00', interval '-1 day 2 s', 0.1::float8, bytea '\\x00ff', '\\é🙂'"
            ).fetchone()
            or [None] * 5
        )
        connection.execute("SELECT FROM messages")
    assert {setting: value for setting, value in found.items() if value == SPOILED[setting]} == {}
    assert moment == datetime(2026, 2, 1, 12, 0, 0, 500_000, UTC)
    assert length == timedelta(days=-1, seconds=2)
    assert (number, body, encoded) == (0.1, b"\x00\xff", "\\é🙂")


def test_a_session_whose_server_turned_read_only_leaves_the_pool_and_none_opened_meanwhile_stays(
    make_engine: MakeEngine, database_url: str
) -> None:
    engine = make_engine(db.COMPOSE_ROLE, pool_size=1)

    def pid() -> int:
        with db.autocommit(engine) as connection:
            return int((connection.execute("SELECT pg_backend_pid()").fetchone() or [0])[0])

    before = pid()
    with read_only.server(database_url):
        assert pid() == before  # PostgreSQL reports the change with its answer to the next statement
        with pytest.raises(psycopg.OperationalError, match="session is read-only"):
            pid()
        with pytest.raises(sqlalchemy.exc.OperationalError, match="session is read-only"):
            engine.connect()
    after = pid()
    assert after != before
    with engine.begin() as connection:
        connection.execute(text("CREATE TEMP TABLE writable ()"))
    assert pid() == after


def test_of_several_hosts_one_that_takes_writes_is_chosen(database_url: str) -> None:
    """The first is away here; one that is a standby is passed over the same way."""
    url = sqlalchemy.make_url(database_url)
    hosts = url.set(host=None, port=None, query={"host": ("127.0.0.1:1", f"{url.host}:{url.port}")})
    engine = db.make_engine(
        database_settings(hosts.render_as_string(hide_password=False)), role=db.INBOX_ROLE, name="tests"
    )
    with engine.connect() as connection:
        assert connection.execute(text("SHOW transaction_read_only")).scalar_one() == "off"
    engine.dispose()
