"""/v1/directory/provisioning: what an administrator of the platform sees and does about provisioning."""

from typing import Any

import pytest
from sqlalchemy import event, exc
from werkzeug.test import TestResponse

from services.directory import app as directory
from services.directory.actions import platforms, provisioning
from services.directory.store import refusals
from shared import rate_limit
from tests import factories
from tests.directory.scim.conftest import AUTH, Scim

PATH = "/v1/directory/provisioning"


@pytest.fixture
def root(scim: Scim) -> int:
    """The id of x-root, who administers the platform."""
    user = scim.make_user("root")
    scim.make_group("Administrators", [user], {"scope_id": scim.key, "level": "platform", "role": "administrator"})
    return int(user)


def call(scim: Scim, method: str, path: str, body: Any = None, *, who: str = "root") -> TestResponse:
    options = {} if body is None else {"json": body}
    headers = factories.bearer(f"x-{who}", scim.key)
    return scim.app.test_client().open(PATH + path, method=method, headers=headers, **options)


def state(scim: Scim) -> Any:
    answer = call(scim, "GET", "")
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def done(scim: Scim, user: int) -> list[str]:
    """What the audit trail says of this user's changes."""
    found = scim.events("scim", "outcome, user_id, detail, operator, request_id")
    return [row[2] for row in found if row[:2] == ("changed", user) and row[3] is None and row[4]]


@pytest.mark.usefixtures("root")
def test_the_state_counts_what_the_provider_wrote_and_names_the_address_for_it(scim: Scim) -> None:
    scim.make_user("ada")
    scim.make_group("Waiting")
    now = state(scim)
    assert now["scim_url"] == "http://localhost/scim/v2"
    assert (now["managed_by"], now["valid_token_count"], now["brake"], now["released_until"]) == ("scim", 1, None, None)
    assert (now["user_count"], now["provisioned_user_count"]) == (2, 2)
    assert (now["group_count"], now["waiting_group_count"]) == (2, 1)
    assert now["last_request_at"] is not None


def test_a_group_is_mapped_moved_and_unmapped_by_an_administrator(scim: Scim, root: int) -> None:
    group = scim.make_group("Nurses", [scim.make_user("ada")])
    waiting = call(scim, "GET", "/groups?status=waiting").get_json()
    assert [(one["id"], one["name"], one["member_count"], one["meaning"]) for one in waiting["data"]] == [
        (group, "Nurses", 1, None)
    ]
    body = {"level": "clinic", "scope": "n1", "role": "member"}
    mapped = call(scim, "PUT", f"/groups/{group}/mapping", body)
    assert mapped.get_json()["meaning"] == {
        **{"level": "clinic", "scope": "n1", "scope_name": "N one", "role": "member"},
        "mapped_by": "administrator",
    }
    assert ("clinic", "n1", "member") in scim.of("x-ada")
    assert call(scim, "GET", "/groups?status=waiting").get_json()["data"] == []
    body = {"level": "platform", "role": "administrator"}
    assert call(scim, "PUT", f"/groups/{group}/mapping", body).get_json()["meaning"]["scope"] == scim.key
    assert ("platform", "", "administrator") in scim.memberships_of("x-ada")
    version = scim.version()
    assert call(scim, "DELETE", f"/groups/{group}/mapping").get_json()["meaning"] is None
    assert (scim.of("x-ada"), scim.version()) == (set(), version + 1)
    assert done(scim, root) == [f"group {group} mapped"] * 2 + [f"group {group} no longer mapped"]


@pytest.mark.usefixtures("root")
def test_a_group_is_found_by_its_id_though_another_is_named_like_it(scim: Scim) -> None:
    group = scim.make_group("Nurses")
    other = scim.make_group(group)
    call(scim, "PUT", f"/groups/{group}/mapping", {"level": "clinic", "scope": "n1", "role": "member"})
    waiting = call(scim, "GET", "/groups?status=waiting").get_json()["data"]
    assert [one["id"] for one in waiting] == [other]


@pytest.mark.usefixtures("root")
def test_groups_come_in_pages(scim: Scim) -> None:
    made = [scim.make_group(f"G{number}") for number in range(3)]
    first = call(scim, "GET", "/groups?status=waiting&limit=2").get_json()
    assert ([one["id"] for one in first["data"]], first["has_more"]) == (made[:2], True)
    second = call(scim, "GET", f"/groups?status=waiting&limit=2&after={first['next_cursor']}").get_json()
    assert ([one["id"] for one in second["data"]], second["has_more"], second["next_cursor"]) == (made[2:], False, None)
    assert call(scim, "GET", "/groups?after=x").get_json()["code"] == "bad-cursor"


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"level": "clinic", "scope": "nowhere", "role": "member"}, "scope"),
        ({"level": "clinic", "role": "member"}, "scope"),
        ({"level": "platform", "scope": "acme", "role": "member"}, "scope"),
        ({"level": "clinic", "scope": "n1", "role": "implied"}, "role"),
        ({"level": "ward", "scope": "n1", "role": "member"}, "level"),
    ],
)
def test_a_mapping_that_makes_no_sense_is_refused_by_field(scim: Scim, body: Any, field: str) -> None:
    group = scim.make_group("Nurses")
    answer = call(scim, "PUT", f"/groups/{group}/mapping", body)
    assert (answer.status_code, list(answer.get_json()["errors"])) == (422, [field])


