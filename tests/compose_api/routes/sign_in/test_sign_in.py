"""Signing in to the console at a certified OpenID provider."""

import time
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
import requests
import sqlalchemy
from sqlalchemy import text

from services.compose_api import settings as own_settings
from shared import settings
from shared.auth import tokens
from tests import factories, identity_provider
from tests.compose_api.routes.sign_in.hub import AUTH, FAILED, SignIn, make_app, refusal
from tests.identity_provider import Browser, query_of


def test_a_person_signs_in_and_gets_tokens_for_both_apis(hub: SignIn) -> None:
    anna = hub.person("anna", name="Anna Roth")
    browser = hub.browser()
    answer = browser.sign_in(hub.platform.key, "anna", "/console/#/compose?clinic=a")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{hub.url}/console/#/compose?clinic=a")

    session = browser.session()
    assert session.headers["Cache-Control"] == "no-store"
    shown = session.json()
    assert shown.keys() == {"user", "platform", "signed_in_at", "expires_at", "idle_expires_at", "now", "csrf_token"}
    assert (shown["user"], shown["platform"]) == ({"id": "anna", "name": "Anna Roth"}, hub.platform.key)

    token = browser.unsafe("/auth/token").json()["token"]
    claims = jwt.decode(token, factories.SECRET, algorithms=["HS256"], audience=tokens.AUDIENCE)
    assert (claims["iss"], claims["sub"], claims["platform"]) == ("message-hub", "anna", hub.platform.key)
    assert claims["exp"] - claims["iat"] == 300
    viewer = requests.get(f"{hub.url}/v1/viewer", headers={"Authorization": f"Bearer {token}"}, timeout=5)
    assert viewer.json()["name"] == "Anna Roth"
    assert hub.events(anna) == [("signed-in", None, None)]


@pytest.mark.parametrize("typed", ["{0}.example", "anna@{0}.example", " Anna@{0}.EXAMPLE ", "@{0}.example"])
def test_an_address_leads_to_the_provider_of_its_platform(hub: SignIn, typed: str) -> None:
    platform = hub.platform_with()
    hub.change(
        "INSERT INTO sign_in_domains (domain, platform_id) VALUES (:domain, :id)",
        domain=f"{platform.key}.example".lower(),
        id=platform.id,
    )
    hub.person("by-address", of=platform)
    browser = hub.browser()
    assert browser.sign_in(typed.format(platform.key), "by-address").status_code == 303
    assert browser.session().json()["platform"] == platform.key


def test_a_key_that_looks_like_a_domain_comes_before_the_domain(hub: SignIn) -> None:
    with hub.owner.begin() as connection:
        named = factories.platform(connection, key="looks-like.example")
        identity_provider.register(connection, named, issuer=hub.provider.issuer, client_id="of-the-key")
    other = hub.platform_with(client_id="of-the-domain")
    claim = "INSERT INTO sign_in_domains (domain, platform_id) VALUES ('looks-like.example', :id)"
    hub.change(claim, id=other.id)
    clients = {
        typed: query_of(hub.browser().start(typed))["client_id"]
        for typed in ("looks-like.example", "a@looks-like.example")
    }
    assert clients == {"looks-like.example": "of-the-key", "a@looks-like.example": "of-the-domain"}


def test_an_unknown_name_gets_the_answer_of_a_platform_without_sign_in(hub: SignIn) -> None:
    with hub.owner.begin() as connection:
        without = factories.platform(connection)
    answers = []
    for typed in (without.key, "nowhere", "nowhere.example", "anna@nowhere.example", "", "\0@a.example", "a" * 400):
        answer = requests.get(f"{hub.url}/auth/login", params={"platform": typed}, timeout=5)
        answers.append((answer.status_code, {**answer.json(), "request_id": ""}))
    assert all(one == answers[0] for one in answers)
    assert (answers[0][0], answers[0][1]["code"]) == FAILED


def test_the_provider_enforces_pkce_and_the_hub_uses_it(hub: SignIn) -> None:
    query = query_of(hub.browser().start(hub.platform.key))
    assert (query["code_challenge_method"], query["response_type"]) == ("S256", "code")
    assert query["redirect_uri"] == f"{hub.url}/auth/callback"
    assert len(query["code_challenge"]) == 43
    assert min(len(query["state"]), len(query["nonce"])) >= 20


def changed(hub: SignIn, browser: Browser, **values: str) -> None:
    """Changes what the browser's attempt holds, as nobody without the key can."""
    cookies = compose_cookies(hub)
    (name,) = [name for name in browser.jar.cookies.keys() if name.startswith("hub_attempt_")]  # noqa: SIM118
    attempt = cookies._signer.loads(browser.jar.cookies[name])
    browser.jar.cookies.set(name, cookies._signer.dumps({**attempt, **values}), domain="127.0.0.1", path="/")


