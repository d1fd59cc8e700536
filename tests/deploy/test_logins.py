"""deploy/logins.sql: each service logs in as itself and may act as its own role, and as nobody else."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy
import sqlalchemy.exc
from psycopg import sql
from sqlalchemy import Engine

from cli.embedded import postgres as embedded_postgres
from cli.embedded import server
from shared import db, migrations
from tests import conftest

SCRIPT = Path(__file__).parents[2] / "deploy" / "logins.sql"
ROLES = {
    "compose_api": db.COMPOSE_ROLE,
    "fanout_worker": db.WORKER_ROLE,
    "inbox_api": db.INBOX_ROLE,
    "directory": db.DIRECTORY_ROLE,
}
ALL_ROLES = set(ROLES.values())
PASSWORDS = {login: f'{login} it\'s "a" \\secret' for login in ROLES}


def make_logins(url: str, passwords: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    owner = sqlalchemy.make_url(url)
    return subprocess.run(
        [embedded_postgres._binaries() / "psql", "--no-psqlrc", "--quiet", f"--file={SCRIPT}"],
        env={
            "PATH": os.environ["PATH"],
            "PGHOST": str(owner.host),
            "PGPORT": str(owner.port),
            "PGUSER": str(owner.username),
            "PGPASSWORD": str(owner.password),
            "PGDATABASE": str(owner.database),
            **{f"HUB_DATABASE_{login.upper()}_PASSWORD": password for login, password in passwords.items()},
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


@pytest.fixture
def logins(database_url: str) -> Iterator[str]:
    """A migrated database whose server knows the logins, for as long as the test runs."""
    answer = make_logins(database_url, PASSWORDS)
    assert (answer.returncode, answer.stderr) == (0, "")
    yield database_url
    with psycopg.connect(database_url, autocommit=True) as connection:
        for login in ROLES:
            connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(login)))


def connect(login: str, database_url: str, password: str | None = None) -> psycopg.Connection:
    url = sqlalchemy.make_url(database_url)
    return psycopg.connect(
        host=url.host, port=url.port, dbname=url.database, user=login, password=password or PASSWORDS[login]
    )


def make_engine(login: str, database_url: str, role: str) -> Engine:
    """As the service makes it, but as the role given."""
    url = sqlalchemy.make_url(database_url).set(username=login, password=PASSWORDS[login])
    return db.make_engine(
        conftest.database_settings(url.render_as_string(hide_password=False)), role=role, name="tests"
    )


@pytest.mark.parametrize("login", ROLES)
def test_a_service_reaches_its_tables_through_the_engine_that_it_makes(login: str, logins: str) -> None:
    engine = make_engine(login, logins, ROLES[login])
    with engine.connect() as connection:
        assert connection.execute(sqlalchemy.text("SELECT session_user, current_user")).one() == (login, ROLES[login])
        assert connection.execute(sqlalchemy.text("SELECT count(*) FROM platforms")).scalar_one() == 0
    engine.dispose()


@pytest.mark.parametrize("login", ROLES)
def test_a_service_may_act_as_no_other_role_and_not_as_the_owner(login: str, logins: str) -> None:
    owner = str(sqlalchemy.make_url(logins).username)
    for role in {*ALL_ROLES, owner} - {ROLES[login]}:
        engine = make_engine(login, logins, role)
        with pytest.raises(sqlalchemy.exc.OperationalError, match="permission denied to set role"):
            engine.connect()
        with connect(login, logins) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))


@pytest.mark.parametrize("login", ROLES)
def test_a_login_without_its_role_may_do_nothing(login: str, logins: str) -> None:
    with connect(login, logins) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("SELECT FROM platforms")


def test_an_intruder_in_inbox_api_can_write_no_entries(logins: str) -> None:
    with connect("inbox_api", logins) as connection:
        connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(db.INBOX_ROLE)))
        connection.commit()
        for statement in (
            "INSERT INTO inbox_entries VALUES (1, now(), gen_random_uuid())",
            "UPDATE messages SET title = 'changed'",
            "DROP TABLE inbox_entries",
            "CREATE ROLE another",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode())
            connection.rollback()


def test_running_it_again_changes_the_passwords_and_nothing_else(logins: str) -> None:
    new = {**PASSWORDS, "inbox_api": "another"}
    answer = make_logins(logins, new)
    assert (answer.returncode, answer.stderr) == (0, "")
    with connect("inbox_api", logins, "another"):
        pass
    with connect("compose_api", logins):
        pass
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        connect("inbox_api", logins)


@pytest.mark.parametrize("missing", ROLES)
def test_a_password_that_is_not_given_changes_nothing_and_no_password_is_shown(missing: str, logins: str) -> None:
    lacking = {login: f"new-{password}" for login, password in PASSWORDS.items() if login != missing}
    answer = make_logins(logins, lacking)
    assert answer.returncode != 0
    assert f"set HUB_DATABASE_{missing.upper()}_PASSWORD first" in answer.stderr
    assert "secret" not in answer.stderr + answer.stdout
    for login in ROLES:
        with connect(login, logins):
            pass


@pytest.fixture
def managed_url(postgres: server.Server) -> Iterator[str]:
    """An empty database as a provider makes it: its owner may make databases' contents and roles, and is no superuser."""
    url = sqlalchemy.make_url(postgres.url).set(database="managed", username="manager", password="secret")
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute("CREATE ROLE manager LOGIN CREATEROLE PASSWORD 'secret'")
        # Where the migrations make these roles, their maker has this.
        for role in connection.execute(
            "SELECT rolname FROM pg_roles WHERE rolname LIKE 'message\\_hub\\_%'"
        ).fetchall():
            connection.execute(
                sql.SQL("GRANT {} TO manager WITH ADMIN TRUE, INHERIT FALSE, SET FALSE").format(sql.Identifier(*role))
            )
        connection.execute("CREATE DATABASE managed OWNER manager")
        yield url.render_as_string(hide_password=False)
        connection.execute("DROP DATABASE managed WITH (FORCE)")
        for login in ROLES:
            connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(login)))
        connection.execute("DROP OWNED BY manager CASCADE")
        connection.execute("DROP ROLE manager")


