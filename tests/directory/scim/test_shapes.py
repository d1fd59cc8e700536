"""The requests that Entra ID and Okta really send, and what the directory holds afterwards.

Collected from their documentation (Microsoft: use-scim-to-provision-users-and-groups, application-provisioning-config-problem-scim-
compatibility; Okta: scim-20) and from the integration tests of python-scim/scim2-server.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.directory.scim.conftest import GROUP, PATCH, USER, Scim

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
N1 = {("clinic", "n1", "member"), ("organisation", "north", "implied")}
MEMBER_OF_N1 = {"scope_id": "n1", "role": "member"}


@dataclass
class World:
    """`ada` is in the group `group`, which stands for clinic n1; `ben` is in none."""

    scim: Scim
    ada: str
    ben: str
    group: str

    def patch_ada(self, *operations: Any) -> None:
        answer = self.scim.patch(f"/Users/{self.ada}", *operations)
        assert answer.status_code == 200, answer.text

    def patch_group(self, *operations: Any) -> None:
        answer = self.scim.patch(f"/Groups/{self.group}", *operations)
        assert answer.status_code == 200, answer.text

    def members(self) -> set[str]:
        """Who is in clinic n1, by user name."""
        return {
            user.removeprefix("x-")
            for user, *rest in self.scim.memberships()
            if tuple(rest) == ("clinic", "n1", "member")
        }

    def ada_is(self, name: str = "Ada", email: str = "ada@example.org", status: str = "active") -> None:
        assert self.scim.users()["x-ada"] == (name, email, status)
        assert self.scim.of("x-ada") == (N1 if status == "active" else set())


@pytest.fixture
def world(scim: Scim) -> World:
    emails = [{"value": "ada@example.org", "type": "work", "primary": True}]
    ada = scim.make_user("ada", displayName="Ada", emails=emails, name={"givenName": "Ada", "familyName": "Lovelace"})
    ben = scim.make_user("ben")
    return World(scim, ada, ben, scim.make_group("N1", [ada], MEMBER_OF_N1))


def entra_creates_a_user(world: World) -> None:
    body = {
        "schemas": [USER, ENTERPRISE],
        "externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
        "userName": "Test_User_ab6490ee-1e48-479e-a20b-2d77186b5dd1",
        "active": True,
        "emails": [
            {"primary": True, "type": "work", "value": "Test_User_fd0ea19b-0777-472c-9f96-4f70d2226f2e@testuser.com"}
        ],
        "meta": {"resourceType": "User"},
        "name": {"formatted": "givenName familyName", "familyName": "familyName", "givenName": "givenName"},
        "roles": [],
        ENTERPRISE: {"department": "Sales", "manager": {"value": "26118915-6090-4610-87e4-49d8ca9f808d"}},
    }
    assert world.scim.call("POST", "/Users", body).status_code == 201
    assert world.scim.users()["0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef"] == (
        "givenName familyName", "Test_User_fd0ea19b-0777-472c-9f96-4f70d2226f2e@testuser.com", "active",
    )  # fmt: skip


def entra_spells_attributes_in_its_own_case(world: World) -> None:
    body = {"schemas": [USER], "UserName": "cleo", "externalid": "x-cleo", "DisplayName": "Cleo", "Active": True}
    assert world.scim.call("POST", "/Users", body).status_code == 201
    assert world.scim.users()["x-cleo"] == ("Cleo", "", "active")


def entra_looks_for_a_user_that_is_not_there(world: World) -> None:
    found = world.scim.call("GET", '/Users?filter=userName eq "5d48a0a8e9f04aa38008"').get_json()
    assert (found["totalResults"], found["Resources"]) == (0, [])


def entra_looks_for_a_user_by_external_id(world: World) -> None:
    found = world.scim.call("GET", '/Users?filter=externalId eq "x-ada"').get_json()
    assert [one["id"] for one in found["Resources"]] == [world.ada]


def entra_looks_for_a_user_by_work_address(world: World) -> None:
    query = {"filter": 'emails[type eq "work"].value eq "ada@example.org"'}
    found = world.scim.call("GET", "/Users", query_string=query).get_json()
    assert [one["id"] for one in found["Resources"]] == [world.ada]


def entra_changes_several_attributes(world: World) -> None:
    world.patch_ada(
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "updated@example.org"},
        {"op": "Replace", "path": "name.familyName", "value": "updatedFamilyName"},
        {"op": "Replace", "path": "displayName", "value": "Updated"},
    )
    world.ada_is("Updated", "updated@example.org")


def entra_changes_the_user_name(world: World) -> None:
    world.patch_ada({"op": "Replace", "path": "userName", "value": "ada@corp.example.org"})
    assert world.scim.call("GET", f"/Users/{world.ada}").get_json()["userName"] == "ada@corp.example.org"
    world.ada_is()


def entra_disables_with_a_string(world: World) -> None:
    world.patch_ada({"op": "Replace", "path": "active", "value": "False"})
    world.ada_is(status="disabled")


def entra_enables_with_a_string(world: World) -> None:
    entra_disables_with_a_string(world)
    world.patch_ada({"op": "Replace", "path": "active", "value": "True"})
    world.ada_is()


def entra_disables_with_the_flag(world: World) -> None:
    answer = world.scim.call(
        "PATCH",
        f"/Users/{world.ada}?aadOptscim062020",
        {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "active", "value": False}]},
    )
    assert answer.status_code == 200
    world.ada_is(status="disabled")


def entra_with_the_flag_sends_dotted_keys(world: World) -> None:
    value = {
        "displayName": "Bjfe",
        "name.givenName": "Kjfe",
        f"{ENTERPRISE}:employeeNumber": "7a1",
        'emails[type eq "work"].value': "b@example.org",
    }
    world.patch_ada({"op": "replace", "value": value})
    world.ada_is("Bjfe", "b@example.org")
    assert world.scim.call("GET", f"/Users/{world.ada}").get_json()["name"]["givenName"] == "Kjfe"


def entra_adds_an_address_by_a_filter_that_matches_nothing(world: World) -> None:
    world.patch_ada(
        {"op": "Remove", "path": "emails"},
        {"op": "Add", "path": 'emails[type eq "work"].value', "value": "new@example.org"},
    )
    world.ada_is(email="new@example.org")


def entra_sends_attributes_that_are_not_kept(world: World) -> None:
    version = world.scim.version()
    world.patch_ada(
        {"op": "Add", "path": f"{ENTERPRISE}:department", "value": "Sales"},
        {"op": "Add", "path": f"{ENTERPRISE}:manager", "value": "26118915-6090-4610-87e4-49d8ca9f808d"},
        {"op": "Add", "path": 'addresses[type eq "work"].formatted', "value": "1 Main Street"},
        {"op": "Replace", "path": 'roles[primary eq "True"].value', "value": "Reader"},
        {"op": "Add", "path": "title", "value": "Countess"},
    )
    world.ada_is()
    assert world.scim.version() == version


def entra_removes_an_attribute(world: World) -> None:
    world.patch_ada({"op": "Remove", "path": "displayName"}, {"op": "Remove", "path": "name.givenName"})
    world.ada_is("Lovelace")


def entra_deletes_a_user(world: World) -> None:
    assert world.scim.call("DELETE", f"/Users/{world.ada}").status_code == 204
    world.ada_is(status="disabled")


def entra_creates_a_group(world: World) -> None:
    body = {
        "schemas": [GROUP, "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
        "externalId": "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159",
        "displayName": "displayName",
        "meta": {"resourceType": "Group"},
    }
    answer = world.scim.call("POST", "/Groups", body)
    assert answer.status_code == 201
    assert answer.get_json()["members"] == []
    world.ada_is()


def entra_looks_for_a_group(world: World) -> None:
    for filter_ in ('displayName eq "n1"', f'id eq "{world.group}" and members eq "{world.ada}"'):
        query = {"excludedAttributes": "members", "filter": filter_}
        found = world.scim.call("GET", "/Groups", query_string=query).get_json()
        assert [(one["id"], "members" in one) for one in found["Resources"]] == [(world.group, False)]
    query = {"filter": f'id eq "{world.group}" and members eq "{world.ben}"'}
    assert world.scim.call("GET", "/Groups", query_string=query).get_json()["totalResults"] == 0


def entra_renames_a_group(world: World) -> None:
    world.patch_group(
        {"op": "Replace", "path": "displayName", "value": "1879db59-3bdf-4490-ad68-ab880a269474updatedDisplayName"}
    )
    assert world.members() == {"ada"}


def entra_adds_a_member(world: World) -> None:
    world.patch_group({"op": "Add", "path": "members", "value": [{"value": world.ben}]})
    assert world.members() == {"ada", "ben"}


def entra_adds_a_member_with_its_address(world: World) -> None:
    value = [
        {"$ref": None, "value": world.ben},
        {"$ref": f"http://hub/scim/v2/Users/{world.ada}", "value": world.ada, "type": "User"},
    ]
    world.patch_group({"op": "Add", "path": "members", "value": value})
    assert world.members() == {"ada", "ben"}


def entra_removes_a_member_by_value(world: World) -> None:
    entra_adds_a_member(world)
    world.patch_group({"op": "Remove", "path": "members", "value": [{"$ref": None, "value": world.ada}]})
    assert world.members() == {"ben"}


def entra_with_the_flag_removes_a_member_by_filter(world: World) -> None:
    entra_adds_a_member(world)
    world.patch_group({"op": "remove", "path": f'members[value eq "{world.ada}"]'})
    assert world.members() == {"ben"}


def entra_deletes_a_group(world: World) -> None:
    assert world.scim.call("DELETE", f"/Groups/{world.group}").status_code == 204
    assert (world.members(), world.scim.of("x-ada")) == (set(), set())


def okta_looks_for_a_user_and_pages(world: World) -> None:
    query = {"filter": 'userName eq "ADA"', "startIndex": "1", "count": "100"}
    found = world.scim.call("GET", "/Users", query_string=query).get_json()
    assert [one["id"] for one in found["Resources"]] == [world.ada]
    assert all(type(found[name]) is int for name in ("totalResults", "startIndex", "itemsPerPage"))


def okta_creates_a_user(world: World) -> None:
    body = {
        "schemas": [USER],
        "userName": "test.user@okta.local",
        "name": {"givenName": "Test", "familyName": "User"},
        "emails": [{"primary": True, "value": "test.user@okta.local", "type": "work"}],
        "displayName": "Test User",
        "locale": "en-US",
        "externalId": "00ujl29u0le5T6Aj10h7",
        "groups": [],
        "password": "1mz050nq",
        "active": True,
    }
    answer = world.scim.call("POST", "/Users", body)
    assert answer.status_code == 201
    assert "password" not in answer.text
    assert world.scim.users()["00ujl29u0le5T6Aj10h7"] == ("Test User", "test.user@okta.local", "active")
    assert world.scim.call("POST", "/Users", body).status_code == 409


def okta_puts_a_user(world: World) -> None:
    body = {
        "schemas": [USER],
        "id": world.ada,
        "userName": "ada",
        "externalId": "x-ada",
        "name": {"givenName": "Another", "middleName": "Excited", "familyName": "User"},
        "emails": [{"primary": True, "value": "another@example.org", "type": "work", "display": "a"}],
        "active": True,
        "groups": [],
        "meta": {"resourceType": "User"},
    }
    assert world.scim.call("PUT", f"/Users/{world.ada}", body).status_code == 200
    world.ada_is("Another User", "another@example.org")
    assert world.scim.call("PUT", f"/Users/{world.ada}", {**body, "active": False}).status_code == 200
    world.ada_is("Another User", "another@example.org", "disabled")
    assert world.scim.call("PUT", f"/Users/{world.ada}", body).status_code == 200
    world.ada_is("Another User", "another@example.org")


def okta_deactivates_without_a_path(world: World) -> None:
    world.patch_ada({"op": "replace", "value": {"active": False}})
    world.ada_is(status="disabled")
    world.patch_ada({"op": "replace", "value": {"active": True}})
    world.ada_is()


def okta_renames_a_group(world: World) -> None:
    world.patch_group({"op": "replace", "value": {"id": world.group, "displayName": "Test SCIMv2"}})
    assert world.scim.call("GET", f"/Groups/{world.group}").get_json()["displayName"] == "Test SCIMv2"
    assert world.members() == {"ada"}


def okta_removes_and_adds_members(world: World) -> None:
    world.patch_group(
        {"op": "remove", "path": f'members[value eq "{world.ada}"]'},
        {"op": "add", "path": "members", "value": [{"value": world.ben, "display": "ben@example.org"}]},
    )
    assert world.members() == {"ben"}


def okta_replaces_all_members(world: World) -> None:
    world.patch_group({"op": "replace", "path": "members", "value": [{"value": world.ben}]})
    assert world.members() == {"ben"}
    world.patch_group({"op": "replace", "value": {"members": [{"value": world.ada}], "displayName": "N1"}})
    assert world.members() == {"ada"}


def okta_puts_a_group(world: World) -> None:
    body = {
        "schemas": [GROUP],
        "id": world.group,
        "displayName": "N1",
        "members": [{"value": world.ben, "display": "ben"}],
    }
    scope = {"urn:message-hub:params:scim:schemas:1.0:Scope": MEMBER_OF_N1}
    answer = world.scim.call("PUT", f"/Groups/{world.group}", {**body, **scope})
    assert (answer.status_code, [one["value"] for one in answer.get_json()["members"]]) == (200, [world.ben])
    assert world.members() == {"ben"}


SHAPES: list[Callable[[World], None]] = [
    found for name, found in list(globals().items()) if name.startswith(("entra_", "okta_"))
]


def test_there_are_as_many_shapes_as_were_collected() -> None:
    assert len(SHAPES) >= 29


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_the_directory_is_right_after(shape: Callable[[World], None], world: World) -> None:
    shape(world)
    counted: dict[tuple[str, str], int] = {}
    for _user, *scope, _role in world.scim.memberships():
        counted[tuple(scope)] = counted.get(tuple(scope), 0) + 1  # type: ignore[index]
    assert {scope: count for scope, count in world.scim.counts().items() if count} == counted
