"""`message-hub audit` as an operator sees it."""

import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine

from cli import main, operator
from cli.store import audit as audit_store
from tests import factories, messages


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main.commands, arguments)


@pytest.fixture(autouse=True)
def message_id(database_url: str, owner_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> str:
    """Of the second message that alice sent on the platform other, after the platform acme was made by a command."""
    monkeypatch.setenv("HUB_DATABASE_URL", database_url)
    assert run("platform", "acme", "--name", "Acme", "--plan", "enterprise").exit_code == 0
    with owner_engine.begin() as connection:
        other = factories.platform(connection, key="other")
        alice = factories.user(connection, other, external_id="alice\x1b[31m")
        factories.administrator(connection, alice, other)
    messages.accept(owner_engine, alice, other, messages.EVERYONE)
    return str(messages.accept(owner_engine, alice, other, messages.EVERYONE))


def rows(*arguments: str) -> list[dict[str, str]]:
    result = run("audit", "--json", *arguments)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_everything_is_shown_in_the_order_of_time(message_id: str) -> None:
    platform, _, second = rows()
    assert (platform["action"], platform["outcome"], platform["who"]) == ("platform", "created", operator.name())
    assert (platform["platform"], platform["directory_version"], platform["detail"]) == ("acme", 0, "plan enterprise")
    assert (second["action"], second["outcome"], second["message_id"]) == ("compose", "accepted", message_id)
    assert second["request_id"] == messages.ORIGIN.request_id
    assert datetime.now(UTC) - datetime.fromisoformat(second["happened_at"]) < timedelta(minutes=5)


def test_only_what_is_asked_for_is_shown(message_id: str) -> None:
    assert [row["platform"] for row in rows("--platform", "acme")] == ["acme"]
    assert [row["message_id"] for row in rows("--message", message_id)] == [message_id]
    assert [row["message_id"] for row in rows("--limit", "1")] == [message_id], "the newest"
    assert len(rows("--since", "1h")) == len(rows("--since", "2020-01-01")) == 3
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    assert rows("--since", tomorrow) == []


def test_people_get_a_table_in_which_nothing_moves_their_terminal() -> None:
    result = run("audit")
    assert result.exit_code == 0
    assert "\x1b" not in result.output
    assert r"alice\x1b[31m" in result.output
    header, first, *_ = result.output.splitlines()
    assert header.split()[:2] == ["when", "(UTC)"]
    assert operator.name() in first


@pytest.mark.parametrize(
    ("arguments", "exit_code", "about"),
    [
        (["--platform", "nope"], 1, "There is no platform nope"),
        (["--message", "nope"], 2, "not a valid UUID"),
        (["--since", "yesterday"], 2, "is neither like"),
        (["--limit", "0"], 2, "range"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments: list[str], exit_code: int, about: str) -> None:
    result = run("audit", *arguments)
    assert (result.exit_code, about in result.stderr) == (exit_code, True), result.output


def test_nothing_found_is_said_so() -> None:
    result = run("audit", "--message", str(uuid.uuid4()))
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "No event matches.\n")


def test_the_first_id_of_a_moment_lies_before_the_ids_of_that_moment() -> None:
    moment = datetime(2026, 11, 22, 15, 30, tzinfo=UTC)
    assert str(audit_store.first_id(moment)).startswith(f"{int(moment.timestamp() * 1000):012x}"[:8])
    assert audit_store.first_id(moment) < audit_store.first_id(moment + timedelta(milliseconds=1))


def test_who_came_through_sudo_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_USER", "alice")
    assert operator.name().startswith("alice as ")
    monkeypatch.delenv("SUDO_USER")
    monkeypatch.setattr(operator.os, "geteuid", lambda: 987_654)
    assert operator.name().startswith("987654@")
