"""Users over SCIM, and what the directory holds afterwards."""

import io
from typing import Any

import pytest
from sqlalchemy import text

from services.directory.actions import erasure, platforms
from tests.directory import files
from tests.directory.scim.conftest import USER, Scim, hand_over

FULL = {
    "displayName": "Ada Lovelace",
    "name": {"formatted": "Ada L.", "givenName": "Ada", "familyName": "Lovelace"},
    "emails": [
        {"value": "home@example.org", "type": "home"},
        {"value": "ada@example.org", "type": "work", "primary": True},
    ],
}


def test_a_user_is_created_and_read(scim: Scim) -> None:
    version = scim.version()
    body = {"schemas": [USER], "userName": "Ada", "externalId": "x-ada", "active": True, **FULL, "title": "Countess"}
    answer = scim.call("POST", "/Users", body)
    assert (answer.status_code, answer.mimetype) == (201, "application/scim+json")
    made = answer.get_json()
    assert {key: made[key] for key in body if key != "title"} == {key: body[key] for key in body if key != "title"}
    assert "title" not in made
    assert made["meta"]["location"] == answer.headers["Location"] == f"http://localhost/scim/v2/Users/{made['id']}"
    assert made["meta"]["version"] == answer.headers["ETag"]
    assert scim.users() == {"x-ada": ("Ada Lovelace", "ada@example.org", "active")}
    assert scim.memberships() == {("x-ada", "platform", "", "implied")}
    assert scim.counts()["platform", ""] == 1
    assert scim.version() == version + 1
    assert scim.call("GET", f"/Users/{made['id']}").get_json() == made
    assert scim.audit()[-1] == ("changed", None, f"user {made['id']} created")


@pytest.mark.parametrize(
    ("stated", "name"),
    [
        ({}, "u"),
        ({"name": {"givenName": "Ada", "familyName": "L"}}, "Ada L"),
        ({"name": {"formatted": "Ada L.", "givenName": "Ada"}}, "Ada L."),
        ({"displayName": "  Da\u200b ", "name": {"formatted": "Ada L."}}, "Da"),
    ],
)
def test_the_name_that_is_shown(scim: Scim, stated: dict[str, Any], name: str) -> None:
    scim.make_user("u", **stated)
    assert scim.users()["x-u"][0] == name


def test_without_an_external_id_the_user_name_stands_for_it(scim: Scim) -> None:
    made = scim.call("POST", "/Users", {"schemas": [USER], "userName": "solo"}).get_json()
    assert "externalId" not in made
    assert set(scim.users()) == {"solo"}


@pytest.mark.parametrize(
    ("body", "status", "scim_type"),
    [
        ({"schemas": [USER]}, 400, "invalidValue"),
        ({"schemas": [USER], "userName": " "}, 400, "invalidValue"),
        ({"schemas": [USER], "userName": "a\u200bb"}, 400, "invalidValue"),
        ({"schemas": [USER], "userName": "x" * 256}, 400, "invalidValue"),
        ({"schemas": [USER], "userName": "a", "externalId": "b\u0000"}, 400, "invalidValue"),
        ({"schemas": [USER], "userName": "a", "displayName": "\ud800"}, 400, "invalidValue"),
        ({"schemas": [USER], "userName": "a", "emails": [{"value": "\u0007"}]}, 400, "invalidValue"),
        ({"schemas": [USER], "userName": "a", "emails": "me@example.org"}, 400, "invalidValue"),
        ({"schemas": [USER], "userName": "a", "active": "perhaps"}, 400, "invalidValue"),
        ({"schemas": ["urn:other"], "userName": "a"}, 400, "invalidSyntax"),
        ("{", 400, "invalidSyntax"),
        ("[]", 400, "invalidSyntax"),
        ('{"a": ' * 100_000, 400, "invalidSyntax"),
        ("x" * (2 * 1024 * 1024 + 1), 413, None),
    ],
)
def test_what_cannot_be_kept_is_refused_and_changes_nothing(
    scim: Scim, body: Any, status: int, scim_type: str | None
) -> None:
    version = scim.version()
    answer = scim.call("POST", "/Users", body)
    assert (answer.status_code, answer.mimetype) == (status, "application/scim+json")
    assert answer.get_json().get("scimType") == scim_type
    assert (scim.version(), scim.users()) == (version, {})


