"""Whatever stands on the command line: an exit code and a sentence, never a traceback, and nothing half done."""

import uuid
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli import main

# What shells, scripts and copied text bring; "\udcff" is how Python hands over the byte 0xFF.
TEXTS = {
    "empty": "",
    "blank": " ",
    "not UTF-8": "a\udcffb",
    "half a surrogate pair": "\ud83d",
    "an escape sequence": "\x1b[31mred",
    "two lines": "a\nb",
    "SQL": "'; DROP TABLE users; --",
    "placeholders": "%s %(x)s {} :name",
    "a direction override": "\u202eabc",
    "a byte order mark": "\ufeff",
    "a path": "../../etc",
    "an option": "--user",
    "very long": "x" * 100_000,
    "NULL of COPY": r"\N",
}
NUMBERS = ["", " ", "0", "-1", "1e9", "1.5", "NaN", "0x10", "٣x", "9" * 18, "1" * 400, "1" * 5_000]


@pytest.fixture(autouse=True)
def _hub(module_database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_DATABASE_URL", module_database_url)
    monkeypatch.setenv("HUB_JWT_SECRET", "only-for-these-tests-0123456789abcdef")
    assert run("platform", "acme", "--name", "Acme", "--plan", "enterprise").exit_code == 0


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main.commands, list(arguments))


def refused(*arguments: str) -> str:
    """What is said, on stderr, of a command line that must be refused."""
    result = run(*arguments)
    assert isinstance(result.exception, SystemExit), repr(result.exception)
    assert result.exit_code in (1, 2)
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert "Error: " in result.stderr
    return result.stderr


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_platform_or_user_that_cannot_be_is_refused_with_a_sentence(text: str, tmp_path: Path) -> None:
    key_only = ["platform", "--name", "Acme", "--plan", "enterprise", "--", text]
    refused(*key_only)
    refused("platform", "acme", "--name", "Acme", "--plan", text)
    refused("import", "--platform", text, str(tmp_path))
    refused("token", "--platform", text, "--user", "somebody")
    refused("token", "--platform", "acme", "--user", text)
    for command in ("status", "verify"):
        refused(command, "--", text)
    refused("explain", "--", text, "somebody")
    refused("explain", "--", str(uuid.UUID(int=0)), text)
    refused("--", text)
    assert run("platform", "acme", "--name", "Acme", "--plan", "enterprise").stdout.startswith(
        "Platform acme unchanged"
    )


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_list_of_a_platform_that_cannot_be_is_empty_or_refused(text: str) -> None:
    for command in (
        ["audit", "--platform", text],
        ["verify", "--all", "--platform", text],
        ["verify", "--since", text],
    ):
        result = run(*command)
        assert isinstance(result.exception, SystemExit | None), repr(result.exception)
        assert result.exit_code in (0, 1, 2)
        assert "Traceback" not in result.output


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_name_or_issuer_is_taken_as_it_is_or_refused(text: str) -> None:
    for options in (["--name", text], ["--name", "Acme", "--issuer", text, "--jwks-url", "https://id.example.org"]):
        result = run("platform", "acme", "--plan", "enterprise", *options)
        assert isinstance(result.exception, SystemExit | None), repr(result.exception)
        assert result.exit_code in (0, 1, 2)
        assert result.exit_code != 0 or (text.strip() in result.stdout and len(text) <= 500)


@pytest.mark.parametrize(
    "text", ["", " ", "\udcff", "x" * 3_000, "https://", "https://[", "javascript:x", "https://a b", "//a"]
)
def test_an_address_that_is_none_is_refused(text: str) -> None:
    refused("platform", "acme", "--name", "Acme", "--plan", "enterprise", "--issuer", "x", "--jwks-url", text)


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: number[:12] or "empty")
def test_a_number_that_makes_no_sense_is_refused(number: str, tmp_path: Path) -> None:
    assert "--ttl" in refused("token", "--platform", "acme", "--user", "somebody", f"--ttl={number}")
    assert "--limit" in refused("audit", f"--limit={number}")
    if number != "0":
        assert "--since" in refused("verify", f"--since={number}d")
        assert "--allow-removals" in refused(
            "import", "--platform", "acme", str(tmp_path), f"--allow-removals={number}"
        )
