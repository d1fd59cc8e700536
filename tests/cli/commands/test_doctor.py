"""`message-hub doctor`: each thing that can be wrong is found, named, and comes with what to do."""

import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg
import pytest
import redis
from click.testing import CliRunner, Result
from sqlalchemy import text

from cli import main
from cli.commands import doctor_checks
from cli.store import database
from shared import partitions, worker_reports
from tests import factories, read_only
from tests.conftest import MakeEngine
from tests.deploy.gateway import SERVICES, Service


def _variable(name: str) -> str:
    """The variable of this service's address. HUB_DIRECTORY_URL is where browsers reach the directory."""
    return "HUB_DIRECTORY_API_URL" if name == "directory" else f"HUB_{name.upper()}_URL"


@pytest.fixture
def services() -> Iterator[dict[str, Service]]:
    """One server for each variable: it is ready, and answers everything else too."""
    made = {_variable(name): Service(name, "127.0.0.1", 0) for name in (*SERVICES, "gateway")}
    yield made
    for one in made.values():
        one.shutdown()
        one.server_close()


@pytest.fixture
def environment(
    database_url: str, redis_url: str, make_engine: MakeEngine, services: dict[str, Service]
) -> dict[str, str]:
    """A healthy hub: what `doctor` is pointed at before a test breaks it."""
    with make_engine().begin() as connection:
        connection.exec_driver_sql("INSERT INTO fanout_counters VALUES ('sweeps', 1, clock_timestamp())")
    urls = {name: f"http://127.0.0.1:{one.server_address[1]}" for name, one in services.items()}
    return {"HUB_DATABASE_URL": database_url, "HUB_REDIS_URL": redis_url, "HUB_JWT_SECRET": factories.SECRET, **urls}


def _doctor(environment: dict[str, str]) -> Result:
    return CliRunner().invoke(main.commands, ["doctor", "--data", "/does/not/exist"], env=environment)


def _line(result: Result, what: str) -> str:
    return next(line for line in result.output.splitlines() if line.split()[1] == what)


def test_a_healthy_hub_is_well_in_every_line(environment: dict[str, str]) -> None:
    worker = redis.Redis.from_url(environment["HUB_REDIS_URL"], client_name=f"{worker_reports.CONNECTION_NAME}one")
    assert worker.ping()
    shown = _doctor(environment)
    worker.close()
    assert shown.exit_code == 0, shown.output
    assert [line.split()[:2] for line in shown.output.splitlines()] == [
        ["ok", what]
        for what in (
            "settings", "database", "version", "clock", "roles", "writes", "migrations", "partitions", "platforms", "times", "batches",
            "sweeps", "drafts", "broker", "queues", "workers",
            "compose_api", "inbox_api", "inbox_stream", "directory", "gateway",
        )
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("broken", "what", "advice"),
    [
        ({"HUB_DATABASE_URL": "postgresql://hub:pw@127.0.0.1:1/hub"}, "database", "HUB_DATABASE_URL"),
        ({"HUB_DATABASE_URL": "mysql://hub"}, "database", "postgresql://"),
        ({"HUB_REDIS_URL": "redis://127.0.0.1:1/0"}, "broker", "HUB_REDIS_URL"),
        ({"HUB_JWT_SECRET": "short"}, "settings", "correct these variables"),
        ({"HUB_JWT_SECRET": ""}, "settings", "HUB_JWT_SECRET"),
    ],
)
def test_what_cannot_work_fails_and_the_rest_is_still_looked_at(
    environment: dict[str, str], broken: dict[str, str], what: str, advice: str
) -> None:
    shown = _doctor(environment | broken)
    assert shown.exit_code == 1
    assert _line(shown, what).startswith("FAIL")
    assert advice in _line(shown, what)
    others = {"settings", "database", "broker"} - {what}
    assert all(_line(shown, other).startswith("ok") for other in others)


def test_a_hub_without_a_worker_is_named(environment: dict[str, str]) -> None:
    assert _line(_doctor(environment), "workers").startswith(
        "warn  workers     none is connected → check that a worker"
    )