def test_migrations_and_logins_need_no_superuser_as_on_a_managed_server(managed_url: str) -> None:
    engine = db.make_engine(conftest.database_settings(managed_url), role=None, name="tests")
    migrations.upgrade(engine)
    engine.dispose()
    for passwords in (dict.fromkeys(ROLES, "first"), PASSWORDS):
        answer = make_logins(managed_url, passwords)
        assert (answer.returncode, answer.stderr) == (0, "")
    for login, role in ROLES.items():
        own = make_engine(login, managed_url, role)
        with own.connect() as connection:
            assert connection.execute(sqlalchemy.text("SELECT count(*) FROM platforms")).scalar_one() == 0
        own.dispose()


def test_a_statement_that_fails_leaves_no_password_in_the_servers_log(
    managed_url: str, postgres: server.Server
) -> None:
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute("CREATE ROLE inbox_api SUPERUSER")  # only a superuser changes it
        # Everything that a server can be made to log about it.
        connection.execute("ALTER ROLE manager SET log_error_verbosity = 'verbose'")
        connection.execute("ALTER ROLE manager SET log_statement = 'ddl'")
        (folder,) = connection.execute("SHOW data_directory").fetchone() or ("",)
    log = Path(folder).parent / "log"
    before = log.stat().st_size
    answer = make_logins(managed_url, PASSWORDS)
    assert answer.returncode != 0
    assert "The login inbox_api cannot be changed: permission denied" in answer.stderr
    logged = log.read_bytes()[before:].decode()
    assert "The login inbox_api cannot be changed" in logged
    assert "\\secret" not in logged + answer.stderr
