"""A truncated file must not switch a platform off."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from services.directory import errors, report
from services.directory.actions import import_
from tests.directory import files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "files"


def without_people(state: files.Files, count: int) -> files.Files:
    for user in list(state.users)[:count]:
        del state.users[user]
    state.memberships = [row for row in state.memberships if row[0] in state.users]
    return state


@pytest.mark.parametrize(
    ("before", "leaving"),
    [
        pytest.param(200, 20, id="20 may always go"),
        pytest.param(21, 20, id="20 of 21"),
        pytest.param(300, 30, id="10 percent may go"),
    ],
)
def test_a_few_or_a_tenth_may_end_unasked(engine: Engine, folder: Path, before: int, leaving: int) -> None:
    files.run(engine, files.crowd(before), folder)
    assert files.run(engine, without_people(files.crowd(before), leaving), folder).users.ended == leaving


@pytest.mark.parametrize(("before", "leaving"), [(209, 21), (300, 31), (1000, 999)])
def test_more_is_refused_with_numbers_and_advice_and_changes_nothing(
    engine: Engine, folder: Path, before: int, leaving: int
) -> None:
    files.run(engine, files.crowd(before), folder)
    with engine.connect() as connection:
        everything = files.read_everything(connection)
    smaller = without_people(files.crowd(before), leaving)
    for allowed in (0, leaving - 1):
        with pytest.raises(errors.TooManyRemovalsError) as caught:
            files.run(engine, smaller, folder, allow_removals=allowed)
        assert f"{leaving:,} of {before:,} active users" in str(caught.value)
        assert f"{leaving:,} of {before:,} active memberships" in str(caught.value)
        assert f"--allow-removals {leaving}" in str(caught.value)
        assert caught.value.refused.users.ended == leaving
    with engine.connect() as connection:
        assert files.read_everything(connection) == everything
    assert files.run(engine, smaller, folder, allow_removals=leaving).users.ended == leaving


def test_memberships_alone_are_guarded(engine: Engine, folder: Path) -> None:
    files.run(engine, files.crowd(300), folder)
    fewer = files.crowd(300)
    del fewer.memberships[:31]
    with pytest.raises(errors.TooManyRemovalsError, match=r"end 31 of 300 active memberships \(10.3%\)\. "):
        files.run(engine, fewer, folder)
    assert files.run(engine, fewer, folder, allow_removals=31).memberships.ended == 31


def test_scopes_alone_are_guarded(engine: Engine, folder: Path) -> None:
    many = files.crowd(1)
    many.clinics |= {f"c{number}": ("org", f"Clinic {number}") for number in range(30)}
    files.run(engine, many, folder)
    with pytest.raises(errors.TooManyRemovalsError, match="30 of 31 active clinics"):
        files.run(engine, files.crowd(1), folder)
    assert files.run(engine, files.crowd(1), folder, allow_removals=30).clinics.ended == 30


def test_people_whom_the_file_disables_count_like_those_it_leaves_out(engine: Engine, folder: Path) -> None:
    files.run(engine, files.crowd(100), folder)
    disabled = files.crowd(100)
    disabled.users = {user: (name, email, "disabled") for user, (name, email, _status) in disabled.users.items()}
    with pytest.raises(errors.TooManyRemovalsError, match="100 of 100 active users"):
        files.run(engine, disabled, folder)


def test_people_who_were_not_active_do_not_count(engine: Engine, folder: Path) -> None:
    pending = files.crowd(100)
    pending.users = {user: (name, email, "pending") for user, (name, email, _status) in pending.users.items()}
    files.run(engine, pending, folder)
    assert files.run(engine, without_people(files.crowd(100), 99), folder).users.ended == 99


def test_a_clinic_that_moves_ends_nothing(engine: Engine, folder: Path) -> None:
    files.run(engine, files.crowd(100), folder)
    moved = files.crowd(100)
    moved.organisations["elsewhere"] = "Elsewhere"
    moved.clinics["clinic"] = ("elsewhere", "Clinic")
    outcome = files.run(engine, moved, folder)
    assert (outcome.clinics.changed, outcome.memberships.ended) == (1, 0)


def with_clinic_administrators(count: int, role: str = "administrator") -> files.Files:
    """2,000 people, of whom the last `count` have `role` in the clinic."""
    state = files.crowd(2_000)
    state.memberships[-count:] = [(user, level, scope, role) for user, level, scope, _ in state.memberships[-count:]]
    return state


def test_a_file_cut_before_the_administrators_lines_is_refused(engine: Engine, folder: Path) -> None:
    files.run(engine, with_clinic_administrators(28), folder)
    cut = with_clinic_administrators(28)
    del cut.memberships[-28:]
    with pytest.raises(
        errors.TooManyRemovalsError, match=r"end 28 of 29 active administrators \(96\.6%\)\. "
    ) as caught:
        files.run(engine, cut, folder)
    assert caught.value.refused.memberships.ended == 28
    assert files.run(engine, cut, folder, allow_removals=28).memberships.ended == 28


def test_administrators_who_become_members_count_and_members_who_become_administrators_do_not(
    engine: Engine, folder: Path
) -> None:
    files.run(engine, with_clinic_administrators(28, "member"), folder)
    assert files.run(engine, with_clinic_administrators(28), folder).memberships.changed == 28
    with pytest.raises(errors.TooManyRemovalsError, match="28 of 29 active administrators"):
        files.run(engine, with_clinic_administrators(28, "member"), folder)


def test_the_administrators_of_one_level_are_guarded_by_themselves(engine: Engine, folder: Path) -> None:
    def state(role: str) -> files.Files:
        everyone = with_clinic_administrators(900)
        everyone.memberships += [(user, "organisation", "org", role) for user in list(everyone.users)[:40]]
        return everyone

    files.run(engine, state("administrator"), folder)
    with pytest.raises(errors.TooManyRemovalsError, match="40 of 40 active organisation administrators"):
        files.run(engine, state("member"), folder)


@pytest.mark.parametrize("file", ["organisations", "clinics", "users", "memberships"])
def test_a_file_with_a_header_only_is_always_refused_where_the_platform_has_rows(
    engine: Engine, folder: Path, file: str
) -> None:
    """Also with few rows, and whatever is allowed; a line of separators is no row."""
    state = files.small()
    if file != "memberships":
        state.memberships = [("ada", "platform", "", "administrator")] if file != "users" else []
    if file == "organisations":
        state.clinics = {}
    files.run(engine, state, folder)
    header, *_rows = (folder / f"{file}.csv").read_text().splitlines()
    (folder / f"{file}.csv").write_text(f"{header}\n , ,\n")
    for dry_run in (True, False):
        with pytest.raises(errors.EmptyFileError, match=f"{file}.csv has no rows, and the platform has"):
            import_.import_directory(
                engine,
                platform_key="acme",
                folder=folder,
                dry_run=dry_run,
                options=report.Options(allow_removals=10**9, allow_no_administrator=True),
            )


def test_a_header_alone_is_fine_where_the_platform_has_no_row(engine: Engine, folder: Path) -> None:
    state = files.Files(users={"ada": ("Ada", "", "active")}, memberships=[("ada", "platform", "", "administrator")])
    assert files.run(engine, state, folder, allow_no_administrator=False).users.added == 1


@pytest.mark.parametrize("status", ["active", "pending", "disabled", "missing"])
def test_an_import_that_leaves_no_active_platform_administrator_is_refused_unless_allowed(
    engine: Engine, folder: Path, status: str
) -> None:
    files.run(engine, files.small(), folder)
    state = files.small()
    state.memberships.remove(("ada", "platform", "", "administrator"))
    state.users["ada"] = ("Ada", "", status)
    if status == "missing":
        del state.users["ada"]
    elif status != "active":
        state.memberships.append(("ada", "platform", "", "administrator"))
    state.write(folder)
    with engine.connect() as connection:
        before = files.read_everything(connection)
    for dry_run in (True, False):
        with pytest.raises(errors.NoAdministratorError, match="No active platform administrator would be left"):
            import_.import_directory(engine, platform_key="acme", folder=folder, dry_run=dry_run)
    with engine.connect() as connection:
        assert files.read_everything(connection) == before
    for _already in (False, True):
        outcome = files.run(engine, state, folder, allow_no_administrator=True)
        assert outcome.warnings == ("No active user administers the platform.",)


def test_a_dry_run_is_refused_too(engine: Engine, folder: Path) -> None:
    files.run(engine, files.crowd(100), folder)
    smaller = without_people(files.crowd(100), 50).write(folder)
    with pytest.raises(errors.TooManyRemovalsError):
        import_.import_directory(engine, platform_key="acme", folder=smaller, dry_run=True)
