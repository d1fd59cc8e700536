"""What an import does to a directory that is there already."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from services.directory import errors, report
from services.directory.actions import import_, platforms
from shared import db
from tests.directory import files

UNCHANGED = report.Difference(0, 0, 0, 0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "files"


def in_force(engine: Engine, version: int | None = None) -> set[files.Membership]:
    with engine.connect() as connection:
        return files.read_in_force(connection, version=version)


def everything(engine: Engine) -> dict[str, list[tuple[object, ...]]]:
    with engine.connect() as connection:
        return files.read_everything(connection)


def status_of(engine: Engine, user: str) -> str:
    with engine.connect() as connection:
        return str(
            connection.execute(text("SELECT status FROM users WHERE external_id = :user"), {"user": user}).scalar_one()
        )


def test_a_first_import_puts_the_files_in_force_in_one_version(engine: Engine, folder: Path) -> None:
    outcome = files.run(engine, files.small(), folder)
    assert outcome == report.ImportReport(
        platform_key="acme",
        dry_run=False,
        organisations=report.Difference(2, 0, 0, 0),
        clinics=report.Difference(3, 0, 0, 0),
        users=report.Difference(6, 0, 0, 0),
        memberships=report.Difference(5, 0, 0, 0),
        directory_version=1,
    )
    assert in_force(engine) == files.small().in_force()
    assert in_force(engine, version=0) == set()
    with engine.connect() as connection:
        assert files.read_counts(connection) == files.small().counts()


def test_importing_the_same_again_writes_no_row(engine: Engine, folder: Path) -> None:
    files.run(engine, files.small(), folder)
    before = everything(engine)
    outcome = files.run(engine, files.small(), folder)
    assert outcome.is_empty
    assert outcome.directory_version == 1
    assert outcome.memberships == report.Difference(0, 0, 0, 5)
    assert everything(engine) == before


def test_the_order_of_lines_and_repeated_memberships_change_nothing(engine: Engine, folder: Path) -> None:
    files.run(engine, files.small(), folder)
    before = everything(engine)
    again = files.small()
    again.users = dict(reversed(again.users.items()))
    again.memberships = [
        *reversed(again.memberships),
        ("cleo", "clinic", "n1", "member"),
        ("cleo", "clinic", "n2", "member"),
        ("dan", "platform", "", "member"),
        ("ada", "platform", "", "member"),
    ]
    assert files.run(engine, again, folder).is_empty
    assert everything(engine) == before


def test_only_what_changed_is_written(engine: Engine, folder: Path) -> None:
    files.run(engine, files.small(), folder)
    before = everything(engine)
    changed = files.small()
    changed.users["cleo"] = ("Cleo Two", "cleo@example.org", "active")
    changed.memberships.append(("dan", "clinic", "s1", "member"))
    outcome = files.run(engine, changed, folder)
    assert outcome.users == report.Difference(0, 1, 0, 5)
    assert outcome.memberships == report.Difference(1, 0, 0, 5)
    after = everything(engine)
    rewritten = {table: len(set(rows) - set(after[table])) for table, rows in before.items()}
    # The counts: of the clinic, and of its organisation.
    assert rewritten == {"platforms": 1, "scopes": 2, "scope_ancestors": 0, "users": 1, "memberships": 0}
    # Of the clinic, and the implied one of its organisation.
    assert len(after["memberships"]) == len(before["memberships"]) + 2


def test_a_changed_name_alone_makes_a_new_version(engine: Engine, folder: Path) -> None:
    files.run(engine, files.small(), folder)
    changed = files.small()
    changed.organisations["north"] = "Northern"
    assert files.run(engine, changed, folder).directory_version == 2
    assert in_force(engine) == files.small().in_force()


def test_who_is_missing_is_disabled_and_comes_back(engine: Engine, folder: Path) -> None:
    files.run(engine, files.small(), folder)
    without = files.small()
    del without.users["cleo"], without.users["pia"]
    without.memberships = [row for row in without.memberships if row[0] not in ("cleo", "pia")]
    outcome = files.run(engine, without, folder)
    assert outcome.users == report.Difference(0, 0, 2, 4)
    assert outcome.memberships == report.Difference(0, 0, 2, 3)
    assert (status_of(engine, "cleo"), status_of(engine, "pia")) == ("disabled", "disabled")
    assert in_force(engine) == without.in_force()
    assert files.run(engine, without, folder).is_empty

    outcome = files.run(engine, files.small(), folder)
    assert (outcome.users.added, outcome.users.changed) == (0, 2)
    assert status_of(engine, "cleo") == "active"
    assert [in_force(engine, version=version) for version in (1, 2, 3)] == [
        files.small().in_force(),
        without.in_force(),
        files.small().in_force(),
    ]


def test_scopes_that_are_missing_end_with_their_memberships_and_come_back(engine: Engine, folder: Path) -> None:
    files.run(engine, files.small(), folder)
    without = files.small()
    del without.organisations["north"], without.clinics["n1"], without.clinics["n2"]
    without.memberships = [row for row in without.memberships if row[2] not in ("north", "n1", "n2")]
    outcome = files.run(engine, without, folder)
    assert (outcome.organisations.ended, outcome.clinics.ended, outcome.memberships.ended) == (1, 2, 3)
    assert in_force(engine) == without.in_force()
    with engine.connect() as connection:
        assert files.read_counts(connection) == without.counts()
        active = text("SELECT external_id FROM scopes WHERE active AND parent_id IS NOT NULL")
        assert set(connection.execute(active).scalars()) == {"south", "s1"}

    files.run(engine, files.small(), folder)
    assert in_force(engine) == files.small().in_force()
    assert in_force(engine, version=2) == without.in_force()
    with engine.connect() as connection:
        assert files.read_counts(connection) == files.small().counts()
        assert connection.execute(text("SELECT count(*) FROM scopes WHERE level = 'clinic'")).scalar_one() == 3


def test_a_clinic_that_moves_takes_its_people_to_the_other_organisation(engine: Engine, folder: Path) -> None:
    files.run(engine, files.small(), folder)
    moved = files.small()
    moved.clinics["n1"] = ("south", "N one")
    outcome = files.run(engine, moved, folder)
    assert outcome.clinics == report.Difference(0, 1, 0, 2)
    assert outcome.memberships == report.Difference(0, 0, 0, 5), "what is stated stays; the implied memberships follow"
    assert ("cleo", "organisation", "south", "implied") in in_force(engine)
    assert in_force(engine) == moved.in_force()
    assert in_force(engine, version=1) == files.small().in_force()
    with engine.connect() as connection:
        assert files.read_counts(connection) == moved.counts()


@pytest.mark.parametrize("status", ["pending", "disabled"])
def test_who_is_no_longer_active_is_nowhere(engine: Engine, folder: Path, status: str) -> None:
    files.run(engine, files.small(), folder)
    changed = files.small()
    changed.users["cleo"] = ("Cleo", "cleo@example.org", status)
    changed.users["pia"] = ("Pia", "pia@example.org", "active")
    outcome = files.run(engine, changed, folder)
    assert outcome.memberships == report.Difference(added=1, changed=0, ended=2, unchanged=3)
    assert in_force(engine) == changed.in_force()
    assert {user for user, *_ in in_force(engine)} == {"ada", "ben", "dan", "pia"}


def test_a_role_changes_by_a_row_that_ends_and_one_that_begins(engine: Engine, folder: Path) -> None:
    files.run(engine, files.small(), folder)
    changed = files.small()
    changed.memberships = [
        ("ada", "platform", "", "member"),
        *changed.memberships[1:],
        ("cleo", "clinic", "n1", "administrator"),
    ]
    outcome = files.run(engine, changed, folder)
    assert outcome.memberships == report.Difference(added=0, changed=1, ended=1, unchanged=3)
    assert in_force(engine) == changed.in_force()
    assert in_force(engine, version=1) == files.small().in_force()


def test_platforms_do_not_see_each_other(engine: Engine, folder: Path) -> None:
    platforms.put_platform(engine, key="other", name="Other", plan="standard")
    files.run(engine, files.small(), folder)
    other = files.crowd(3)
    other.users["ada"] = ("Another Ada", "", "active")
    files.run(engine, other, folder, key="other")
    assert files.run(engine, files.small(), folder).is_empty
    with engine.connect() as connection:
        assert files.read_in_force(connection, key="acme") == files.small().in_force()
        assert files.read_in_force(connection, key="other") == other.in_force()


def test_a_dry_run_tells_the_same_difference_and_leaves_nothing(engine: Engine, folder: Path) -> None:
    files.run(engine, files.small(), folder)
    before = everything(engine)
    changed = files.small()
    changed.users["eve"] = ("Eve", "", "active")
    changed.users["dan"] = ("Dan", "", "disabled")
    changed.clinics["n1"] = ("south", "N one")
    changed.memberships.append(("eve", "clinic", "s1", "administrator"))
    tried = import_.import_directory(engine, platform_key="acme", folder=changed.write(folder), dry_run=True)
    assert everything(engine) == before
    done = files.run(engine, changed, folder)
    assert tried.dry_run
    assert not done.dry_run
    for what in ("organisations", "clinics", "users", "memberships", "directory_version"):
        assert getattr(tried, what) == getattr(done, what)


def test_an_unknown_platform_is_named(engine: Engine, folder: Path) -> None:
    with pytest.raises(errors.UnknownPlatformError, match='no platform "nope"'):
        files.run(engine, files.small(), folder, key="nope")


def test_an_import_leaves_the_limits_of_its_connection_as_they_were(
    make_engine: Callable[..., Engine], folder: Path
) -> None:
    engine = make_engine(db.DIRECTORY_ROLE, pool_size=1)
    names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "work_mem", "jit")

    def limits() -> list[str]:
        with engine.connect() as connection:
            return [str(connection.execute(text(f"SHOW {name}")).scalar_one()) for name in names]

    platforms.put_platform(engine, key="acme", name="Acme", plan="enterprise")
    before = limits()
    assert files.run(engine, files.small(), folder).is_vacuumed
    assert limits() == before
    assert files.run(engine, files.small(), folder).is_empty
    assert limits() == before


def test_afterwards_the_tables_are_vacuumed_and_analyzed(
    owner_engine: Engine, make_engine: Callable[..., Engine], folder: Path
) -> None:
    # The tests' server commits lazily, and what is not yet flushed cannot be marked as visible to all.
    with owner_engine.begin() as connection:
        database = connection.execute(text("SELECT current_database()")).scalar_one()
        connection.execute(text(f"ALTER DATABASE {database} SET synchronous_commit = on"))
    engine = make_engine(db.DIRECTORY_ROLE)
    platforms.put_platform(engine, key="acme", name="Acme", plan="enterprise")
    files.run(engine, files.crowd(2_000), folder)
    with engine.connect() as connection:
        rows = connection.execute(
            text("""
                SELECT relname, reltuples, relallvisible = relpages FROM pg_class
                WHERE relname IN ('scopes', 'scope_ancestors', 'users', 'memberships')
            """)
        )
        assert {tuple(row) for row in rows} == {
            ("scopes", 3, True),
            ("scope_ancestors", 6, True),
            ("users", 2_000, True),
            ("memberships", 5_998, True),
        }
