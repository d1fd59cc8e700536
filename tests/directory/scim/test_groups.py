"""Groups over SCIM: what they mean, and what it costs to change a large one."""

import itertools
import threading
import time
from typing import Any

import pytest
from sqlalchemy import text

from tests.directory.scim.conftest import GROUP, SCOPE, Scim

AT_N1 = {("clinic", "n1", "member"), ("organisation", "north", "implied")}
N1 = {"scope_id": "n1", "role": "member"}


def add(*users: str) -> dict[str, Any]:
    return {"op": "add", "path": "members", "value": [{"value": one} for one in users]}


def remove(*users: str) -> dict[str, Any]:
    return {"op": "remove", "path": "members", "value": [{"value": one} for one in users]}


def test_a_group_without_a_scope_is_kept_and_means_nothing(scim: Scim) -> None:
    user = scim.make_user("ada")
    version = scim.version()
    group = scim.make_group("Sales", [user])
    (member,) = scim.call("GET", f"/Groups/{group}").get_json()["members"]
    assert (member["value"], member["type"]) == (user, "User")
    assert (scim.of("x-ada"), scim.version()) == (set(), version)
    assert scim.audit()[-1][2] == f"group {group} created; group {group} members +1 -0"


def test_the_extension_gives_a_group_its_scope_and_takes_it_again(scim: Scim) -> None:
    user = scim.make_user("ada")
    group = scim.make_group("N1", [user])
    scim.patch(f"/Groups/{group}", {"op": "add", "value": {SCOPE: {"scopeId": "n1", "role": "Member"}}})
    assert scim.of("x-ada") == AT_N1
    scim.patch(f"/Groups/{group}", {"op": "replace", "path": f"{SCOPE}:role", "value": "administrator"})
    assert scim.of("x-ada") == {("clinic", "n1", "administrator"), ("organisation", "north", "implied")}
    scim.patch(f"/Groups/{group}", {"op": "remove", "path": SCOPE})
    assert scim.of("x-ada") == set()


def test_the_platform_itself_is_a_scope(scim: Scim) -> None:
    user = scim.make_user("ada")
    group = scim.make_group("All", [user], {"scope_id": scim.key, "role": "administrator"})
    assert scim.of("x-ada") == {("platform", "", "administrator")}
    assert scim.patch(f"/Groups/{group}", remove(user)).status_code == 200
    assert (scim.of("x-ada"), scim.counts()["platform", ""]) == (set(), 1)


def test_two_groups_for_one_scope_are_counted_each_and_the_administrator_wins(scim: Scim) -> None:
    user = scim.make_user("ada")
    members = scim.make_group("Members", [user], N1)
    administrators = scim.make_group("Administrators", [user], {**N1, "role": "administrator"})
    assert scim.of("x-ada") == {("clinic", "n1", "administrator"), ("organisation", "north", "implied")}
    scim.patch(f"/Groups/{administrators}", remove(user))
    assert scim.of("x-ada") == AT_N1
    scim.patch(f"/Groups/{administrators}", add(user))
    scim.call("DELETE", f"/Groups/{members}")
    assert scim.of("x-ada") == {("clinic", "n1", "administrator"), ("organisation", "north", "implied")}
    assert scim.counts()["clinic", "n1"] == 1


def test_a_member_who_is_disabled_joins_and_gets_it_when_they_become_active(scim: Scim) -> None:
    user = scim.make_user("ada", active=False)
    group = scim.make_group("N1", [], N1)
    assert scim.patch(f"/Groups/{group}", add(user)).status_code == 200
    assert scim.memberships() == set()
    scim.patch(f"/Users/{user}", {"op": "replace", "value": {"active": True}})
    assert scim.of("x-ada") == AT_N1


@pytest.mark.parametrize(
    ("body", "scim_type"),
    [
        ({"displayName": ""}, "invalidValue"),
        ({}, "invalidValue"),
        ({"displayName": "N1", "members": [{"value": "999999999"}]}, "invalidValue"),
        ({"displayName": "N1", "members": [{"value": "none"}]}, "invalidValue"),
        ({"displayName": "N1", "members": [{}]}, "invalidValue"),
        ({"displayName": "N1", "members": [{"value": "1", "type": "Group"}]}, "invalidValue"),
        ({"displayName": "N1", "members": [{"value": "1", "$ref": "https://hub/scim/v2/Groups/1"}]}, "invalidValue"),
        ({"displayName": "N1", SCOPE: {"scope_id": "n1", "role": "owner"}}, "invalidValue"),
        ({"displayName": "N1", SCOPE: {"scope_id": "n1", "role": "member", "level": "region"}}, "invalidValue"),
    ],
)
def test_what_cannot_be_kept_is_refused(scim: Scim, body: Any, scim_type: str) -> None:
    answer = scim.call("POST", "/Groups", {"schemas": [GROUP], **body})
    assert (answer.status_code, answer.get_json()["scimType"]) == (400, scim_type)
    assert scim.call("GET", "/Groups").get_json()["totalResults"] == 0