@pytest.mark.parametrize("sends_length", [True, False])
def test_a_body_that_is_too_large_is_refused_with_the_limit_of_scim(scim: Scim, sends_length: bool) -> None:
    body = b" " * (2 * 1024 * 1024 + 1)
    chunked = {"input_stream": io.BytesIO(body), "environ_overrides": {"wsgi.input_terminated": True}}
    options = {} if sends_length else chunked
    answer = scim.call("POST", "/Users", body if sends_length else None, **options)
    assert (answer.status_code, answer.get_json()["detail"]) == (413, "Send at most 2048 KiB.")


def test_another_media_type_is_refused_and_plain_json_is_not(scim: Scim) -> None:
    body = {"schemas": [USER], "userName": "a"}
    assert scim.call("POST", "/Users", body, content_type="text/plain").status_code == 415
    assert scim.call("POST", "/Users", body, content_type="application/json; charset=utf-8").status_code == 201


def test_user_names_and_external_ids_are_unique_whatever_their_case(scim: Scim) -> None:
    scim.make_user("ÄDA")
    for body in ({"userName": "äda"}, {"userName": "other", "externalId": "x-ÄDA"}):
        answer = scim.call("POST", "/Users", {"schemas": [USER], **body})
        assert (answer.status_code, answer.get_json()["scimType"]) == (409, "uniqueness")
    other = scim.make_user("other")
    for value in ({"userName": "äda"}, {"externalId": "x-ÄDA"}):
        answer = scim.patch(f"/Users/{other}", {"op": "replace", "value": value})
        assert (answer.status_code, answer.get_json()["scimType"]) == (409, "uniqueness")
    assert scim.patch(f"/Users/{other}", {"op": "replace", "value": {"userName": "OTHER"}}).status_code == 200


def test_a_change_without_effect_makes_no_version_and_no_event(scim: Scim) -> None:
    user = scim.make_user("ada", **FULL)
    before = (scim.version(), scim.audit())
    for _ in range(2):
        assert scim.patch(f"/Users/{user}", {"op": "replace", "value": {"active": True}}).status_code == 200
        body = {"schemas": [USER], "userName": "ada", "externalId": "x-ada", "active": True, **FULL}
        assert scim.call("PUT", f"/Users/{user}", body).status_code == 200
    assert (scim.version(), scim.audit()) == before


def test_deactivation_keeps_what_was_stated_and_activation_restores_all_of_it_in_one_version(scim: Scim) -> None:
    user = scim.make_user("ben")
    scim.make_group("N1", [user], {"scope_id": "n1", "role": "member"})
    scim.make_group("South", [user], {"scope_id": "south", "role": "administrator"})
    whole = scim.memberships()
    assert len(whole) == 4
    version = scim.version()
    scim.patch(f"/Users/{user}", {"op": "replace", "path": "active", "value": False})
    assert (scim.memberships(), scim.users()["x-ben"][2], scim.version()) == (set(), "disabled", version + 1)
    assert scim.call("GET", f"/Users/{user}").get_json()["active"] is False
    assert set(scim.counts().values()) == {0}
    scim.patch(f"/Users/{user}", {"op": "replace", "path": "active", "value": True})
    assert (scim.memberships(), scim.users()["x-ben"][2], scim.version()) == (whole, "active", version + 2)


def test_a_put_without_active_does_not_bring_back_a_deactivated_user(scim: Scim) -> None:
    user = scim.make_user("ben", active=False)
    answer = scim.call("PUT", f"/Users/{user}", {"schemas": [USER], "userName": "ben", "externalId": "x-ben"})
    assert answer.get_json()["active"] is False


def test_a_deleted_user_is_hidden_and_comes_back_as_the_same_person(scim: Scim) -> None:
    user = scim.make_user("ben")
    scim.make_group("N1", [user], {"scope_id": "n1", "role": "member"})
    assert scim.call("DELETE", f"/Users/{user}").status_code == 204
    for method, body in (("GET", None), ("DELETE", None), ("PUT", {"schemas": [USER], "userName": "ben"})):
        assert scim.call(method, f"/Users/{user}", body).status_code == 404
    assert scim.call("GET", '/Users?filter=userName eq "ben"').get_json()["totalResults"] == 0
    assert scim.users()["x-ben"][2] == "disabled"
    assert scim.memberships() == set()
    # The user name is free again, for another person too.
    assert scim.make_user("ben", externalId="another") != user
    assert scim.make_user("ben2", externalId="x-ben") == user
    assert scim.of("x-ben") == {("clinic", "n1", "member"), ("organisation", "north", "implied")}
    assert ("changed", None, f"user {user} revived") in scim.audit()


