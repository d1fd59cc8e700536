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

from cli.embedded import postgres
from shared import db
from tests import conftest

SCRIPT = Path(__file__).parents[2] / "deploy" / "logins.sql"
ROLES = {
    "compose_api": db.COMPOSE_ROLE,
    "fanout_worker": db.WORKER_ROLE,
    "inbox_api": db.INBOX_ROLE,
}
ALL_ROLES = {*ROLES.values(), db.DIRECTORY_ROLE}
PASSWORDS = {login: f'{login} it\'s "a" \\secret' for login in ROLES}


def make_logins(url: str, passwords: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    owner = sqlalchemy.make_url(url)
    return subprocess.run(
        [postgres._binaries() / "psql", "--no-psqlrc", "--quiet", f"--file={SCRIPT}"],
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
        assert connection.execute(sqlalchemy.text("SELECT count(*) FROM messages")).scalar_one() == 0
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


def test_a_password_that_is_not_given_changes_nothing_and_no_password_is_shown(logins: str) -> None:
    lacking = {login: f"new-{password}" for login, password in PASSWORDS.items() if login != "inbox_api"}
    answer = make_logins(logins, lacking)
    assert answer.returncode != 0
    assert "HUB_DATABASE_INBOX_API_PASSWORD" in answer.stderr
    assert "secret" not in answer.stderr + answer.stdout
    with connect("compose_api", logins):
        pass
