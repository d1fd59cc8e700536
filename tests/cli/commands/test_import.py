"""`message-hub import` as an operator sees it: output, errors, exit codes."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli import main
from tests.directory import files


@pytest.fixture(autouse=True)
def _database(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_DATABASE_URL", database_url)


def import_(folder: Path, *arguments: str, key: str = "acme") -> Result:
    return CliRunner().invoke(main.commands, ["import", "--platform", key, str(folder), *arguments])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The platform `acme` is there; these are the files of 300 people, not yet imported."""
    made = CliRunner().invoke(main.commands, ["platform", "acme", "--name", "Acme", "--plan", "enterprise"])
    assert made.exit_code == 0
    return files.crowd(300).write(tmp_path / "files")


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


def test_import_shows_the_first_bad_lines_and_counts_the_rest(folder: Path) -> None:
    with (folder / "users.csv").open("a") as file:
        file.writelines(f"eve-{number},,,active\n" for number in range(30))
    shown = import_(folder).stderr.splitlines()
    bad = [line for line in shown if line.startswith("users.csv:")]
    assert (len(bad), bad[0]) == (20, "users.csv:302: name is empty")
    assert shown[-2] == "… and 10 more; --all-lines shows them all."
    assert shown[-1].startswith("Error: 30 bad lines.")
    everything = import_(folder, "--all-lines").stderr.splitlines()
    assert sum(line.startswith("users.csv:") for line in everything) == 30
    assert not any("--all-lines" in line for line in everything)


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


def test_import_warns_of_a_platform_without_an_administrator_where_that_is_allowed(folder: Path) -> None:
    lines = (folder / "memberships.csv").read_text().splitlines()
    (folder / "memberships.csv").write_text("\n".join(line for line in lines if "administrator" not in line))
    for arguments in ([], ["--dry-run"]):
        refused = import_(folder, *arguments)
        assert (refused.exit_code, "--allow-no-administrator" in refused.stderr) == (1, True)
        assert "users                   300           0           0           0" in refused.stdout
    for arguments in (["--dry-run"], []):
        allowed = import_(folder, "--allow-no-administrator", *arguments)
        assert allowed.exit_code == 0
        assert "Warning: No active user administers the platform." in allowed.stderr


def test_import_refuses_what_it_does_not_know(folder: Path, tmp_path: Path) -> None:
    unknown = import_(folder, key="nope")
    assert (unknown.exit_code, 'There is no platform "nope"' in unknown.stderr) == (1, True)
    missing = import_(tmp_path / "missing")
    assert (missing.exit_code, "does not exist" in missing.stderr) == (2, True)
    negative = import_(folder, "--allow-removals", "-1")
    assert negative.exit_code == 2
