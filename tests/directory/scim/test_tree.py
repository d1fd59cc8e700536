"""PUT /v1/directory/organisations and clinics: the tree of a platform whose people come over SCIM."""

from typing import Any

import pytest
from werkzeug.test import TestResponse

from services.directory.actions import platforms
from tests import factories
from tests.directory.scim.conftest import SCOPE, Scim


def put(scim: Scim, path: str, body: Any, *, headers: dict[str, str] | None = None) -> TestResponse:
    headers = headers if headers is not None else {"Authorization": f"Bearer {scim.token}"}
    return scim.app.test_client().put(f"/v1/directory/{path}", json=body, headers=headers)


def events(scim: Scim) -> list[tuple[Any, ...]]:
    return scim.events("scope", "outcome, operator, user_id, directory_version")


def test_an_organisation_and_a_clinic_are_created_changed_and_left_alone(scim: Scim) -> None:
    version = scim.version()
    made = put(scim, "organisations/west", {"name": "  West\u200b "})
    assert (made.status_code, made.get_json()) == (
        201,
        {"id": "west", "name": "West", "active": True, "directory_version": version + 1},
    )
    clinic = {"name": "W one", "organisation": "west"}
    assert put(scim, "clinics/w1", clinic).status_code == 201
    again = put(scim, "clinics/w1", clinic)
    assert (again.status_code, again.get_json()["directory_version"]) == (200, version + 2)
    assert put(scim, "clinics/w1", {**clinic, "name": "W 1"}).get_json()["directory_version"] == version + 3
    assert scim.version() == version + 3
    assert [(row[0], row[3]) for row in events(scim)] == [("changed", version + step) for step in (1, 2, 3)]
    ancestors = scim.rows(
        """
        SELECT s.external_id, t.external_id, a.valid_from_version - :version FROM scope_ancestors a
        JOIN scopes s ON s.id = a.scope_id JOIN scopes t ON t.id = a.ancestor_id JOIN platforms p ON p.id = s.platform_id
        WHERE s.external_id IN ('west', 'w1') AND p.key = :key
        """,
        version=version,
        key=scim.key,
    )
    assert set(ancestors) == {
        ("west", "west", 1), ("west", scim.key, 1), ("w1", "w1", 2), ("w1", "west", 2), ("w1", scim.key, 2),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("organisations/west", {}, "name"),
        ("organisations/west", {"name": "\u200b"}, "name"),
        ("organisations/west", {"name": "x" * 201}, "name"),
        ("organisations/west", {"name": "West", "active": "yes"}, "active"),
        ("organisations/west", {"name": "West", "organisation": "north"}, "organisation"),
        ("organisations/we\u200bst", {"name": "West"}, "external_id"),
        ("organisations/" + "x" * 256, {"name": "West"}, "external_id"),
        ("clinics/w1", {"name": "W one"}, "organisation"),
        ("clinics/w1", {"name": "W one", "organisation": "nowhere"}, "organisation"),
    ],
)
def test_what_is_wrong_is_named_and_changes_nothing(scim: Scim, path: str, body: Any, field: str) -> None:
    version = scim.version()
    answer = put(scim, path, body)
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
    assert list(answer.get_json()["errors"]) == [field]
    assert (scim.version(), events(scim)) == (version, [])


def test_a_platform_managed_by_imports_refuses(scim: Scim) -> None:
    platforms.put_platform(scim.engine, key=scim.key, managed_by="csv")
    answer = put(scim, "organisations/west", {"name": "West"})
    assert (answer.status_code, answer.get_json()["code"]) == (403, "directory-managed-by-csv")


def test_a_platform_administrators_own_token_may_and_others_may_not(scim: Scim) -> None:
    everyone = [scim.make_user("root"), scim.make_user("member")]
    scim.make_group(
        "Administrators", everyone[:1], {"scope_id": scim.key, "level": "platform", "role": "administrator"}
    )
    bearers = {name: factories.bearer(f"x-{name}", scim.key) for name in ("root", "member")}
    refused = put(scim, "organisations/west", {"name": "West"}, headers=bearers["member"])
    assert (refused.status_code, refused.get_json()["code"]) == (403, "administrator-required")
    assert put(scim, "organisations/west", {"name": "West"}, headers=bearers["root"]).status_code == 201
    assert [(row[1], row[2]) for row in events(scim)] == [(None, int(everyone[0]))]


def test_people_follow_a_clinic_that_moves_ends_and_comes_back(scim: Scim) -> None:
    user = scim.make_user("cleo")
    scim.make_group("N1", [user], {"scope_id": "n1", "role": "member"})
    at_north = {("clinic", "n1", "member"), ("organisation", "north", "implied")}
    assert scim.of("x-cleo") == at_north
    put(scim, "clinics/n1", {"name": "N one", "organisation": "south"})
    assert scim.of("x-cleo") == {("clinic", "n1", "member"), ("organisation", "south", "implied")}
    put(scim, "clinics/n1", {"name": "N one", "organisation": "south", "active": False})
    assert scim.of("x-cleo") == set()
    put(scim, "clinics/n1", {"name": "N one", "organisation": "north"})
    assert scim.of("x-cleo") == at_north
    put(scim, "organisations/north", {"name": "North", "active": False})
    assert scim.of("x-cleo") == set()
    put(scim, "organisations/north", {"name": "North"})
    assert scim.of("x-cleo") == at_north
    assert scim.counts()["clinic", "n1"] == scim.counts()["organisation", "north"] == 1


def test_a_group_that_waits_for_a_clinic_takes_effect_when_it_is_created(scim: Scim) -> None:
    user = scim.make_user("cleo")
    group = scim.make_group("W1", [user], {"scope_id": "w1", "role": "administrator"})
    assert scim.of("x-cleo") == set()
    assert scim.call("GET", f"/Groups/{group}").get_json()[SCOPE] == {"scopeId": "w1", "role": "administrator"}
    put(scim, "clinics/w1", {"name": "W one", "organisation": "south"})
    assert scim.of("x-cleo") == {("clinic", "w1", "administrator"), ("organisation", "south", "implied")}