def test_partitions_that_are_missing_are_named(environment: dict[str, str], make_engine: MakeEngine) -> None:
    with make_engine().begin() as connection:
        months = partitions.list_months(connection)
        connection.execute(text(f"DROP TABLE inbox_states_{months[2].replace('-', '_')}"))
    shown = _doctor(environment)
    assert (shown.exit_code, _line(shown, "partitions").split()[0]) == (0, "warn")
    with make_engine().begin() as connection:
        connection.execute(text(f"DROP TABLE inbox_entries_{months[0].replace('-', '_')}"))
    shown = _doctor(environment)
    assert shown.exit_code == 1
    assert f"missing: {months[0]}, {months[2]}" in _line(shown, "partitions")


def test_a_schema_that_is_behind_fails_and_one_that_is_ahead_does_not(
    environment: dict[str, str], make_engine: MakeEngine
) -> None:
    for version, state, code in (("0001", "FAIL", 1), ("9999", "warn", 0)):
        with make_engine().begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :version"), {"version": version})
        shown = _doctor(environment)
        assert (shown.exit_code, _line(shown, "migrations").split()[0]) == (code, state)
    assert "nothing after a rollback" in _line(shown, "migrations")


def test_failing_batches_are_counted_in_whole_sentences(environment: dict[str, str], make_engine: MakeEngine) -> None:
    with make_engine().begin() as connection:
        sender = factories.user(connection, factories.platform(connection, key="acme"))
        connection.execute(
            text("""
                WITH made AS (
                    INSERT INTO messages (id, platform_id, sender_id, title, body, directory_version, request_id, request_hash, status,
                                          recipient_count, created_at, sent_at)
                    VALUES (gen_random_uuid(), :platform_id, :id, 't', 'b', 0, 'r', '', 'sending', 20, now(), clock_timestamp())
                    RETURNING id
                )
                INSERT INTO fanout_batches (message_id, seq, after_user_id, up_to_user_id, recipient_count, published_at, last_error)
                SELECT id, 0, 0, 10, 10, now(), 'DiskFull' FROM made
            """),
            {"platform_id": sender.platform_id, "id": sender.id},
        )
    assert "1 batch keeps failing" in _line(_doctor(environment), "batches")
    with make_engine().begin() as connection:
        connection.execute(
            text("""
                INSERT INTO fanout_batches (message_id, seq, after_user_id, up_to_user_id, recipient_count, published_at, last_error)
                SELECT message_id, 1, 10, 20, 10, now(), 'DiskFull' FROM fanout_batches
            """)
        )
    assert "2 batches keep failing" in _line(_doctor(environment), "batches")


def test_a_role_that_this_user_may_not_act_as_is_named(environment: dict[str, str], make_engine: MakeEngine) -> None:
    with make_engine().connect() as connection:
        assert database.list_unusable_roles(connection, roles=doctor_checks.ROLES) == []
        assert database.list_unusable_roles(connection, roles=["message_hub_nobody", *doctor_checks.ROLES]) == [
            "message_hub_nobody"
        ]


def test_a_database_restored_where_the_roles_exist_but_without_their_privileges_is_recognised(
    environment: dict[str, str], make_engine: MakeEngine
) -> None:
    with make_engine().begin() as connection:
        connection.exec_driver_sql("REVOKE ALL ON alembic_version FROM message_hub_worker")
    shown = _line(_doctor(environment), "roles")
    assert shown.startswith("FAIL")
    assert "restored without the roles or their privileges: message_hub_worker →" in shown
    assert CliRunner().invoke(main.commands, ["migrate"], env=environment).exit_code == 0
    assert _line(_doctor(environment), "roles").startswith("ok")


@pytest.mark.parametrize(("age_s", "state", "code"), [(3, "ok", 0), (3_600, "FAIL", 1), (None, "warn", 0)])
def test_workers_that_no_longer_sweep_are_noticed(
    environment: dict[str, str], make_engine: MakeEngine, age_s: int | None, state: str, code: int
) -> None:
    with make_engine().begin() as connection:
        connection.exec_driver_sql("DELETE FROM fanout_counters")
        if age_s is not None:
            connection.exec_driver_sql(
                "INSERT INTO fanout_counters VALUES ('sweeps', 1, clock_timestamp() - %s * interval '1 second')",
                (age_s,),
            )
    shown = _doctor(environment)
    assert (shown.exit_code, _line(shown, "sweeps").split()[0]) == (code, state)


