"""Failures as clients meet them: 503 for what passes, 500 for what does not, and nothing of the inside in either."""

import dataclasses
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
import sqlalchemy
import structlog
from flask.testing import FlaskClient
from sqlalchemy import Engine, text
from werkzeug import exceptions

from shared import database_errors, db, errors, settings
from tests import conftest as base
from tests import factories
from tests.shared import answers
from tests.shared.web import frame

MakeImpatient = Callable[..., Engine]


@pytest.fixture
def make_impatient(tenants_url: str) -> Iterator[MakeImpatient]:
    """`make_impatient(pool_size=…, …_ms=…)`: an engine that gives up soon."""
    made: list[Engine] = []

    def make(url: str = tenants_url, **limits: int) -> Engine:
        soon: dict[str, Any] = {"pool_timeout_ms": 100, "statement_timeout_ms": 100, "lock_timeout_ms": 100, **limits}
        database = settings.Database(**{**dataclasses.asdict(base.database_settings(url)), **soon})
        made.append(db.make_engine(database, role=db.INBOX_ROLE, name="tests"))
        return made[-1]

    yield make
    for engine in made:
        engine.dispose()


def failing(reader: Engine, error: Exception) -> FlaskClient:
    def work() -> None:
        raise error

    return frame.make_app(reader, work=work).test_client()


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("hunter2"),
        KeyError("hunter2"),
        AssertionError("hunter2"),
        UnicodeEncodeError("utf-8", "hunter2", 0, 1, "hunter2"),
        exceptions.InternalServerError("hunter2"),
        exceptions.BadGateway("hunter2"),
        sqlalchemy.exc.ProgrammingError("SELECT hunter2", {}, Exception("hunter2")),
        sqlalchemy.exc.IntegrityError("SELECT hunter2", {"x": "hunter2"}, Exception("hunter2")),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_unexpected_failure_tells_its_request_id_and_nothing_else(
    reader: Engine, user: dict[str, str], error: Exception
) -> None:
    with structlog.testing.capture_logs() as logged:
        answer = failing(reader, error).get("/work", headers=user)
    body = answers.problem(answer, "internal-error")
    assert "hunter2" not in answer.text
    assert type(error).__name__ not in answer.text
    assert "X-Request-ID" in body["detail"]
    (line,) = [line for line in logged if line["log_level"] == "error"]
    assert line["exc_info"] is not None


def test_a_failure_in_a_public_route_is_answered_the_same(reader: Engine) -> None:
    with structlog.testing.capture_logs():
        answers.problem(failing(reader, RuntimeError("hunter2")).get("/open"), "internal-error")


def test_a_hub_error_is_told_with_its_fields_and_headers(reader: Engine, user: dict[str, str]) -> None:
    error = errors.HubError("rate-limited", "Too many.", errors={"a": ["b"]}, headers={"Retry-After": "7"})
    answer = failing(reader, error).get("/work", headers=user)
    assert answers.problem(answer, "rate-limited")["errors"] == {"a": ["b"]}
    assert answer.headers["Retry-After"] == "7"


@pytest.mark.parametrize("code", sorted(errors.CATALOGUE))
def test_every_code_is_told_with_its_status(reader: Engine, user: dict[str, str], code: str) -> None:
    headers = {"Retry-After": "1"} if errors.CATALOGUE[code][0] in (429, 503) else {}
    answer = failing(reader, errors.HubError(code, "Because.", headers=headers)).get("/work", headers=user)
    assert answers.problem(answer, code)["detail"] == "Because."


@pytest.mark.parametrize(
    ("error", "code"), [(exceptions.ImATeapot(), "bad-request"), (exceptions.NotFound(), "not-found")]
)
def test_an_http_error_of_a_library_becomes_a_problem_too(
    reader: Engine, user: dict[str, str], error: Exception, code: str
) -> None:
    body = failing(reader, error).get("/work", headers=user).get_json(force=True)
    assert body["code"] == code


def test_half_a_surrogate_pair_in_an_error_can_be_sent(reader: Engine, user: dict[str, str]) -> None:
    error = errors.validation_failed({"\ud800": ["\udfff"]})
    body = answers.problem(failing(reader, error).get("/work", headers=user), "validation-failed")
    assert body["errors"] == {"\ud800": ["\udfff"]}


def test_a_database_that_is_away_makes_the_service_unavailable(
    make_impatient: MakeImpatient, user: dict[str, str]
) -> None:
    client = frame.make_app(make_impatient("postgresql://hub:hunter2@127.0.0.1:1/hub")).test_client()
    with structlog.testing.capture_logs() as logged:
        answer = client.get("/whoami", headers=user)
    answers.problem(answer, "unavailable")
    assert "hunter2" not in answer.text + str(logged)
    assert "127.0.0.1" not in answer.text