@pytest.mark.usefixtures("root")
def test_groups_and_tokens_of_another_platform_are_none_of_ours(scim: Scim) -> None:
    other = f"{scim.key}-other"
    platforms.put_platform(scim.engine, key=other, name="Other", plan="standard", managed_by="scim")
    ((group,),) = scim.rows(
        """
        INSERT INTO scim_groups (platform_id, display_name, created_at, changed_at)
        SELECT id, 'Theirs', now(), now() FROM platforms WHERE key = :key RETURNING id
        """,
        key=other,
    )
    for answer in (
        call(scim, "PUT", f"/groups/{group}/mapping", {"level": "clinic", "scope": "n1", "role": "member"}),
        call(scim, "DELETE", f"/groups/{group}/mapping"),
        call(scim, "DELETE", "/tokens/999999999"),
        call(scim, "DELETE", "/tokens/x"),
    ):
        assert (answer.status_code, answer.get_json()["code"]) == (404, "not-found")


def test_a_token_is_created_shown_once_used_and_revoked(scim: Scim, root: int) -> None:
    made = call(scim, "POST", "/tokens", {"expires_in_days": 365})
    assert made.status_code == 201
    secret, token_id = made.get_json()["token"], made.get_json()["id"]
    too_many = call(scim, "POST", "/tokens", {})
    assert (too_many.status_code, too_many.get_json()["code"]) == (409, "too-many-tokens")
    listed = call(scim, "GET", "/tokens")
    assert secret not in listed.text
    assert [one["valid"] for one in listed.get_json()["data"]] == [True, True]
    assert listed.get_json()["data"][0]["id"] == token_id
    scim.token = secret
    assert scim.call("GET", "/Users").status_code == 200
    for _ in range(2):
        revoked = call(scim, "DELETE", f"/tokens/{token_id}").get_json()
        assert (revoked["id"], revoked["valid"]) == (token_id, False)
    assert scim.call("GET", "/Users").status_code == 401
    assert done(scim, root) == [f"token {token_id} created", f"token {token_id} revoked"]
    assert ("refused", "too-many-tokens") in [row[:2] for row in scim.audit()]


@pytest.mark.usefixtures("root")
def test_the_newest_refusals_are_kept_with_the_reason_and_no_more(scim: Scim) -> None:
    scim.make_user("ada")
    assert scim.call("POST", "/Users", {"schemas": [], "userName": "ada"}).status_code == 409
    for number in range(refusals.KEPT):
        headers = {"X-Request-ID": f"request-{number}"}
        assert scim.call("GET", "/Users/0", headers=headers).status_code == 404
    kept = call(scim, "GET", "/refusals").get_json()["data"]
    assert [one["request_id"] for one in kept] == [f"request-{number}" for number in reversed(range(refusals.KEPT))]
    assert (kept[0]["request"], kept[0]["status"], kept[0]["detail"]) == ("GET /Users/0", 404, "There is no user 0.")
    counted = scim.rows(
        "SELECT count(*) FROM scim_refusals r JOIN platforms p ON p.id = r.platform_id WHERE key = :key", key=scim.key
    )
    assert counted == [(refusals.KEPT,)]


def test_a_refusal_is_answered_also_where_it_cannot_be_kept(scim: Scim) -> None:
    def fail(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "scim_refusals" in statement:
            raise exc.OperationalError("no", None, Exception())

    event.listen(scim.engine, "before_cursor_execute", fail)
    try:
        assert scim.call("GET", "/Users/0").status_code == 404
    finally:
        event.remove(scim.engine, "before_cursor_execute", fail)


def test_the_brake_names_the_request_that_it_refused_first_and_an_administrator_releases_it(
    scim: Scim, root: int
) -> None:
    users = [scim.make_user(f"u{number}") for number in range(30)]
    for user in users:
        answer = scim.call("DELETE", f"/Users/{user}", headers={"X-Request-ID": f"delete-{user}"})
        if answer.status_code == 429:
            break
    scim.call("DELETE", f"/Users/{users[-1]}")
    brake = state(scim)["brake"]
    assert (brake["request"], brake["request_id"]) == (f"DELETE /Users/{user}", f"delete-{user}")
    released = call(scim, "POST", "/resume", {"minutes": 5}).get_json()
    assert (released["brake"], released["released_until"] is not None) == (None, True)
    assert scim.call("DELETE", f"/Users/{user}").status_code == 204
    assert done(scim, root) == ["deactivations resumed"]
    assert provisioning.get_status(scim.engine, platform_key=scim.key).braked_request is None


@pytest.mark.usefixtures("root")
def test_a_platform_that_is_imported_says_so_and_refuses_changes_of_groups(scim: Scim) -> None:
    platforms.put_platform(scim.engine, key=scim.key, managed_by="csv")
    assert state(scim)["managed_by"] == "csv"
    refused = call(scim, "POST", "/resume", {})
    assert (refused.status_code, refused.get_json()["code"]) == (403, "directory-managed-by-csv")


def test_a_directory_token_manages_no_tokens(scim: Scim) -> None:
    headers = {"Authorization": f"Bearer {scim.token}"}
    answer = scim.app.test_client().post(f"{PATH}/tokens", json={}, headers=headers)
    assert (answer.status_code, answer.get_json()["code"]) == (401, "token-invalid")


@pytest.mark.usefixtures("root")
def test_changes_are_limited_for_each_administrator_and_reads_are_not(scim: Scim) -> None:
    limited = directory.make_app(scim.engine, auth=AUTH, limiter=rate_limit.Limiter("2 per minute"))
    scim.app = limited
    statuses = [call(scim, "DELETE", "/tokens/999999999").status_code for _ in range(3)]
    assert statuses == [404, 404, 429]
    assert state(scim)["platform"] == scim.key