def compose_cookies(hub: SignIn) -> Any:
    from services.compose_api import cookies  # noqa: PLC0415

    return cookies.Cookies(own_settings.SignIn(hub.url, (factories.SECRET,)))


@pytest.mark.parametrize("what", ["code_verifier", "nonce"])
def test_a_wrong_verifier_or_nonce_is_refused(hub: SignIn, what: str) -> None:
    hub.person(f"wrong-{what}")
    browser = hub.browser()
    address = browser.start(hub.platform.key)
    changed(hub, browser, **{what: "x" * 48})
    assert refusal(browser.get(browser.identify(address, f"wrong-{what}"))) == FAILED
    assert browser.session().json()["code"] == "session-missing"


def test_a_callback_counts_once_and_only_in_the_browser_that_began(hub: SignIn) -> None:
    hub.person("dora")
    browser = hub.browser()
    callback = browser.identify(browser.start(hub.platform.key), "dora")
    assert refusal(hub.browser().get(callback)) == FAILED
    assert refusal(browser.get(callback.replace("state=", "state=x"))) == FAILED
    kept = requests.cookies.RequestsCookieJar()
    kept.update(browser.jar.cookies)
    assert browser.get(callback).status_code == 303
    assert refusal(browser.get(callback)) == FAILED
    # Also where the cookie of the attempt was kept: the provider gives nothing for a code the second time.
    browser.jar.cookies = kept
    assert refusal(browser.get(callback)) == FAILED


@pytest.mark.parametrize("change", ["another", "missing"])
def test_an_answer_of_another_provider_is_refused(hub: SignIn, change: str) -> None:
    hub.person(f"mixed-up-{change}")
    browser = hub.browser()
    callback = browser.identify(browser.start(hub.platform.key), f"mixed-up-{change}")
    query = query_of(callback)
    assert query["iss"] == hub.provider.issuer
    if change == "another":
        query["iss"] = "https://evil.example"
    else:
        del query["iss"]
    assert refusal(browser.get(f"/auth/callback?{urlencode(query)}")) == FAILED


def test_an_attempt_ends_after_ten_minutes(hub: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = hub.browser()
    callback = f"/auth/callback?state={query_of(browser.start(hub.platform.key))['state']}&error=access_denied"
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 601)
    assert "took too long" in browser.get(callback).text
    monkeypatch.undo()
    assert "was cancelled" in browser.get(callback).text


def test_several_tabs_sign_in_at_once(hub: SignIn) -> None:
    hub.person("emma")
    browser = hub.browser()
    first, second = (browser.start(hub.platform.key, f"/console/#/{tab}") for tab in (1, 2))
    for address, tab in ((second, 2), (first, 1)):
        answer = browser.get(browser.identify(address, "emma"))
        assert answer.headers["Location"].endswith(f"#/{tab}")
    assert [name for name in browser.jar.cookies.keys() if "attempt" in name] == []  # noqa: SIM118


def test_many_attempts_do_not_fill_the_requests_headers(hub: SignIn) -> None:
    browser = hub.browser()
    for _ in range(25):
        browser.start(hub.platform.key)
    assert len(browser.jar.cookies) <= 11


@pytest.mark.parametrize(
    "target",
    ["//evil.example", "/\\evil.example", "https://evil.example", "evil.example", "/\t/evil.example", "/\n/evil.example",
     "javascript:alert(1)", "\\\\evil.example", " /console/", "/%0d%0aX:1\r\n", "///evil.example", "", "/" + "a" * 2000],
)  # fmt: skip
def test_nobody_is_sent_to_another_site_afterwards(hub: SignIn, target: str) -> None:
    answer = hub.browser().get("/auth/login", params={"platform": hub.platform.key, "next": target})
    if target:
        assert refusal(answer) == (422, "validation-failed")
    else:
        assert answer.status_code == 302


def test_a_page_for_people_and_problem_details_for_programs(hub: SignIn) -> None:
    path = "/auth/login?platform=<b>nowhere</b>"
    page = hub.browser().get(path)
    assert refusal(page) == FAILED
    assert "<b>" not in page.text
    assert "style-src 'sha256-" in page.headers["Content-Security-Policy"]
    problem = requests.get(hub.url + path, timeout=5)
    assert problem.headers["Content-Type"] == "application/problem+json"
    assert problem.json()["code"] == "sign-in-failed"