def test_a_pool_with_nothing_free_makes_the_service_unavailable(
    make_impatient: MakeImpatient, user: dict[str, str]
) -> None:
    engine = make_impatient(pool_size=1)
    client = frame.make_app(engine).test_client()
    with engine.connect():
        began_at = time.perf_counter()
        answers.problem(client.get("/whoami", headers=user), "unavailable")
        assert time.perf_counter() - began_at < 0.5
        assert client.get("/healthz").status_code == 200
    assert client.get("/whoami", headers=user).status_code == 200


def test_a_statement_that_takes_too_long_makes_the_service_unavailable(
    make_impatient: MakeImpatient, user: dict[str, str]
) -> None:
    engine = make_impatient()

    def work() -> None:
        with engine.connect() as connection:
            connection.execute(text("SELECT pg_sleep(10)"))

    answers.problem(frame.make_app(engine, work=work).test_client().get("/work", headers=user), "unavailable")


def test_a_lock_that_is_not_free_in_time_makes_the_service_unavailable(
    make_impatient: MakeImpatient, tenants_owner: Engine, user: dict[str, str]
) -> None:
    engine = make_impatient(statement_timeout_ms=5_000)

    def work() -> None:
        with engine.begin() as connection:
            db.lock(connection, purpose="tests", key=1)

    with tenants_owner.begin() as connection:
        db.lock(connection, purpose="tests", key=1)
        answers.problem(frame.make_app(engine, work=work).test_client().get("/work", headers=user), "unavailable")


def test_connections_that_the_database_closed_meanwhile_are_not_noticed(
    make_impatient: MakeImpatient, tenants_owner: Engine, user: dict[str, str]
) -> None:
    engine = make_impatient(pool_size=3, statement_timeout_ms=5_000)
    client = frame.make_app(engine).test_client()
    with engine.connect() as connection:
        pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    with tenants_owner.begin() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
    assert client.get("/whoami", headers=user).status_code == 200


def test_a_connection_that_dies_during_the_work_makes_the_service_unavailable(
    make_impatient: MakeImpatient, tenants_owner: Engine, user: dict[str, str]
) -> None:
    engine = make_impatient(statement_timeout_ms=5_000)

    def work() -> None:
        with engine.begin() as connection:
            pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
            with tenants_owner.begin() as other:
                other.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
            connection.execute(text("SELECT 1"))

    client = frame.make_app(engine, work=work).test_client()
    answers.problem(client.get("/work", headers=user), "unavailable")
    assert client.get("/whoami", headers=user).status_code == 200


def test_a_database_that_only_reads_makes_the_service_unavailable(
    tenants_owner: Engine, reader: Engine, user: dict[str, str]
) -> None:
    """As a standby does between a failure and its promotion."""

    def work() -> None:
        with tenants_owner.begin() as connection:
            connection.execute(text("SET TRANSACTION READ ONLY"))
            factories.platform(connection)

    with structlog.testing.capture_logs():
        answers.problem(frame.make_app(reader, work=work).test_client().get("/work", headers=user), "unavailable")


PASSING = (
    "08006", "25006", "25P03", "25P04", "40001", "40P01", "53000", "53100", "53200", "53300", "55000", "55006", "55P03", "57014",
    "57P01", "57P02", "57P03", "57P05", "58000", "58030",
)  # fmt: skip
LASTING = ("22003", "23505", "25001", "25P02", "42501", "42601", "42P01", "54001", "XX000", "XX001")


@pytest.mark.parametrize("is_wrapped", [True, False], ids=["of SQLAlchemy", "of the driver"])
@pytest.mark.parametrize(
    ("state", "code"), [*((one, "unavailable") for one in PASSING), *((one, "internal-error") for one in LASTING)]
)
def test_an_error_of_postgresql_that_passes_is_503_with_retry_after_and_any_other_500(
    reader: Engine, user: dict[str, str], state: str, code: str, is_wrapped: bool
) -> None:
    found: Exception = psycopg.errors.lookup(state)("hunter2")
    if is_wrapped:
        found = sqlalchemy.exc.DBAPIError.instance("SELECT hunter2", {}, found, psycopg.Error)  # type: ignore[assignment]
    with structlog.testing.capture_logs() as logged:
        answer = failing(reader, found).get("/work", headers=user)
    answers.problem(answer, code)
    assert ("Retry-After" in answer.headers) == (code == "unavailable")
    if code == "unavailable":
        assert isinstance(found, database_errors.CLASSES)
        assert state in str(logged)
