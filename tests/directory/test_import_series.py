"""Random directories imported one after the other: after each, the database says what plain Python makes of the files."""

import dataclasses
import itertools
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from services.directory import errors
from services.directory.actions import platforms
from tests import examples
from tests.directory import files

ORGANISATIONS = ("o1", "o2", "o3")
CLINICS = ("c1", "c2", "c3", "o1")  # a clinic may share its id with an organisation
USERS = ("u1", "u2", "u3", "u4", "u5")

_keys = itertools.count(1)


@st.composite
def directories(draw: st.DrawFn, least: int = 0) -> files.Files:
    """`least`: of organisations, clinics, users and memberships."""
    organisations = draw(st.lists(st.sampled_from(ORGANISATIONS), unique=True, min_size=least))
    clinics = draw(st.lists(st.sampled_from(CLINICS), unique=True, min_size=least)) if organisations else []
    users = draw(st.lists(st.sampled_from(USERS), unique=True, min_size=least))
    levels: list[tuple[str, list[str]]] = [("platform", [""]), ("organisation", organisations), ("clinic", clinics)]
    choices = [
        (user, level, scope, role)
        for user in users
        for level, scopes in levels
        for scope in scopes
        for role in ("member", "administrator")
    ]
    return files.Files(
        organisations={key: draw(st.sampled_from(["A", "B"])) for key in organisations},
        clinics={key: (draw(st.sampled_from(organisations)), draw(st.sampled_from(["A", "B"]))) for key in clinics},
        users={
            key: (
                draw(st.sampled_from(["A", "B"])),
                "",
                draw(st.sampled_from(["active", "active", "pending", "disabled"])),
            )
            for key in users
        },
        memberships=draw(st.lists(st.sampled_from(choices), min_size=least, max_size=25)) if choices else [],
    )


@st.composite
def changed(draw: st.DrawFn, before: files.Files) -> files.Files:
    """The same people where they were stated to be; but clinics move, and people leave or come back."""
    return dataclasses.replace(
        before,
        clinics={
            key: (draw(st.sampled_from([*sorted({*before.organisations} - {now}), now])), name)
            for key, (now, name) in before.clinics.items()
        },
        users={
            key: (name, email, draw(st.sampled_from([status, status, "active", "disabled"])))
            for key, (name, email, status) in before.users.items()
        },
    )


@st.composite
def all_series(draw: st.DrawFn) -> list[files.Files]:
    series = [draw(directories(2))]
    for _ in range(draw(st.integers(1, 4))):
        series.append(draw(st.one_of(changed(series[-1]), directories())))
    return series


@examples.settings(40)
@given(series=all_series())
def test_after_each_import_now_and_every_earlier_version_are_what_the_files_said(
    engine: Engine, tmp_path: Path, series: list[files.Files]
) -> None:
    key = f"series-{next(_keys)}"
    platforms.put_platform(engine, key=key, name="Series", plan="enterprise")
    said: dict[int, set[files.Membership]] = {0: set()}
    version = 0
    for state in series:
        try:
            outcome = files.run(engine, state, tmp_path / "files", key=key)
        except errors.EmptyFileError:
            assert not (state.organisations and state.clinics and state.users and state.memberships)
            continue
        assert outcome.directory_version == version + (0 if outcome.is_empty else 1)
        version = outcome.directory_version
        if outcome.is_empty:
            assert said[version] == state.in_force()
        said[version] = state.in_force()
        stated = {row for row in state.in_force() if row[3] != "implied"}
        memberships = outcome.memberships
        assert memberships.added + memberships.changed + memberships.unchanged == len(stated)
        with engine.connect() as connection:
            assert files.read_in_force(connection, key=key) == state.in_force()
            assert files.read_counts(connection, key=key) == state.counts()
            for earlier, expected in said.items():
                assert files.read_in_force(connection, key=key, version=earlier) == expected