def test_a_redis_that_takes_no_writes_is_named_with_its_reason(environment: dict[str, str], redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.config_set("min-replicas-to-write", "1")
        try:
            shown = _doctor(environment)
        finally:
            client.config_set("min-replicas-to-write", "0")
    assert shown.exit_code == 1
    assert "answers and takes no writes: NOREPLICAS → its replicas are gone" in _line(shown, "broker")


@pytest.mark.parametrize(("apart", "state"), [(0.5, "ok"), (-5, "warn"), (60, "FAIL")])
def test_clocks_that_disagree_are_noticed(
    make_engine: MakeEngine, monkeypatch: pytest.MonkeyPatch, apart: float, state: str
) -> None:
    monkeypatch.setattr(database, "get_time", lambda _connection: time.time() + apart)
    findings = {finding.what: finding for finding in doctor_checks.of_database(make_engine())}
    assert findings["clock"].state == state


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_that_is_stopped_or_not_ready_fails(
    environment: dict[str, str], services: dict[str, Service], name: str
) -> None:
    variable = _variable(name)
    services[variable].is_ready = False
    shown = _doctor(environment)
    assert (shown.exit_code, _line(shown, name).split()[0]) == (1, "FAIL")
    assert "/readyz answers 503" in _line(shown, name)
    shown = _doctor({**environment, variable: "http://127.0.0.1:1"})
    assert (shown.exit_code, _line(shown, name).split()[0]) == (1, "FAIL")
    assert "nothing answers at http://127.0.0.1:1" in _line(shown, name)
    assert all(_line(shown, other).startswith("ok") for other in {*SERVICES, "gateway"} - {name})


def test_services_that_doctor_does_not_know_are_named(environment: dict[str, str]) -> None:
    shown = _doctor({**environment, "HUB_INBOX_API_URL": "", "HUB_GATEWAY_URL": ""})
    assert (shown.exit_code, _line(shown, "services").split()[0]) == (0, "warn")
    assert "set HUB_INBOX_API_URL to where" in _line(shown, "services")


def test_a_server_that_takes_no_writes_is_named_with_what_to_do(
    environment: dict[str, str], make_engine: MakeEngine
) -> None:
    with read_only.server(environment["HUB_DATABASE_URL"]):
        shown = _doctor(environment)
    assert shown.exit_code == 1
    assert "switch default_transaction_read_only off" in _line(shown, "writes")
    with make_engine().begin() as connection:
        name = connection.execute(text("SELECT current_database()")).scalar_one()
        connection.exec_driver_sql(f"ALTER DATABASE {name} SET temp_file_limit = 0")
    assert "raise its temp_file_limit" in _line(_doctor(environment), "writes")


def test_the_advice_on_a_full_disk_is_to_free_space() -> None:
    found = doctor_checks.of_error(
        "writes", psycopg.errors.DiskFull("could not write to file: No space left on device")
    )
    assert found.state is doctor_checks.State.FAIL
    assert "its disk is full: free space" in found.advice


def test_without_a_secret_and_keys_every_platform_needs_an_issuer_of_its_own(
    environment: dict[str, str], make_engine: MakeEngine
) -> None:
    environment = environment | {"HUB_JWT_SECRET": ""}
    with make_engine().begin() as connection:
        factories.platform(
            connection, key="own", issuer="https://id.example.org", jwks_url="https://id.example.org/jwks"
        )
    shown = _doctor(environment)
    assert (shown.exit_code, _line(shown, "settings").split()[0]) == (0, "ok"), shown.output
    with make_engine().begin() as connection:
        factories.platform(connection, key="acme")
        factories.platform(connection, key="beta")
    shown = _doctor(environment)
    assert shown.exit_code == 1
    assert "the tokens of platform acme and 1 more" in _line(shown, "settings")
    assert "issuer of its own" in _line(shown, "settings")


@pytest.mark.parametrize("is_reachable", [True, False])
def test_no_secret_is_printed(environment: dict[str, str], is_reachable: bool) -> None:
    broken = {
        "HUB_DATABASE_URL": "postgresql://hub:hunter2@127.0.0.1:1/hub",
        "HUB_REDIS_URL": "redis://:hunter2@127.0.0.1:1/0",
        "HUB_JWT_SECRET": "hunter2",
    }
    shown = _doctor(environment if is_reachable else broken)
    assert "hunter2" not in shown.output
    assert environment["HUB_JWT_SECRET"] not in shown.output
    for name in ("HUB_DATABASE_URL", "HUB_REDIS_URL"):
        assert (urlsplit(environment[name]).password or "none") not in shown.output