@pytest.mark.parametrize("claim", ["sub", "oid", "email"])
def test_people_are_found_by_the_claim_that_their_platform_uses(hub: SignIn, claim: str) -> None:
    platform = hub.platform_with(user_claim=claim)
    person = hub.person(f"by-{claim}", of=platform)
    hub.change("UPDATE users SET email = 'Somebody@Example.org' WHERE id = :id", id=person.id)
    subject = f"by-{claim}" if claim == "sub" else f"another-{claim}"
    hub.provider.set_claims(subject, oid=f"by-{claim}", email="somebody@example.org", email_verified=True)
    browser = hub.browser()
    assert browser.sign_in(platform.key, subject).status_code == 303
    assert browser.session().json()["user"]["id"] == f"by-{claim}"


@pytest.mark.parametrize("why", ["not verified", "shared by two", "missing"])
def test_an_address_that_proves_nothing_signs_nobody_in(hub: SignIn, why: str) -> None:
    platform = hub.platform_with(user_claim="email")
    for number in range(2 if why == "shared by two" else 1):
        person = hub.person(f"of-address-{number}", of=platform)
        hub.change("UPDATE users SET email = 'a@example.org' WHERE id = :id", id=person.id)
    claims: dict[str, Any] = (
        {} if why == "missing" else {"email": "a@example.org", "email_verified": why != "not verified"}
    )
    subject = f"address {why}".replace(" ", "-")
    hub.provider.set_claims(subject, **claims)
    assert refusal(hub.browser().sign_in(platform.key, subject)) == (403, "user-unknown")


def test_people_of_another_platform_are_unknown(hub: SignIn) -> None:
    platform, other = hub.platform_with(), hub.platform_with()
    hub.person("only-elsewhere", of=other)
    assert refusal(hub.browser().sign_in(platform.key, "only-elsewhere")) == (403, "user-unknown")
    with hub.owner.connect() as connection:
        statement = text("SELECT count(*) FROM audit_events WHERE platform_id = :id AND reason = 'user-unknown'")
        assert connection.execute(statement, {"id": platform.id}).scalar_one() == 1


@pytest.mark.parametrize("status", ["disabled", "pending"])
def test_a_person_who_is_not_active_cannot_sign_in(hub: SignIn, status: str) -> None:
    person = hub.person(f"is-{status}", status=status)
    assert refusal(hub.browser().sign_in(hub.platform.key, f"is-{status}")) == (403, "user-inactive")
    assert hub.events(person) == [("refused", "user-inactive", None)]


def test_cookies_over_tls_belong_to_this_host_alone(hub: SignIn) -> None:
    app = make_app(hub.engine, own_settings.SignIn("https://hub.example.org/hub", (factories.SECRET,)))
    answer = app.test_client().get("/auth/login", query_string={"platform": hub.platform.key})
    (cookie,) = answer.headers.getlist("Set-Cookie")
    assert cookie.startswith("__Host-hub_attempt_")
    parts = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"secure", "httponly", "path=/", "samesite=lax", "max-age=600"} <= parts
    assert "domain" not in cookie.lower()
    assert query_of(answer.headers["Location"])["redirect_uri"] == "https://hub.example.org/hub/auth/callback"


def test_without_its_settings_nobody_signs_in(hub: SignIn) -> None:
    for sign_in, auth in (
        (own_settings.SignIn(), AUTH),
        (own_settings.SignIn(hub.url, (factories.SECRET,)), settings.Auth(secret=None, jwks_url=None)),
    ):
        client = make_app(hub.engine, sign_in, auth).test_client()
        answer = client.get("/auth/login", query_string={"platform": hub.platform.key})
        assert answer.get_json()["code"] == "unavailable"
        assert client.get("/auth/session").get_json()["code"] == "session-missing"


def test_the_console_knows_where_people_sign_in(hub: SignIn) -> None:
    config = f"{hub.url}/console/config.json"
    hub.platform_with()
    with hub.owner.begin() as connection:
        factories.platform(connection)
    # Several platforms have a provider, others have none.
    assert requests.get(config, timeout=5).json()["sign_in"] == {"platform": None, "tokens": True, "url": hub.url}
    without = make_app(hub.engine, own_settings.SignIn())
    assert without.test_client().get("/console/config.json").get_json()["sign_in"] is None
    away = sqlalchemy.create_engine("postgresql+psycopg://nobody@127.0.0.1:9/nothing")
    app = make_app(away, own_settings.SignIn(hub.url, (factories.SECRET,)))
    assert app.test_client().get("/console/config.json").get_json()["sign_in"] is None
