"""From a header to a caller: whom a token stands for, and what the directory lets them do."""

import pytest
import structlog
from flask.testing import FlaskClient
from sqlalchemy import Engine, text

from shared import settings
from shared.web import app as app_frame
from tests import factories
from tests.shared import answers
from tests.shared.auth import keys
from tests.shared.web import frame


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Bearer  ", "Basic dTpw", "Token x", "x", "bearer", "Bearer,x"]
)
def test_without_a_bearer_token_the_answer_says_so(client: FlaskClient, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    answers.problem(client.get("/whoami", headers=headers), "token-missing")


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER ", "Bearer   "])
def test_the_name_of_the_scheme_is_read_in_any_case(client: FlaskClient, user: dict[str, str], scheme: str) -> None:
    token = user["Authorization"].removeprefix("Bearer ")
    assert client.get("/whoami", headers={"Authorization": scheme + token}).status_code == 200


@pytest.mark.parametrize("token", ["x", "x y", "a.b.c", "é", "\xff", "x" * 100_000])
def test_a_bad_token_is_refused(client: FlaskClient, token: str) -> None:
    answer = client.get("/whoami", environ_overrides={"HTTP_AUTHORIZATION": f"Bearer {token}"})
    answers.problem(answer, "token-invalid")


def test_a_token_in_the_query_is_no_token(client: FlaskClient, user: dict[str, str]) -> None:
    token = user["Authorization"].removeprefix("Bearer ")
    answers.problem(client.get(f"/whoami?access_token={token}"), "token-missing")


@pytest.fixture(scope="module")
def platform(tenants_owner: Engine) -> factories.Platform:
    with tenants_owner.begin() as connection:
        return factories.platform(connection)


@pytest.fixture(scope="module")
def somebody(tenants_owner: Engine, platform: factories.Platform) -> factories.User:
    with tenants_owner.begin() as connection:
        return factories.user(connection, platform)


def test_a_token_of_an_unknown_platform_or_user_is_refused_alike(
    client: FlaskClient, platform: factories.Platform, somebody: factories.User, tenants_owner: Engine
) -> None:
    with tenants_owner.begin() as connection:
        elsewhere = factories.platform(connection)
    texts = set()
    for who, of in [
        ("nobody", platform),
        (somebody, "nowhere"),
        (somebody, elsewhere),
        (somebody, platform.key.upper()),
    ]:
        answer = client.get("/whoami", headers=factories.bearer(who, of))  # type: ignore[arg-type]
        answers.problem(answer, "token-invalid")
        texts.add(answer.text)
    assert len(texts) == 1, "which of the two is unknown is nobody's business"


def test_ids_that_look_like_sql_are_only_ids(
    client: FlaskClient, tenants_owner: Engine, platform: factories.Platform
) -> None:
    name = "'; DROP TABLE users; -- %s :x ü 字"
    with tenants_owner.begin() as connection:
        factories.user(connection, platform, external_id=name)
    answer = client.get("/whoami", headers=factories.bearer(name, platform))
    assert answer.get_json() == {"user": name, "limit": 10}


@pytest.mark.parametrize("status", ["pending", "disabled"])
def test_who_is_not_active_is_told_so_everywhere(
    client: FlaskClient, tenants_owner: Engine, platform: factories.Platform, status: str
) -> None:
    with tenants_owner.begin() as connection:
        who = factories.user(connection, platform, status=status)
    for method, path in (("GET", "/whoami"), ("POST", "/echo"), ("POST", "/send")):
        answer = client.open(path, method=method, headers=factories.bearer(who, platform))
        assert status in answers.problem(answer, "user-inactive")["detail"]


@pytest.mark.parametrize("level", ["platform", "organisation", "clinic"])
def test_who_administers_anything_is_an_administrator_until_they_do_not(
    client: FlaskClient, tenants_owner: Engine, level: str
) -> None:
    with tenants_owner.begin() as connection:
        platform = factories.platform(connection)
        organisation = factories.organisation(connection, platform)
        clinic = factories.clinic(connection, organisation)
        who = factories.user(connection, platform, organisation, clinic)
    headers = factories.bearer(who, platform)
    answers.problem(client.post("/send", headers=headers), "administrator-required")
    scope: factories.Scope = {"platform": platform, "organisation": organisation, "clinic": clinic}[level]
    with tenants_owner.begin() as connection:
        factories.administrator(connection, who, scope)
    assert client.post("/send", headers=headers).status_code == 200
    with tenants_owner.begin() as connection:
        factories.member(connection, who, scope)
    answers.problem(client.post("/send", headers=headers), "administrator-required")
    assert client.get("/whoami", headers=headers).status_code == 200


def test_another_plan_keeps_from_sending_only(client: FlaskClient, tenants_owner: Engine) -> None:
    with tenants_owner.begin() as connection:
        platform = factories.platform(connection, plan="standard")
        who = factories.user(connection, platform)
        factories.administrator(connection, who, platform)
    headers = factories.bearer(who, platform)
    answers.problem(client.post("/send", headers=headers), "feature-not-available")
    assert client.post("/echo", headers=headers, json={"word": "x"}).status_code == 200


@pytest.fixture
def own_issuer(tenants_owner: Engine, key_server: keys.KeyServer) -> tuple[factories.Platform, factories.User]:
    """A platform with its own issuer, named by the address at which it hands out its keys."""
    key_server.keys = [keys.make_key()]
    with tenants_owner.begin() as connection:
        platform = factories.platform(connection, issuer=key_server.url, jwks_url=key_server.url)
        return platform, factories.user(connection, platform)


def test_a_platform_with_its_own_issuer_lets_its_users_in(
    client: FlaskClient, key_server: keys.KeyServer, own_issuer: tuple[factories.Platform, factories.User]
) -> None:
    platform, who = own_issuer
    token = keys.make_key().sign(sub=who.external_id, platform=platform.key, iss=key_server.url)
    answer = client.get("/whoami", headers={"Authorization": f"Bearer {token}"})
    assert answer.get_json() == {"user": who.external_id, "limit": 10}


def test_another_address_of_keys_takes_effect_at_once(
    client: FlaskClient,
    tenants_owner: Engine,
    key_server: keys.KeyServer,
    own_issuer: tuple[factories.Platform, factories.User],
) -> None:
    """Issue 11, number 13: what the keys of the old address proved ends with it."""
    platform, who = own_issuer
    old, new = (
        keys.make_key(number=n).sign(sub=who.external_id, platform=platform.key, iss=key_server.url) for n in (0, 1)
    )
    assert client.get("/whoami", headers={"Authorization": f"Bearer {old}"}).status_code == 200
    with keys.serving() as other:
        other.keys = [keys.make_key(number=1)]
        with tenants_owner.begin() as connection:
            connection.execute(
                text("UPDATE platforms SET jwks_url = :url WHERE id = :id"), {"url": other.url, "id": platform.id}
            )
        answers.problem(client.get("/whoami", headers={"Authorization": f"Bearer {old}"}), "token-invalid")
        assert client.get("/whoami", headers={"Authorization": f"Bearer {new}"}).status_code == 200


def test_the_hubs_secret_does_not_open_a_platform_with_its_own_issuer(
    client: FlaskClient, key_server: keys.KeyServer, own_issuer: tuple[factories.Platform, factories.User]
) -> None:
    platform, who = own_issuer
    for claims in ({}, {"iss": key_server.url}):
        token = factories.token(who, platform, **claims)
        answers.problem(client.get("/whoami", headers={"Authorization": f"Bearer {token}"}), "token-invalid")


def test_the_hubs_own_keys_do_not_open_a_platform_with_its_own_issuer(
    reader: Engine, own_issuer: tuple[factories.Platform, factories.User]
) -> None:
    platform, who = own_issuer
    with keys.serving() as hub_keys:
        hub_keys.keys = [keys.make_key(number=1)]
        client = frame.make_app(reader, jwks_url=hub_keys.url).test_client()
        token = keys.make_key(number=1).sign(sub=who.external_id, platform=platform.key)
        answers.problem(client.get("/whoami", headers={"Authorization": f"Bearer {token}"}), "token-invalid")
        assert hub_keys.fetches == 0


def test_keys_that_cannot_be_had_are_no_fault_of_the_token(
    client: FlaskClient, key_server: keys.KeyServer, own_issuer: tuple[factories.Platform, factories.User]
) -> None:
    platform, who = own_issuer
    key_server.status = 500
    token = keys.make_key().sign(sub=who.external_id, platform=platform.key)
    answer = client.get("/whoami", headers={"Authorization": f"Bearer {token}"})
    answers.problem(answer, "unavailable")
    assert answer.headers["Retry-After"] == "10"


def test_an_app_without_secret_and_keys_says_who_can_still_sign_in(reader: Engine) -> None:
    auth = settings.Auth(secret=None, jwks_url=None)
    with structlog.testing.capture_logs() as logged:
        app_frame.make_app("tests", app_frame.Frame(title="Tests", engine=reader, auth=auth), [], hub=None)
    (line,) = logged
    assert line["log_level"] == "warning"
    assert "neither HUB_JWT_SECRET nor HUB_JWKS_URL" in line["event"]
