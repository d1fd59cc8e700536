"""`message-hub platform` and `message-hub platforms` as an operator sees them: output, questions, errors, exit codes."""

import json

import pytest
from click.testing import CliRunner, Result

from cli import main

ENTERPRISE = ("acme", "--name", "Acme", "--plan", "enterprise")
STANDARD = ("acme", "--name", "Acme", "--plan", "standard")


@pytest.fixture(autouse=True)
def _database(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_DATABASE_URL", database_url)


def platform(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(main.commands, ["platform", *arguments], input=typed)


def platforms(*arguments: str) -> Result:
    return CliRunner().invoke(main.commands, ["platforms", *arguments])


def test_platform_says_in_one_line_what_happened() -> None:
    issuer = ("--issuer", "https://id.example.org", "--jwks-url", "https://id.example.org/jwks")
    assert platform(*ENTERPRISE).output == "Platform acme created: Acme, plan enterprise, directory version 0.\n"
    assert platform(*ENTERPRISE).output == "Platform acme unchanged: Acme, plan enterprise, directory version 0.\n"
    assert (
        platform(*ENTERPRISE, *issuer).output
        == "Platform acme updated: Acme, plan enterprise, tokens from https://id.example.org, directory version 1.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "exit_code", "about"),
    [
        (["-x-", "--name", "Acme", "--plan", "enterprise"], 2, "No such option"),
        (["a b", "--name", "Acme", "--plan", "enterprise"], 1, "cannot be a platform's key"),
        (["acme", "--name", "Acme", "--plan", "gold"], 2, "'gold' is not one of"),
        (["acme", "--plan", "standard"], 1, "needs --name and --plan"),
        (["acme", "--name", "Acme", "--plan", "standard", "--issuer", "https://id"], 1, "give both, or neither"),
    ],
)
def test_platform_refuses_with_a_reason(arguments: list[str], exit_code: int, about: str) -> None:
    result = platform(*arguments)
    assert result.exit_code == exit_code
    assert about in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("typed", ["n\n", ""])
def test_an_enterprise_platform_keeps_sending_unless_the_question_is_answered_with_yes(typed: str) -> None:
    platform(*ENTERPRISE)
    asked = platform(*STANDARD, typed=typed)
    assert asked.exit_code == 1
    assert "Nobody on platform acme will be able to send messages any more." in asked.stderr
    assert "--yes" in asked.stderr
    assert "plan enterprise" in platform(*ENTERPRISE).stdout
    assert "Platform acme updated: Acme, plan standard" in platform(*STANDARD, typed="y\n").stdout


def test_categories_are_repeated_options_and_replace_each_other() -> None:
    platform(*ENTERPRISE)
    assert platform("acme", "--category", "service", "--category", "training").exit_code == 0
    assert json.loads(platforms("--json").stdout)[0]["categories"] == ["service", "training"]
    result = platform("acme", *(f"--category={number}" for number in range(21)))
    assert (result.exit_code, "1 to 20 different categories" in result.stderr) == (1, True)


def test_nothing_is_asked_with_yes_nor_where_sending_is_not_taken_away() -> None:
    assert platform(*STANDARD).stderr == ""
    assert platform(*ENTERPRISE).stderr == ""
    assert platform(*ENTERPRISE).stderr == ""
    result = platform(*STANDARD, "--yes")
    assert (result.exit_code, result.stderr) == (0, "")


def test_platforms_are_listed_by_key() -> None:
    empty = platforms()
    assert (empty.exit_code, empty.stdout) == (0, "")
    assert "There is no platform yet" in empty.stderr
    platform("beta", "--name", "Beta", "--plan", "standard")
    platform(*ENTERPRISE, "--issuer", "https://id.example.org", "--jwks-url", "https://id.example.org/jwks")
    assert [line.split() for line in platforms().stdout.splitlines()] == [
        ["key", "name", "plan", "directory", "version", "issuer"],
        ["acme", "Acme", "enterprise", "0", "https://id.example.org"],
        ["beta", "Beta", "standard", "0", "-"],
    ]
    assert json.loads(platforms("--json").stdout)[1] == {
        "key": "beta", "name": "Beta", "plan": "standard", "directory_version": 0, "issuer": None, "jwks_url": None,
        "managed_by": "csv", "categories": ["service", "regulation", "feature", "other"],
    }  # fmt: skip
