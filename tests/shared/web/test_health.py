"""What a load balancer asks: alive, ready, and measured."""

import time
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, text

from shared import db, migrations, readiness, redis_client, settings
from tests import conftest as base
from tests import read_only
from tests.shared.web import frame


def ready(engine: Engine, **options: Any) -> tuple[int, dict[str, str]]:
    answer = frame.make_app(engine, **options).test_client().get("/readyz")
    return answer.status_code, answer.get_json()


def test_alive_is_told_without_asking_anybody(client: FlaskClient) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.get_json()) == (200, {"status": "ok"})


def test_ready_is_told_with_what_was_asked(reader: Engine) -> None:
    assert ready(reader, broker_state=lambda: "ok") == (
        200,
        {"status": "ready", "database": "ok", "migrations": "ok", "broker": "ok"},
    )


def test_a_broker_that_is_away_is_told_and_decides_nothing(reader: Engine) -> None:
    status, body = ready(reader, broker_state=lambda: "unreachable")
    assert (status, body["status"], body["broker"]) == (200, "ready", "unreachable")


def test_a_broker_that_hangs_does_not_hold_up_the_answer(reader: Engine) -> None:
    client = frame.make_app(reader, broker_state=redis_client.Monitor("redis://127.0.0.1:1/0").state).test_client()
    for _ in range(2):
        began_at = time.perf_counter()
        answer = client.get("/readyz")
        assert time.perf_counter() - began_at < 0.3
        assert (answer.status_code, answer.get_json()["broker"]) == (200, "unreachable")


def test_a_database_that_is_away_is_told_without_its_address() -> None:
    away = settings.Database(**{**vars(base.database_settings("postgresql://hub:hunter2@127.0.0.1:1/hub"))})
    engine = db.make_engine(away, role=db.INBOX_ROLE, name="tests")
    status, body = ready(engine)
    assert (status, body["status"]) == (503, "not ready")
    assert body["database"] != "ok"
    assert "hunter2" not in str(body)
    engine.dispose()


def test_a_server_that_only_reads_is_not_ready_and_ready_again_afterwards(
    make_engine: base.MakeEngine, database_url: str
) -> None:
    engine = make_engine(db.INBOX_ROLE)
    assert ready(engine)[0] == 200
    with read_only.server(database_url):
        for state in ("ReadOnlySqlTransaction", "OperationalError"):  # of an open session, and of a new one
            status, body = ready(engine)
            assert (status, body["status"], body["database"]) == (503, "not ready", state)
    assert ready(engine)[0] == 200


def test_a_server_that_cannot_write_to_its_disk_is_not_ready(
    make_engine: base.MakeEngine, owner_engine: Engine
) -> None:
    """A limit of 0 fails where a full disk does: the UPDATE of a row would succeed on both."""
    with owner_engine.begin() as connection:
        name = connection.execute(text("SELECT current_database()")).scalar_one()
        connection.exec_driver_sql(f"ALTER DATABASE {name} SET temp_file_limit = 0")
    status, body = ready(make_engine(db.INBOX_ROLE))
    assert (status, body["database"]) == (503, "ConfigurationLimitExceeded")


def test_a_full_disk_is_named_as_the_gateway_knows_it(reader: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """deploy/gateway/haproxy.cfg looks for this word: all replicas can still read."""

    def check(_engine: Engine) -> None:
        raise psycopg.errors.DiskFull("could not write to file: No space left on device")

    monkeypatch.setattr(readiness, "check_writable", check)
    status, body = ready(reader)
    assert (status, body["database"]) == (503, "DiskFull")


@pytest.mark.parametrize(
    ("change", "status", "told"),
    [
        ("UPDATE alembic_version SET version_num = '0001'", 503, "the schema is at 0001"),
        ("DROP TABLE alembic_version", 503, "the schema is at nothing"),
        ("UPDATE alembic_version SET version_num = '9999'", 200, "ok"),
    ],
)
def test_an_older_schema_is_not_ready_and_a_newer_one_is(
    owner_engine: Engine, change: str, status: int, told: str
) -> None:
    with owner_engine.begin() as connection:
        connection.execute(text(change))
    found, body = ready(owner_engine)
    assert found == status
    assert told in body["migrations"]
    if status == 503:
        assert f"needs {migrations.head()}" in body["migrations"]


def test_every_service_exports_its_release_and_its_process(client: FlaskClient) -> None:
    exported = client.get("/metrics").text
    for name in ("message_hub_build_info{", "message_hub_database_connections_in_use ", "process_open_fds "):
        assert name in exported


def test_requests_are_measured_by_route_and_not_by_address(client: FlaskClient, user: dict[str, str]) -> None:
    client.get("/whoami?limit=3", headers=user)
    client.get("/docs/none.js")
    client.get("/nowhere-at-all")
    client.open("/whoami", method="BREW")
    told = client.get("/metrics").text
    assert 'message_hub_request_seconds_count{method="GET",route="/whoami",status="200"}' in told
    assert 'route="none",status="404"' in told
    for absent in ("nowhere-at-all", "none.js", "BREW", "limit"):
        assert absent not in told
