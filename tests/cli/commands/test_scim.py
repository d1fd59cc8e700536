"""`message-hub scim-token` and `message-hub scim`: on a platform that an identity provider has written."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine

from cli import main
from services.directory import app as directory
from services.directory.actions import platforms
from shared import db
from tests.directory import files
from tests.directory.scim.conftest import AUTH, Scim, hand_over, tree


@pytest.fixture
def scim(
    make_engine: Callable[..., Engine], database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Scim:
    engine = make_engine(db.DIRECTORY_ROLE)
    platforms.put_platform(engine, key="acme", name="Acme", plan="enterprise")
    imported = tree()
    imported.users = {"old": ("Old", "", "active")}
    imported.memberships = [("old", "clinic", "s1", "member")]
    files.run(engine, imported, tmp_path / "tree")
    monkeypatch.setitem(os.environ, "HUB_DATABASE_URL", database_url)
    return Scim(directory.make_app(engine, auth=AUTH), engine, make_engine(None), hand_over(engine, "acme"), "acme")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main.commands, arguments)


def shown(*arguments: str) -> Any:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_token_is_made_shown_once_listed_and_revoked(scim: Scim) -> None:
    made = run("scim-token", "create", "--platform", "acme", "--expires", "90d")
    scim.token = made.stdout.strip()
    assert scim.call("GET", "/Schemas").status_code == 200
    assert "not shown again" in made.stderr
    listed = shown("scim-token", "list", "--platform", "acme")
    assert [(one["is_valid"], one["last_used_at"] is not None, one["expires_at"] is not None) for one in listed] == [
        (True, False, False), (True, True, True),
    ]  # fmt: skip
    assert scim.token not in run("scim-token", "list", "--platform", "acme").output
    assert "2 valid directory tokens" in run("scim-token", "create", "--platform", "acme").stderr
    assert run("scim-token", "revoke", "--platform", "acme", str(listed[1]["id"])).exit_code == 0
    assert scim.call("GET", "/Schemas").status_code == 401
    assert run("scim-token", "revoke", "--platform", "acme", "999").exit_code == 1


def test_groups_wait_until_an_operator_maps_them(scim: Scim) -> None:
    user = scim.make_user("ada")
    group = scim.make_group("Nurses North", [user])
    assert [one["name"] for one in shown("scim", "groups", "--unmapped")] == ["Nurses North"]
    assert run("scim", "map", "nurses north", "--clinic", "nowhere", "--role", "member").exit_code == 1
    mapped = run("scim", "map", "nurses north", "--clinic", "n1", "--role", "member")
    assert "1 member: clinic n1, member, operator" in mapped.stdout
    assert scim.of("x-ada") == {("clinic", "n1", "member"), ("organisation", "north", "implied")}
    assert shown("scim", "groups", "--unmapped") == []
    run("scim", "map", group, "--platform", "--role", "administrator")
    assert scim.of("x-ada") == {("platform", "", "administrator")}
    run("scim", "map", group, "--of", "acme", "--remove")
    assert scim.of("x-ada") == set()
    assert run("scim", "map", "Nobody", "--platform", "--role", "member").exit_code == 1
    assert run("scim", "map", group).exit_code == 2


def test_an_operators_mapping_wins_over_what_the_provider_states(scim: Scim) -> None:
    user = scim.make_user("ada")
    group = scim.make_group("G", [user], {"scope_id": "n1", "role": "member"})
    run("scim", "map", group, "--organisation", "south", "--role", "member")
    assert scim.of("x-ada") == {("organisation", "south", "member")}
    run("scim", "map", group, "--remove")
    assert scim.of("x-ada") == {("clinic", "n1", "member"), ("organisation", "north", "implied")}


def test_imported_memberships_hold_until_they_are_dropped(scim: Scim) -> None:
    assert scim.of("old") == {("clinic", "s1", "member"), ("organisation", "south", "implied")}
    assert shown("scim", "status")["imported_memberships"] == 1
    assert "of 1 user" in run("scim", "drop-imported").stdout
    assert scim.of("old") == set()
    version = scim.version()
    assert run("scim", "drop-imported").exit_code == 0
    assert scim.version() == version


def test_the_brake_shows_and_is_released(scim: Scim) -> None:
    ids = [scim.make_user(f"u{number}") for number in range(25)]
    off = {"op": "replace", "value": {"active": False}}
    assert [scim.patch(f"/Users/{one}", off).status_code for one in ids[:21]] == [*[200] * 20, 429]
    status = shown("scim", "status", "--platform", "acme")
    assert (status["deactivated_last_hour"], status["braked_at"] is not None) == (20, True)
    assert "let through until" in run("scim", "resume").stdout
    assert [scim.patch(f"/Users/{one}", off).status_code for one in ids[20:]] == [200] * 5
    assert shown("scim", "status")["braked_at"] is None


def test_imports_and_scim_exclude_each_other(scim: Scim, tmp_path: Path) -> None:
    folder = files.small().write(tmp_path / "files")
    refused = run("import", "--platform", "acme", str(folder))
    assert refused.exit_code == 1
    assert "managed over SCIM" in refused.stderr
    assert run("platform", "acme", "--managed-by", "csv").exit_code == 0
    assert "No platform is managed over SCIM" in run("scim", "status").stderr
    assert "imported from files" in run("scim", "resume", "--platform", "acme").stderr
    assert run("import", "--platform", "acme", str(folder), "--allow-removals", "9").exit_code == 0