def test_a_user_whom_an_import_brought_is_found_and_taken_over(scim: Scim, tmp_path: Any) -> None:
    scim.key += "-imported"
    files_ = files.small()

    platforms.put_platform(scim.engine, key=scim.key, name="Beta", plan="enterprise")
    files.run(scim.engine, files_, tmp_path / "beta", key=scim.key)
    before = scim.memberships()
    scim.token = hand_over(scim.engine, scim.key)
    assert scim.memberships() == before
    (found,) = scim.call("GET", '/Users?filter=userName eq "cleo"').get_json()["Resources"]
    assert (found["externalId"], found["emails"][0]["value"]) == ("cleo", "cleo@example.org")
    pending = scim.call("GET", '/Users?filter=externalId eq "pia"').get_json()["Resources"][0]
    assert pending["active"] is False
    # A connector that does not know them creates them.
    assert scim.make_user("cleo@corp", externalId="cleo", displayName="Cleo") == found["id"]
    assert scim.memberships() == before
    # And what the import stated comes back with them.
    for active in (False, True):
        scim.patch(f"/Users/{found['id']}", {"op": "replace", "value": {"active": active}})
    assert scim.memberships() == before


def test_versions_of_a_resource_guard_against_lost_updates(scim: Scim) -> None:
    user = scim.make_user("ada")
    tag = scim.call("GET", f"/Users/{user}").headers["ETag"]
    assert tag.startswith('W/"')
    assert scim.call("GET", f"/Users/{user}", headers={"If-None-Match": tag}).status_code == 304
    rename = {"op": "replace", "path": "displayName", "value": "Ada"}
    body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [rename]}
    assert scim.call("PATCH", f"/Users/{user}", body, headers={"If-Match": tag}).status_code == 200
    for method, sent in (("PATCH", body), ("DELETE", None), ("PUT", {"schemas": [USER], "userName": "ada"})):
        answer = scim.call(method, f"/Users/{user}", sent, headers={"If-Match": tag})
        assert (answer.status_code, answer.mimetype) == (412, "application/scim+json")
    assert scim.call("DELETE", f"/Users/{user}", headers={"If-Match": "*"}).status_code == 204


@pytest.mark.parametrize(
    ("filter_", "found"),
    [
        ('userName eq "ADA"', ["ada"]),
        ('USERNAME Eq "ada"', ["ada"]),
        ('userName eq "nobody"', []),
        ('externalId eq "x-ben"', ["ben"]),
        ('externalId eq "X-ben"', []),
        ('emails[type eq "work"].value eq "ADA@example.org"', ["ada"]),
        ('emails.value eq "nobody@example.org"', []),
        ('emails eq "ada@example.org"', ["ada"]),
        ("active eq false", ["cleo"]),
        ('active eq "False"', ["cleo"]),
        ('active eq true and userName eq "ben"', ["ben"]),
        ('id eq "no-number"', []),
        ('urn:ietf:params:scim:schemas:core:2.0:User:userName eq "ada"', ["ada"]),
    ],
)
def test_filters_that_clients_send(scim: Scim, filter_: str, found: list[str]) -> None:
    scim.make_user("ada", **FULL)
    scim.make_user("ben")
    scim.make_user("cleo", active=False)
    answer = scim.call("GET", "/Users", query_string={"filter": filter_})
    assert answer.status_code == 200, answer.text
    assert [one["userName"] for one in answer.get_json()["Resources"]] == found
    assert answer.get_json()["totalResults"] == len(found)


