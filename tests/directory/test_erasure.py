"""People who left: their name and e-mail address go after a time, and nothing else changes for those who remain."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from services.directory import errors, report
from services.directory.actions import erasure, import_, platforms
from tests.directory import files

ERASED = ("Former user", "", "disabled", True)


@pytest.fixture
def folder(engine: Engine, tmp_path: Path) -> Path:
    """A directory that has been imported: ben is no longer in its files, cleo and dis are disabled in them, dan is pending."""
    files.run(engine, files.small(), tmp_path / "files")
    state = files.small()
    del state.users["ben"]
    state.memberships = [row for row in state.memberships if row[0] != "ben"]
    state.users["cleo"] = ("Cleo", "cleo@example.org", "disabled")
    state.users["dan"] = ("Dan", "", "pending")
    files.run(engine, state, tmp_path / "files")
    return tmp_path / "files"


def run(engine: Engine, folder: Path, *, days: int, dry_run: bool = False) -> report.ImportReport:
    return import_.import_directory(
        engine, platform_key="acme", folder=folder, dry_run=dry_run, options=report.Options(former_user_days=days)
    )


def person(engine: Engine, external_id: str) -> tuple[Any, ...]:
    """Name, e-mail address, status, and whether they were erased."""
    with engine.connect() as connection:
        statement = text(
            "SELECT name, email, status, erased_at IS NOT NULL FROM users WHERE external_id = :external_id"
        )
        return tuple(connection.execute(statement, {"external_id": external_id}).one())


def left_days_ago(owner: Engine, external_id: str, days: int) -> None:
    with owner.begin() as connection:
        statement = text(
            "UPDATE users SET disabled_at = now() - :days * interval '1 day' WHERE external_id = :external_id"
        )
        assert connection.execute(statement, {"external_id": external_id, "days": days}).rowcount == 1


def test_an_import_erases_who_left_long_ago_whether_the_files_still_name_them_or_not(
    engine: Engine, owner_engine: Engine, folder: Path
) -> None:
    for name in ("ben", "cleo"):
        left_days_ago(owner_engine, name, 91)
    left_days_ago(owner_engine, "dis", 89)
    assert run(engine, folder, days=90, dry_run=True).erased == 2
    assert person(engine, "ben") == ("Ben", "ben@example.org", "disabled", False)
    done = run(engine, folder, days=90)
    assert (done.erased, done.users.is_empty, done.directory_version) == (2, True, 3)
    assert person(engine, "ben") == person(engine, "cleo") == ERASED
    assert person(engine, "dis") == ("Dis", "dis@example.org", "disabled", False)
    assert person(engine, "dan") == ("Dan", "", "pending", False)


def test_the_next_import_changes_nothing(engine: Engine, folder: Path) -> None:
    assert run(engine, folder, days=0).erased == 3
    assert run(engine, folder, days=0).is_empty
    assert person(engine, "cleo") == ERASED


def test_who_comes_back_gets_the_name_of_the_files_and_may_leave_again(engine: Engine, folder: Path) -> None:
    run(engine, folder, days=0)
    files.run(engine, files.small(), folder)
    assert person(engine, "ben") == ("Ben", "ben@example.org", "active", False)
    assert person(engine, "cleo") == ("Cleo", "cleo@example.org", "active", False)
    assert person(engine, "dis") == ERASED
    state = files.small()
    state.users["ben"] = ("Ben", "ben@example.org", "disabled")
    files.run(engine, state, folder)
    assert person(engine, "ben") == ("Ben", "ben@example.org", "disabled", False), "the time starts again"
    assert run(engine, folder, days=0).erased == 1


def test_who_comes_back_in_time_is_not_erased(engine: Engine, owner_engine: Engine, folder: Path) -> None:
    left_days_ago(owner_engine, "ben", 500)
    files.small().write(folder)
    assert run(engine, folder, days=400).erased == 0
    assert person(engine, "ben") == ("Ben", "ben@example.org", "active", False)


def test_a_refused_import_erases_nobody(engine: Engine, folder: Path) -> None:
    (folder / "memberships.csv").write_text("user,level,scope,role\n")
    with pytest.raises(errors.EmptyFileError):
        run(engine, folder, days=0)
    assert person(engine, "ben") == ("Ben", "ben@example.org", "disabled", False)


def test_one_person_is_erased_on_request_and_audited_without_a_name(
    engine: Engine, owner_engine: Engine, folder: Path
) -> None:
    values = {"platform_key": "acme", "former_user_days": 90, "operator": "alice@host"}
    assert [erasure.erase_former_users(engine, user="ben", **values) for _ in range(2)] == [1, 0]
    assert erasure.erase_former_users(engine, **values) == 0
    with pytest.raises(errors.UserNotDisabledError, match="ada is active"):
        erasure.erase_former_users(engine, user="ada", **values)
    with pytest.raises(errors.UnknownUserError, match='no user "eve"'):
        erasure.erase_former_users(engine, user="eve", **values)
    assert (person(engine, "ben"), person(engine, "dis")[3]) == (ERASED, False)
    with owner_engine.connect() as connection:
        ben = connection.execute(text("SELECT id FROM users WHERE external_id = 'ben'")).scalar_one()
        trail = connection.execute(
            text("""
                SELECT outcome, reason, directory_version, detail FROM audit_events WHERE action = 'erase' ORDER BY id
            """)
        )
        assert [tuple(row) for row in trail] == [
            ("changed", None, 3, f"user {ben}"),
            ("unchanged", None, 3, f"user {ben}"),
            ("unchanged", None, 3, "erased 0"),
            ("refused", "user-not-disabled", None, "platform acme"),
            ("refused", "unknown-user", None, "platform acme"),
        ]


def test_those_of_another_platform_keep_their_names(engine: Engine, folder: Path, tmp_path: Path) -> None:
    platforms.put_platform(engine, key="other", name="Other", plan="enterprise")
    files.run(engine, files.Files(users={"zoe": ("Zoe", "", "disabled")}), tmp_path / "other", key="other")
    assert erasure.erase_former_users(engine, platform_key="acme", former_user_days=0) == 3
    assert person(engine, "zoe") == ("Zoe", "", "disabled", False)
