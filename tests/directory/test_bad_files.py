"""Files that are refused: every bad line is reported with file, line and reason, and nothing changes."""

import shutil
from pathlib import Path

import pytest
from sqlalchemy import Engine

from services.directory import errors, report
from services.directory.actions import import_
from tests.directory import files


class Listener(report.Silent):
    """Keeps the bad lines."""

    def __init__(self) -> None:
        self.bad: list[tuple[str, int | None, str]] = []

    def bad_line(self, bad: report.BadLine) -> None:
        self.bad.append((bad.file, bad.line, bad.reason))


def refuse(engine: Engine, folder: Path) -> list[tuple[str, int | None, str]]:
    """The bad lines of an import that must be refused and must leave everything as it was."""
    with engine.connect() as connection:
        before = files.read_everything(connection)
    listener = Listener()
    with pytest.raises(errors.BadFilesError) as caught:
        import_.import_directory(engine, platform_key="acme", folder=folder, progress=listener)
    assert caught.value.count == len(listener.bad)
    assert [(bad.file, bad.line, bad.reason) for bad in caught.value.first] == listener.bad[:100]
    with engine.connect() as connection:
        assert files.read_everything(connection) == before
    return listener.bad


@pytest.fixture
def folder(engine: Engine, tmp_path: Path) -> Path:
    """The files of a directory that has been imported; tests spoil them."""
    files.run(engine, files.small(), tmp_path / "files")
    return tmp_path / "files"


def append(folder: Path, file: str, *lines: str) -> None:
    with (folder / file).open("a", encoding="utf-8") as opened:
        opened.write("".join(f"{line}\n" for line in lines))


@pytest.mark.parametrize(
    ("file", "line", "number", "reason"),
    [
        ("organisations.csv", "north,Again", 4, 'external_id "north" is already on line 2'),
        ("organisations.csv", "west,", 4, "name is empty"),
        ("clinics.csv", "n1,south,Again", 5, 'external_id "n1" is already on line 2'),
        ("clinics.csv", "w1,west,W one", 5, 'organisation "west" is not in organisations.csv'),
        ("clinics.csv", "w1,,W one", 5, "organisation is empty"),
        ("clinics.csv", "w1,n1,W one", 5, 'organisation "n1" is not in organisations.csv'),
        ("users.csv", "ada,Ada,,active", 8, 'external_id "ada" is already on line 2'),
        ("users.csv", "eve,Eve,,gone", 8, 'status "gone" is not one of active, pending, disabled'),
        ("users.csv", "a\u0301,Á,,active\ná,Á,,active", 9, 'external_id "á" is already on line 8'),
        ("memberships.csv", "a\u200bda,platform,,member", 9, "user contains the invisible character U+200B"),
        ("memberships.csv", "eve,platform,,member", 9, 'user "eve" is not in users.csv'),
        ("memberships.csv", "ada,organisation,west,member", 9, 'organisation "west" is not in organisations.csv'),
        ("memberships.csv", "ada,organisation,n1,member", 9, 'organisation "n1" is not in organisations.csv'),
        ("memberships.csv", "ada,clinic,north,member", 9, 'clinic "north" is not in clinics.csv'),
        ("memberships.csv", "ada,clinic,n1,owner", 9, 'role "owner" is not one of member, administrator'),
        ("memberships.csv", "ada,platform,n1,member", 9, "scope must be empty where level is platform"),
    ],
)
def test_one_bad_line_refuses_the_import(
    engine: Engine, folder: Path, file: str, line: str, number: int, reason: str
) -> None:
    append(folder, file, line)
    assert refuse(engine, folder) == [(file, number, reason)]


def test_bad_lines_of_all_files_are_reported_together_in_order(engine: Engine, folder: Path) -> None:
    append(folder, "memberships.csv", "nobody,clinic,nowhere,member", "ada,clinic,n1,owner")
    append(folder, "users.csv", '"eve",Eve,eve@example.org', 'fay,"F\nay",,active', "gus,,,active")
    append(folder, "organisations.csv", "north,Again", "north,And again")
    assert refuse(engine, folder) == [
        ("organisations.csv", 4, 'external_id "north" is already on line 2'),
        ("organisations.csv", 5, 'external_id "north" is already on line 2'),
        ("users.csv", 8, "has 3 columns instead of 4"),
        ("users.csv", 9, "name contains a line break"),
        ("users.csv", 11, "name is empty"),
        ("memberships.csv", 9, 'clinic "nowhere" is not in clinics.csv'),
        ("memberships.csv", 9, 'user "nobody" is not in users.csv'),
        ("memberships.csv", 10, 'role "owner" is not one of member, administrator'),
    ]


