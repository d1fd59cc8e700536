"""docs/operations/backup.md: a dump that is restored in a server without the hub's roles works again after `message-hub migrate`."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy
from click.testing import CliRunner, Result
from psycopg import sql

from cli import main
from cli.embedded import postgres as embedded_postgres
from cli.embedded import server
from tests import apis, factories
from tests.apis import Apis
from tests.compose_api.hub import EVERYONE
from tests.conftest import running_postgres
from tests.deploy import test_logins

PAGE = (Path(__file__).parents[2] / "docs" / "operations" / "backup.md").read_text(encoding="utf-8")
AS_DOCUMENTED = re.findall(r"pg_restore -U hub --dbname=hub (--[^<]+) <", PAGE)[0].split()
ROLES = {*test_logins.ALL_ROLES, *test_logins.ROLES}
PRIVILEGES = sqlalchemy.text("""
    SELECT 'table', relname, relacl::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relacl IS NOT NULL
    UNION ALL
    SELECT 'column', attrelid::regclass || '.' || attname, attacl::text FROM pg_attribute WHERE attacl IS NOT NULL
    UNION ALL
    SELECT 'function', proname, proacl::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL
    SELECT 'policy', policyname, concat_ws(' ', tablename, roles, cmd, with_check) FROM pg_policies
    UNION ALL
    SELECT 'row security', relname, '' FROM pg_class WHERE relrowsecurity
""")


@pytest.fixture(scope="module")
def other_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[server.Server]:
    """A PostgreSQL server that has never seen the hub."""
    with running_postgres(tmp_path_factory.mktemp("restored")) as running:
        yield running


@pytest.fixture(scope="module")
def dumped(
    postgres: server.Server, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Apis, Path]]:
    """A hub with messages that are written, in flight and recalled, and its dump."""
    with apis.running(postgres, template_database, "dumped") as made:
        apis.fill(made)
        dump = tmp_path_factory.mktemp("dump") / "hub.dump"
        run("pg_dump", "--format=custom", f"--file={dump}", url_of(made))
        yield made, dump


@pytest.fixture
def empty_database(other_server: server.Server) -> Iterator[str]:
    """An empty database in a server without the hub's roles."""
    yield other_server.url
    maintenance = sqlalchemy.make_url(other_server.url).set(database="postgres")
    with psycopg.connect(maintenance.render_as_string(hide_password=False), autocommit=True) as connection:
        connection.execute("DROP DATABASE hub WITH (FORCE)")
        for role in ROLES:
            connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)))
        connection.execute("CREATE DATABASE hub")


def url_of(hub: Apis) -> str:
    return hub.owner.url.set(drivername="postgresql").render_as_string(hide_password=False)


def run(program: str, *arguments: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
    command = [embedded_postgres._binaries() / program, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=check, timeout=60)


def command(name: str, url: str) -> Result:
    environment = {"HUB_DATABASE_URL": url, "HUB_JWT_SECRET": factories.SECRET}
    return CliRunner().invoke(main.commands, [name, "--data", "/does/not/exist"], env=environment)


def doctor_on_roles(url: str) -> str:
    return next(line for line in command("doctor", url).output.splitlines() if line.split()[1] == "roles")


def privileges(url: str) -> set[tuple[str, ...]]:
    with psycopg.connect(url) as connection:
        return set(connection.execute(PRIVILEGES.text.encode()).fetchall())


@pytest.mark.parametrize("options", [AS_DOCUMENTED, []], ids=["as documented", "without any option"])
def test_a_dump_restored_without_roles_is_recognised_repaired_by_migrate_and_serves_again(
    dumped: tuple[Apis, Path], empty_database: str, options: list[str]
) -> None:
    before, dump = dumped
    restored = run("pg_restore", f"--dbname={empty_database}", *options, str(dump), check=False)
    assert (restored.returncode, bool(restored.stderr)) == ((0, False) if options else (1, True))

    found = doctor_on_roles(empty_database)
    assert found.startswith("FAIL")
    assert "restored without the roles" in found
    assert "`message-hub migrate`" in found
    assert command("migrate", empty_database).exit_code == 0
    assert doctor_on_roles(empty_database).startswith("ok")
    assert test_logins.make_logins(empty_database, test_logins.PASSWORDS).returncode == 0
    assert privileges(empty_database) == privileges(url_of(before))

    with apis.over(empty_database, before.world) as after:
        member, sender = before.world["member"], before.world["platform administrator"]
        # In flight when the dump was made: shown already, and written now.
        assert titles(after, member) == titles(before, member)
        after.deliver(before.messages["to a1"])
        assert after.rows("SELECT status FROM messages WHERE id = :id", id=before.messages["to a1"]) == [("sent",)]
        after.deliver(after.send(sender, EVERYONE, title="After the restore"))
        assert titles(after, member) == ["After the restore", *titles(before, member)]


def titles(hub: Apis, who: apis.Person) -> list[str]:
    return [item["title"] for item in hub.call("GET", "/v1/notifications", who).get_json()["data"]]
