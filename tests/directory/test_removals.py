"""A truncated file must not switch a platform off."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from services.directory import errors
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
        pytest.param(20, 20, id="all 20 of 20"),
        pytest.param(300, 30, id="10 percent may go"),
    ],
)
def test_a_few_or_a_tenth_may_end_unasked(engine: Engine, folder: Path, before: int, leaving: int) -> None:
    files.run(engine, files.crowd(before), folder)
    assert files.run(engine, without_people(files.crowd(before), leaving), folder).users.ended == leaving


@pytest.mark.parametrize(("before", "leaving"), [(209, 21), (300, 31), (1000, 1000)])
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
    with pytest.raises(errors.TooManyRemovalsError, match="30 of 32 active organisations and clinics"):
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
    assert files.run(engine, without_people(files.crowd(100), 100), folder).users.ended == 100


def test_a_clinic_that_moves_ends_nothing(engine: Engine, folder: Path) -> None:
    files.run(engine, files.crowd(100), folder)
    moved = files.crowd(100)
    moved.organisations["elsewhere"] = "Elsewhere"
    moved.clinics["clinic"] = ("elsewhere", "Clinic")
    outcome = files.run(engine, moved, folder)
    assert (outcome.clinics.changed, outcome.memberships.ended) == (1, 0)


def test_a_dry_run_is_refused_too(engine: Engine, folder: Path) -> None:
    files.run(engine, files.crowd(100), folder)
    smaller = without_people(files.crowd(100), 50).write(folder)
    with pytest.raises(errors.TooManyRemovalsError):
        import_.import_directory(engine, platform_key="acme", folder=smaller, dry_run=True)