@pytest.mark.parametrize(
    "filter_",
    ['userName co "a"', "userName pr", 'title eq "a"', "userName eq", 'userName eq "a" or userName eq "b"', "(", 'not (userName eq "a")',
     "userName eq 3", 'userName eq "\\u0000"', "userName eq \"" + "x" * 3_000 + '"'],
)  # fmt: skip
def test_other_filters_are_refused_and_never_fail(scim: Scim, filter_: str) -> None:
    answer = scim.call("GET", "/Users", query_string={"filter": filter_})
    assert (answer.status_code, answer.get_json()["scimType"]) == (400, "invalidFilter")


def test_pages_count_from_one_and_keep_their_order(scim: Scim) -> None:
    ids = [scim.make_user(f"u{number}") for number in range(5)]

    def page(**query: Any) -> tuple[list[str], int, int, int]:
        found = scim.call("GET", "/Users", query_string=query).get_json()
        listed = [one["id"] for one in found["Resources"]]
        return listed, found["totalResults"], found["startIndex"], found["itemsPerPage"]

    assert page() == (ids, 5, 1, 5)
    assert page(startIndex=2, count=2) == (ids[1:3], 5, 2, 2)
    assert page(startIndex=0, count=1) == (ids[:1], 5, 1, 1)
    assert page(count=0) == ([], 5, 1, 0)
    assert page(startIndex=6) == ([], 5, 6, 0)
    assert scim.call("GET", "/Users?count=x").status_code == 400
    assert scim.call("GET", "/Users?startIndex=" + "9" * 30).status_code in (200, 400)


def test_only_the_attributes_that_are_asked_for_are_answered(scim: Scim) -> None:
    user = scim.make_user("ada", **FULL)
    assert set(scim.call("GET", f"/Users/{user}?attributes=userName").get_json()) == {"schemas", "id", "userName"}
    assert "emails" not in scim.call("GET", f"/Users/{user}?excludedAttributes=emails").get_json()


def test_mass_deactivation_puts_the_brake_on_until_an_operator_releases_it(scim: Scim) -> None:
    ids = [scim.make_user(f"u{number}") for number in range(30)]

    def deactivate(user: str) -> int:
        return scim.patch(f"/Users/{user}", {"op": "replace", "value": {"active": False}}).status_code

    assert [deactivate(one) for one in ids[:20]] == [200] * 20
    refused = scim.patch(f"/Users/{ids[20]}", {"op": "replace", "value": {"active": False}})
    assert (refused.status_code, refused.headers["Retry-After"], refused.mimetype) == (
        429,
        "3600",
        "application/scim+json",
    )
    assert scim.users()["x-u20"][2] == "active"
    assert scim.audit()[-1][:2] == ("refused", "mass-deactivation")
    assert "message_hub_scim_braked_platforms 0.0" not in scim.app.test_client().get("/metrics").text
    # It stays on, for deletions too, and nothing else is refused.
    with scim.owner.begin() as connection:
        connection.execute(text("UPDATE scim_users SET deactivated_at = deactivated_at - interval '2 hours'"))
    assert scim.call("DELETE", f"/Users/{ids[21]}").status_code == 429
    assert scim.patch(f"/Users/{ids[0]}", {"op": "replace", "value": {"active": True}}).status_code == 200


def test_erasure_takes_what_the_client_stated_too(scim: Scim) -> None:
    user = scim.make_user("ada", **FULL)
    scim.patch(f"/Users/{user}", {"op": "replace", "value": {"active": False}})
    assert erasure.erase_former_users(scim.engine, platform_key=scim.key, former_user_days=0) == 1
    (kept,) = scim.rows(
        "SELECT CAST(s AS text) || CAST(u AS text) FROM scim_users s JOIN users u ON u.id = s.user_id WHERE u.id = :id",
        id=int(user),
    )
    assert not any(word in kept[0] for word in ("Ada", "Lovelace", "example.org", ",ada,"))
    assert scim.make_user("ada", **FULL) == user
    assert scim.users()["x-ada"] == ("Ada Lovelace", "ada@example.org", "active")


def test_a_platform_managed_by_imports_may_be_read_and_not_written(scim: Scim) -> None:

    platforms.put_platform(scim.engine, key=scim.key, managed_by="csv")
    assert scim.call("GET", "/Users").status_code == 200
    answer = scim.call("POST", "/Users", {"schemas": [USER], "userName": "ada"})
    assert (answer.status_code, answer.mimetype) == (403, "application/scim+json")
    assert "--managed-by scim" in answer.get_json()["detail"]