@pytest.mark.parametrize(
    ("operation", "scim_type"),
    [
        ({"op": "add", "path": "members", "value": [{"value": "999999999"}]}, "invalidValue"),
        ({"op": "add", "path": 'members[value eq "1"]', "value": [{"value": "1"}]}, "invalidPath"),
        ({"op": "remove", "path": 'members[display co "a"]'}, "invalidFilter"),
        ({"op": "remove", "path": "members["}, "invalidPath"),
        ({"op": "remove", "path": "displayName"}, "mutability"),
        ({"op": "remove"}, "noTarget"),
        ({"op": "mend", "path": "members"}, "invalidSyntax"),
        ({"op": "replace", "path": "displayName", "value": "\u0000"}, "invalidValue"),
    ],
)
def test_a_change_that_makes_no_sense_is_refused_and_changes_nothing(
    scim: Scim, operation: dict[str, Any], scim_type: str
) -> None:
    user = scim.make_user("ada")
    group = scim.make_group("N1", [user], N1)
    before = (scim.version(), scim.audit(), scim.memberships())
    answer = scim.patch(f"/Groups/{group}", operation, add(user))
    assert (answer.status_code, answer.get_json()["scimType"]) == (400, scim_type), answer.text
    assert (scim.version(), scim.audit(), scim.memberships()) == before


def test_names_are_unique_and_a_change_without_effect_makes_nothing(scim: Scim) -> None:
    user = scim.make_user("ada")
    group = scim.make_group("N1", [user], N1)
    assert scim.call("POST", "/Groups", {"schemas": [GROUP], "displayName": "n1"}).status_code == 409
    other = scim.make_group("N2")
    assert scim.patch(f"/Groups/{other}", {"op": "replace", "path": "displayName", "value": "n1"}).status_code == 409
    before = (scim.version(), scim.audit())
    tag = scim.call("GET", f"/Groups/{group}").headers["ETag"]
    body = {"schemas": [GROUP, SCOPE], "displayName": "N1", "members": [{"value": user}], SCOPE: N1}
    assert scim.call("PUT", f"/Groups/{group}", body).headers["ETag"] == tag
    assert scim.patch(f"/Groups/{group}", add(user)).headers["ETag"] == tag
    assert (scim.version(), scim.audit()) == before


def test_versions_of_a_group_guard_against_lost_updates(scim: Scim) -> None:
    user = scim.make_user("ada")
    group = scim.make_group("N1", [], N1)
    tag = scim.call("GET", f"/Groups/{group}").headers["ETag"]
    body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [add(user)]}
    assert scim.call("PATCH", f"/Groups/{group}", body, headers={"If-Match": tag}).status_code == 200
    assert scim.call("PATCH", f"/Groups/{group}", body, headers={"If-Match": tag}).status_code == 412
    assert scim.call("DELETE", f"/Groups/{group}", headers={"If-Match": tag}).status_code == 412


def test_two_connectors_at_once_lose_nothing(scim: Scim) -> None:
    users = [scim.make_user(f"u{number}") for number in range(12)]
    group = scim.make_group("N1", [], N1)
    statuses = []

    def provision(own: list[str]) -> None:
        for user in own:
            statuses.append(scim.patch(f"/Groups/{group}", add(user)).status_code)

    threads = [threading.Thread(target=provision, args=(users[part::2],)) for part in (0, 1)]
    version = scim.version()
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert statuses == [200] * 12
    assert (scim.counts()["clinic", "n1"], scim.version()) == (12, version + 12)


def test_one_member_into_and_out_of_twenty_thousand_takes_less_than_20_ms(scim: Scim) -> None:
    one = scim.make_user("one")
    group = scim.make_group("N1", [], N1)
    with scim.owner.begin() as connection:
        connection.execute(
            text("""
                INSERT INTO users (platform_id, external_id, name, email, status)
                SELECT id, 'm' || n, 'M', '', 'active' FROM platforms, generate_series(1, 20000) n WHERE key = :key
            """),
            {"key": scim.key},
        )
    members = [{"value": str(row[0])} for row in scim.rows("SELECT id FROM users WHERE name = 'M' AND email = ''")]
    filled = scim.call(
        "PUT", f"/Groups/{group}", {"schemas": [GROUP, SCOPE], "displayName": "N1", "members": members, SCOPE: N1}
    )
    assert filled.status_code == 200
    assert scim.counts()["clinic", "n1"] == 20_000
    with scim.owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
    # On a machine that is busy with other tests, hardly slower than a group of one.
    small, large = scim.make_group("small", [], {"scope_id": "n2", "role": "member"}), group
    took: dict[str, list[float]] = {small: [], large: []}
    for _ in range(15):
        for of, operation in itertools.product((small, large), (add(one), remove(one))):
            began = time.perf_counter()
            answer = scim.patch(f"/Groups/{of}", operation)
            took[of].append(time.perf_counter() - began)
            assert answer.status_code == 200
    assert "members" not in answer.get_json()
    assert min(took[large]) < max(0.020, 2 * min(took[small]))
    assert scim.counts()["clinic", "n1"] == 20_000