def test_lines_that_refer_to_a_bad_line_are_not_bad_themselves(engine: Engine, folder: Path) -> None:
    append(folder, "organisations.csv", "west")
    append(folder, "clinics.csv", "w1,west,")
    append(folder, "users.csv", "eve,,,active")
    append(folder, "memberships.csv", "eve,clinic,w1,member")
    assert refuse(engine, folder) == [
        ("organisations.csv", 4, "has 1 columns instead of 2"),
        ("clinics.csv", 5, "name is empty"),
        ("users.csv", 8, "name is empty"),
    ]


@pytest.mark.parametrize("file", ["organisations.csv", "clinics.csv", "users.csv", "memberships.csv"])
def test_a_missing_file_is_the_only_thing_reported(engine: Engine, folder: Path, file: str) -> None:
    (folder / file).unlink()
    assert refuse(engine, folder) == [(file, None, "the file is missing")]


def test_a_wrong_header_does_not_hide_what_is_wrong_in_other_files(engine: Engine, folder: Path) -> None:
    (folder / "clinics.csv").write_text("id,organisation,name\nn1,north,N one\n")
    append(folder, "users.csv", "eve,Eve,,gone")
    append(folder, "memberships.csv", "nobody,clinic,n1,member")
    found = refuse(engine, folder)
    assert [(file, line) for file, line, _reason in found] == [
        ("clinics.csv", 1),
        ("users.csv", 8),
        ("memberships.csv", 9),
    ]


def test_an_empty_folder_lacks_four_files(engine: Engine, folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()
    assert [file for file, _line, _reason in refuse(engine, folder)] == [
        "organisations.csv",
        "clinics.csv",
        "users.csv",
        "memberships.csv",
    ]


def test_every_one_of_thousands_of_bad_lines_is_reported(engine: Engine, folder: Path) -> None:
    append(folder, "users.csv", *(f"x{number},X,,gone" for number in range(50_000)))
    found = refuse(engine, folder)
    assert [line for _file, line, _reason in found] == list(range(8, 50_008))


def test_lines_that_name_a_user_in_another_normal_form_mean_the_same_user(engine: Engine, folder: Path) -> None:
    append(folder, "users.csv", "rene\u0301,René,,active")
    append(folder, "memberships.csv", "rené,clinic,n1,member")
    outcome = import_.import_directory(engine, platform_key="acme", folder=folder)
    assert (outcome.users.added, outcome.memberships.added) == (1, 1)


def test_ids_that_differ_only_by_case_are_imported_with_a_warning(engine: Engine, folder: Path) -> None:
    append(folder, "users.csv", "ADA,Ada,,active", "Ben,Ben,,active", "ÉVA,Éva,,active", "éva,Éva,,active")
    append(folder, "clinics.csv", "N1,south,N one")
    outcome = import_.import_directory(engine, platform_key="acme", folder=folder)
    assert outcome.warnings[0] == 'clinics.csv: 2 ids differ only by case, such as "n1" and "N1"'
    assert outcome.warnings[1].startswith("users.csv: 6 ids differ only by case, such as ")
    assert len(outcome.warnings) == 2


def test_values_that_the_database_could_take_for_syntax_arrive_as_they_are(engine: Engine, tmp_path: Path) -> None:
    odd = r"\N\\.\t'; DROP TABLE users; -- %s :name {}"
    state = files.Files(
        organisations={odd: odd},
        clinics={r"\.": (odd, "\\")},
        users={r"\N": (odd, r"\n", "active")},
        memberships=[(r"\N", "clinic", r"\.", "member")],
    )
    files.run(engine, state, tmp_path / "files")
    with engine.connect() as connection:
        assert files.read_in_force(connection) == state.in_force()
    assert files.run(engine, state, tmp_path / "files").is_empty
