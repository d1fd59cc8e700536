"""Any sequence of SCIM calls ends in the same directory as one import of its outcome."""

import itertools
from pathlib import Path

import flask
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from services.directory.actions import platforms
from tests.directory import files
from tests.directory.scim.conftest import Scim, hand_over, tree

USERS = ("ada", "ben", "cleo")
# Name: what it means. Two groups for one scope, one that means nothing.
GROUPS = {
    "members of n1": {"scope_id": "n1", "role": "member"},
    "administrators of n1": {"scope_id": "n1", "role": "administrator"},
    "south": {"scope_id": "south", "role": "member"},
    "everything": {"level": "platform", "role": "administrator"},
    "nothing": None,
}
_numbers = itertools.count(1)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("state"), st.sampled_from(USERS), st.booleans()),
        st.tuples(st.just("delete"), st.sampled_from(USERS)),
        st.tuples(st.just("join"), st.sampled_from(USERS), st.sampled_from(sorted(GROUPS))),
        st.tuples(st.just("leave"), st.sampled_from(USERS), st.sampled_from(sorted(GROUPS))),
        st.tuples(st.just("replace"), st.sets(st.sampled_from(USERS)), st.sampled_from(sorted(GROUPS))),
        st.tuples(st.just("drop"), st.sampled_from(sorted(GROUPS))),
    ),
    max_size=14,
)


class Model:
    """The calls as they are made, and what follows from them by nothing but the rules."""

    def __init__(self, scim: Scim) -> None:
        self.scim = scim
        self.ids: dict[str, str] = {}
        self.active: dict[str, bool] = {}
        self.groups: dict[str, str] = {}
        self.members: dict[str, set[str]] = {name: set() for name in GROUPS}

    def apply(self, kind: str, *rest: object) -> None:
        getattr(self, f"_{kind}")(*rest)

    def _user(self, name: str) -> str:
        if name not in self.ids:
            self.ids[name] = self.scim.make_user(name)
            self.active[name] = True
        return self.ids[name]

    def _group(self, name: str) -> str:
        if name not in self.groups:
            scope = GROUPS[name]
            if scope is not None and scope.get("level") == "platform":
                scope = {**scope, "scope_id": self.scim.key}
            self.groups[name] = self.scim.make_group(name, None, scope)
        return f"/Groups/{self.groups[name]}"

    def _state(self, name: str, active: bool) -> None:
        answer = self.scim.patch(f"/Users/{self._user(name)}", {"op": "replace", "value": {"active": active}})
        assert answer.status_code == 200
        self.active[name] = active

    def _delete(self, name: str) -> None:
        assert self.scim.call("DELETE", f"/Users/{self._user(name)}").status_code == 204
        del self.ids[name]
        self.active[name] = False

    def _join(self, name: str, group: str) -> None:
        operation = {"op": "add", "path": "members", "value": [{"value": self._user(name)}]}
        assert self.scim.patch(self._group(group), operation).status_code == 200
        self.members[group].add(name)

    def _leave(self, name: str, group: str) -> None:
        operation = {"op": "remove", "path": f'members[value eq "{self._user(name)}"]'}
        assert self.scim.patch(self._group(group), operation).status_code == 200
        self.members[group].discard(name)

    def _replace(self, names: set[str], group: str) -> None:
        value = [{"value": self._user(name)} for name in sorted(names)]
        operation = {"op": "replace", "path": "members", "value": value}
        assert self.scim.patch(self._group(group), operation).status_code == 200
        self.members[group] = set(names)

    def _drop(self, group: str) -> None:
        assert self.scim.call("DELETE", self._group(group)).status_code == 204
        del self.groups[group]
        self.members[group] = set()

    def files(self) -> files.Files:
        made = tree()
        made.users = {
            f"x-{name}": (name, "", "active" if active else "disabled") for name, active in self.active.items()
        }
        for group, names in self.members.items():
            scope = GROUPS[group]
            if scope is not None:
                id_ = scope.get("scope_id", "")
                level = scope.get("level") or ("organisation" if id_ == "south" else "clinic")
                made.memberships += [(f"x-{name}", level, id_, scope["role"]) for name in sorted(names)]
        return made


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("model")


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_any_calls_end_as_one_import_of_their_outcome(
    served: tuple[flask.Flask, Engine, Engine], folder: Path, steps: list[tuple[str, ...]]
) -> None:
    number = next(_numbers)
    by_calls, by_import = f"model-{number}", f"model-{number}-imported"
    for key in (by_calls, by_import):
        platforms.put_platform(served[1], key=key, name="Model", plan="enterprise")
    files.run(served[1], tree(), folder / by_calls, key=by_calls)
    model = Model(Scim(*served, hand_over(served[1], by_calls), by_calls))
    for step in steps:
        model.apply(*step)
    outcome = model.files()
    files.run(served[1], outcome, folder / "outcome", key=by_import)
    called, imported = model.scim, Scim(*served, "", by_import)
    assert called.users() == imported.users()
    assert called.memberships() == imported.memberships() == outcome.in_force()
    assert called.counts() == imported.counts() == outcome.counts()
