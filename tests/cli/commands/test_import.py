"""`message-hub platform` and `message-hub import` as an operator sees them: output, errors, exit codes."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli import main
from tests.directory import files


@pytest.fixture(autouse=True)
def _database(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_DATABASE_URL", database_url)


def platform(*arguments: str) -> Result:
    return CliRunner().invoke(main.commands, ["platform", *arguments])


def import_(folder: Path, *arguments: str, key: str = "acme") -> Result:
    return CliRunner().invoke(main.commands, ["import", "--platform", key, str(folder), *arguments])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The platform `acme` is there; these are the files of 300 people, not yet imported."""
    assert platform("acme", "--name", "Acme", "--plan", "enterprise").exit_code == 0
    return files.crowd(300).write(tmp_path / "files")


def test_platform_says_in_one_line_what_happened() -> None:
    made = ("acme", "--name", "Acme", "--plan", "enterprise")
    issuer = ("--issuer", "https://id.example.org", "--jwks-url", "https://id.example.org/jwks")
    assert platform(*made).output == "Platform acme created: Acme, plan enterprise, directory version 0.\n"
    assert platform(*made).output == "Platform acme unchanged: Acme, plan enterprise, directory version 0.\n"
    assert (
        platform(*made, *issuer).output
        == "Platform acme updated: Acme, plan enterprise, tokens from https://id.example.org, directory version 1.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "exit_code", "about"),
    [
        (["-x-", "--name", "Acme", "--plan", "enterprise"], 2, "No such option"),
        (["a b", "--name", "Acme", "--plan", "enterprise"], 1, "cannot be a platform's key"),
        (["acme", "--name", "Acme", "--plan", "gold"], 2, "'gold' is not one of"),
        (["acme", "--plan", "standard"], 2, "Missing option '--name'"),
        (["acme", "--name", "Acme", "--plan", "standard", "--issuer", "https://id"], 1, "give both, or neither"),
    ],
)
def test_platform_refuses_with_a_reason(arguments: list[str], exit_code: int, about: str) -> None:
    result = platform(*arguments)
    assert result.exit_code == exit_code
    assert about in result.stderr
    assert result.stdout == ""


def test_import_shows_the_difference_and_the_new_version(folder: Path) -> None:
    result = import_(folder)
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "                      added     changed       ended   unchanged",
        "organisations             1           0           0           0",
        "clinics                   1           0           0           0",
        "users                   300           0           0           0",
        "memberships             300           0           0           0",
        "Platform acme now has directory version 1.",
    ]
    assert result.stderr.splitlines() == [
        "Reading organisations.csv …",
        "Reading clinics.csv …",
        "Reading users.csv …",
        "Reading memberships.csv …",
        "Checking references …",
        "Comparing …",
        "Writing users and memberships …",
        "Counting …",
        "Vacuuming …",
    ]
    assert import_(folder).stdout.endswith("Platform acme already is what the files say, directory version 1.\n")


def test_import_can_be_tried_first(folder: Path) -> None:
    result = import_(folder, "--dry-run")
    assert result.exit_code == 0
    assert "users                   300           0           0           0" in result.stdout
    assert result.stdout.endswith("Dry run: nothing was changed. Platform acme would get directory version 1.\n")
    assert import_(folder).stdout.endswith("Platform acme now has directory version 1.\n")


def test_import_names_every_bad_line_on_stderr(folder: Path) -> None:
    with (folder / "users.csv").open("a") as file:
        file.write("eve,,,active\nfay,Fay\n")
    (folder / "clinics.csv").unlink()
    result = import_(folder)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.splitlines()[-4:] == [
        "clinics.csv: the file is missing",
        "users.csv:302: name is empty",
        "users.csv:303: has 2 columns instead of 4",
        "Error: 3 bad lines. Nothing was changed; correct the files and import them again.",
    ]


def test_import_refuses_to_end_many_until_it_is_allowed(folder: Path, tmp_path: Path) -> None:
    import_(folder)
    fewer = files.crowd(200).write(tmp_path / "fewer")
    result = import_(fewer)
    assert result.exit_code == 1
    assert "users                     0           0         100         200" in result.stdout
    assert "would end 100 of 300 active users (33.3%)" in result.stderr
    assert "--allow-removals 100" in result.stderr
    assert import_(fewer, "--allow-removals", "99").exit_code == 1
    assert import_(fewer, "--allow-removals", "100").stdout.endswith("Platform acme now has directory version 2.\n")


def test_import_refuses_what_it_does_not_know(folder: Path, tmp_path: Path) -> None:
    unknown = import_(folder, key="nope")
    assert (unknown.exit_code, 'There is no platform "nope"' in unknown.stderr) == (1, True)
    missing = import_(tmp_path / "missing")
    assert (missing.exit_code, "does not exist" in missing.stderr) == (2, True)
    negative = import_(folder, "--allow-removals", "-1")
    assert negative.exit_code == 2
