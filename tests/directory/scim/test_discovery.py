"""What the SCIM service says of itself, who may ask, and how errors look."""

import hashlib
from datetime import timedelta

import pytest
from sqlalchemy import text

from services.directory import errors
from services.directory.actions import platforms, scim_tokens
from tests.directory.scim.conftest import GROUP, SCOPE, USER, Scim

ERROR = ["urn:ietf:params:scim:api:messages:2.0:Error"]


def test_it_says_what_it_can_do(scim: Scim) -> None:
    config = scim.call("GET", "/ServiceProviderConfig")
    assert config.status_code == 200
    assert config.mimetype == "application/scim+json"
    said = config.get_json()
    supported = {
        name: said[name]["supported"] for name in ("patch", "bulk", "filter", "changePassword", "sort", "etag")
    }
    assert supported == {
        "patch": True, "bulk": False, "filter": True, "changePassword": False, "sort": False, "etag": True,
    }  # fmt: skip
    types = scim.call("GET", "/ResourceTypes").get_json()
    assert {one["endpoint"]: one["schema"] for one in types["Resources"]} == {"/Users": USER, "/Groups": GROUP}
    schemas = scim.call("GET", "/Schemas").get_json()
    assert {one["id"] for one in schemas["Resources"]} == {USER, GROUP, SCOPE}
    attributes = scim.call("GET", f"/Schemas/{USER}").get_json()["attributes"]
    kept = {one["name"] for one in attributes if one["returned"] != "never"}
    assert kept == {"userName", "name", "displayName", "active", "emails"}
    # Sent by clients that send nothing which is not described, and ignored.
    assert {one["name"] for one in attributes} - kept > {"password", "title", "phoneNumbers", "preferredLanguage"}


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/Schemas", {"Authorization": ""}, 401),
        ("GET", "/Schemas", {"Authorization": "Basic YTpi"}, 401),
        ("GET", "/Schemas", {"Authorization": "Bearer mhd_unknown"}, 401),
        ("GET", "/Schemas", {"Authorization": "Bearer \udcff"}, 401),
        ("GET", "/Nothing", {}, 404),
        ("GET", "/Schemas/urn:nothing", {}, 404),
        ("GET", "/Schemas?filter=id pr", {}, 403),
        ("DELETE", "/ServiceProviderConfig", {}, 405),
    ],
)
def test_every_error_is_in_the_format_of_scim(
    scim: Scim, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    answer = scim.call(method, path, headers=headers)
    assert (answer.status_code, answer.mimetype) == (status, "application/scim+json")
    said = answer.get_json()
    assert said["schemas"] == ERROR
    assert said["status"] == str(status)
    assert said["detail"]
    assert ("WWW-Authenticate" in answer.headers) == (status == 401)


def test_a_failure_of_ours_is_in_the_format_of_scim_too(scim: Scim, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(scim_tokens, "find_client", fail)
    answer = scim.call("GET", "/ServiceProviderConfig")
    assert (answer.status_code, answer.mimetype) == (500, "application/scim+json")
    assert answer.get_json()["schemas"] == ERROR


def test_the_token_decides_the_platform_is_shown_once_and_stored_hashed(scim: Scim) -> None:
    other = f"{scim.key}-other"
    platforms.put_platform(scim.engine, key=other, name="Other", plan="standard")
    made = scim_tokens.create_token(scim.engine, platform_key=other)
    kept = scim.rows("SELECT hash FROM scim_tokens ORDER BY id DESC LIMIT 2")[::-1]
    assert [bytes(one[0]) for one in kept] == [
        hashlib.sha256(one.encode()).digest() for one in (scim.token, made.token)
    ]
    found = scim_tokens.find_client(scim.engine, token=made.token, request_id="r", address=None)
    assert found is not None
    assert (found.platform_key, found.token_id) == (other, made.id)


def test_two_tokens_are_valid_at_once_and_the_last_use_is_noted(scim: Scim) -> None:
    second = scim_tokens.create_token(scim.engine, platform_key=scim.key, expires=timedelta(days=1))
    with pytest.raises(errors.TooManyTokensError):
        scim_tokens.create_token(scim.engine, platform_key=scim.key)
    assert scim.call("GET", "/Schemas").status_code == 200
    first_row, second_row = scim_tokens.list_tokens(scim.engine, platform_key=scim.key)
    assert first_row.last_used_at is not None
    assert (second_row.last_used_at, second_row.is_valid) == (None, True)
    scim_tokens.revoke_token(scim.engine, platform_key=scim.key, token_id=first_row.id)
    assert scim.call("GET", "/Schemas").status_code == 401
    scim.token = second.token
    assert scim.call("GET", "/Schemas").status_code == 200
    with scim.owner.begin() as connection:
        expire = text("UPDATE scim_tokens SET expires_at = now() - interval '1 second' WHERE id = :id")
        connection.execute(expire, {"id": second.id})
    assert scim.call("GET", "/Schemas").status_code == 401


def test_a_revoked_token_of_another_platform_is_none_of_ours(scim: Scim) -> None:
    other = f"{scim.key}-other"
    platforms.put_platform(scim.engine, key=other, name="Other", plan="standard")
    (token,) = scim_tokens.list_tokens(scim.engine, platform_key=scim.key)
    with pytest.raises(errors.UnknownTokenError):
        scim_tokens.revoke_token(scim.engine, platform_key=other, token_id=token.id)
    assert scim.call("GET", "/Schemas").status_code == 200


def test_health_is_public_and_the_rest_is_not_scim(scim: Scim) -> None:
    client = scim.app.test_client()
    assert client.get("/healthz").get_json() == {"status": "ok"}
    assert client.get("/readyz").status_code == 200
    assert "message_hub_scim_braked_platforms " in client.get("/metrics").text
    assert client.get("/v1/nothing").mimetype == "application/problem+json"
