"""Signing in to the console at a certified OpenID provider, sessions, and their ends."""

import dataclasses
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import flask
import jwt
import pytest
import requests
import sqlalchemy
from cryptography.hazmat.primitives.asymmetric import rsa
from sqlalchemy import Engine, text
from werkzeug import serving

from services.compose_api import app as compose
from services.compose_api import settings as own_settings
from shared import settings
from shared.auth import tokens
from tests import factories, identity_provider
from tests.identity_provider import Browser, IdentityProvider, query_of

OLD, NEW = "old-" + factories.SECRET, "new-" + factories.SECRET
AUTH = settings.Auth(secret=factories.SECRET, jwks_url=None)


@dataclass(frozen=True)
class SignIn:
    """compose_api behind an address, the provider, and a platform whose people sign in there."""

    url: str
    engine: Engine
    owner: Engine
    provider: IdentityProvider
    platform: factories.Platform

    def browser(self) -> Browser:
        return Browser(self.url)

    def person(self, external_id: str, *, of: factories.Platform | None = None, **values: Any) -> factories.User:
        with self.owner.begin() as connection:
            return factories.user(connection, of or self.platform, external_id=external_id, **values)

    def platform_with(self, **values: Any) -> factories.Platform:
        with self.owner.begin() as connection:
            made = factories.platform(connection)
            identity_provider.register(connection, made, **{"issuer": self.provider.issuer, **values})
            return made

    def change(self, statement: str, **values: Any) -> None:
        with self.owner.begin() as connection:
            assert connection.execute(text(statement), values).rowcount

    def events(self, user: factories.User) -> list[tuple[Any, ...]]:
        with self.owner.connect() as connection:
            statement = text("SELECT outcome, reason, detail FROM audit_events WHERE user_id = :id ORDER BY id")
            return [tuple(row) for row in connection.execute(statement, {"id": user.id})]


def make_app(engine: Engine, sign_in: own_settings.SignIn, auth: settings.Auth = AUTH) -> flask.Flask:
    return compose.make_app(compose.Context(engine, lambda _published: None), auth=auth, sign_in=sign_in)


@pytest.fixture(scope="module")
def hub(compose_engine: Engine, tenants_owner: Engine) -> Iterator[SignIn]:
    server = serving.make_server("127.0.0.1", 0, flask.Flask("later"), threaded=True)
    url = f"http://127.0.0.1:{server.port}"
    server.app = make_app(compose_engine, own_settings.SignIn(url, (factories.SECRET,)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        with identity_provider.running(url) as provider:
            with tenants_owner.begin() as connection:
                platform = factories.platform(connection)
                identity_provider.register(connection, platform, issuer=provider.issuer)
            yield SignIn(url, compose_engine, tenants_owner, provider, platform)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


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
    assert viewer.json() == {"id": "anna", "name": "Anna Roth", "level": None}
    assert hub.events(anna) == [("signed-in", None, None)]


def test_the_session_opens_nothing_but_the_routes_of_signing_in(hub: SignIn) -> None:
    hub.person("berta")
    browser = hub.browser()
    browser.sign_in(hub.platform.key, "berta")
    assert browser.get("/v1/viewer").json()["code"] == "token-missing"


def test_signed_in_people_are_accepted_on_a_platform_with_an_issuer_of_its_own(hub: SignIn) -> None:
    platform = hub.platform_with()
    hub.change(
        "UPDATE platforms SET issuer = :i, jwks_url = 'http://127.0.0.1:9/' WHERE id = :id",
        i=platform.key,
        id=platform.id,
    )
    hub.person("own-issuer", of=platform)
    browser = hub.browser()
    browser.sign_in(platform.key, "own-issuer")
    token = browser.unsafe("/auth/token").json()["token"]
    answer = requests.get(f"{hub.url}/v1/viewer", headers={"Authorization": f"Bearer {token}"}, timeout=5)
    assert answer.status_code == 200


def test_what_is_stored_opens_nothing(hub: SignIn) -> None:
    clara = hub.person("clara")
    browser = hub.browser()
    browser.sign_in(hub.platform.key, "clara")
    cookie = browser.jar.cookies["hub_session"]
    assert len(cookie) >= 43
    with hub.owner.connect() as connection:
        row = connection.execute(text("SELECT * FROM console_sessions WHERE user_id = :id"), {"id": clara.id}).one()
    assert cookie not in str(row)


def test_the_provider_enforces_pkce_and_the_hub_uses_it(hub: SignIn) -> None:
    query = query_of(hub.browser().start(hub.platform.key))
    assert (query["code_challenge_method"], query["response_type"]) == ("S256", "code")
    assert query["redirect_uri"] == f"{hub.url}/auth/callback"
    assert len(query["code_challenge"]) == 43
    assert min(len(query["state"]), len(query["nonce"])) >= 20


def refusal(response: requests.Response) -> tuple[int, str]:
    """Status and code of a page that says why."""
    assert response.headers["Content-Type"].startswith("text/html")
    assert "Sign in again" in response.text
    assert response.headers["X-Request-ID"] in response.text
    return response.status_code, response.text.partition("Code: ")[2].partition("<")[0]


FAILED = (400, "sign-in-failed")


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
    other = hub.platform_with()
    hub.person("only-elsewhere", of=other)
    assert refusal(hub.browser().sign_in(hub.platform.key, "only-elsewhere")) == (403, "user-unknown")
    with hub.owner.connect() as connection:
        statement = text("SELECT count(*) FROM audit_events WHERE platform_id = :id AND reason = 'user-unknown'")
        assert connection.execute(statement, {"id": hub.platform.id}).scalar_one() == 1


@pytest.mark.parametrize("status", ["disabled", "pending"])
def test_a_person_who_is_not_active_cannot_sign_in(hub: SignIn, status: str) -> None:
    person = hub.person(f"is-{status}", status=status)
    assert refusal(hub.browser().sign_in(hub.platform.key, f"is-{status}")) == (403, "user-inactive")
    assert hub.events(person) == [("refused", "user-inactive", None)]


def test_who_is_disabled_is_signed_out(hub: SignIn) -> None:
    person = hub.person("leaver")
    browser = hub.browser()
    browser.sign_in(hub.platform.key, "leaver")
    hub.change("UPDATE users SET status = 'disabled' WHERE id = :id", id=person.id)
    assert browser.session().json()["code"] == "user-inactive"
    hub.change("UPDATE users SET status = 'active' WHERE id = :id", id=person.id)
    assert browser.session().json()["code"] == "session-missing"


SEEN = "UPDATE console_sessions SET last_seen_at = now() - make_interval(mins => :m) WHERE user_id = :id"
ENDS = "UPDATE console_sessions SET expires_at = now() + make_interval(secs => :s) WHERE user_id = :id"


def test_a_session_ends_after_half_an_hour_without_use(hub: SignIn) -> None:
    person = hub.person("idle")
    browser = hub.browser()
    browser.sign_in(hub.platform.key, "idle")
    hub.change(SEEN, m=29, id=person.id)
    before = browser.session().json()["idle_expires_at"]
    # What a page asks for by itself is no use.
    background = browser.unsafe("/auth/token?background=true").json()
    assert background["idle_expires_at"] == before
    claims = jwt.decode(background["token"], options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] <= 60
    assert browser.unsafe("/auth/token").json()["idle_expires_at"] > before
    csrf_token = browser.session().json()["csrf_token"]
    hub.change(SEEN, m=31, id=person.id)
    answer = browser.post("/auth/token", headers={"Origin": hub.url, "X-CSRF-Token": csrf_token})
    assert answer.json()["code"] == "session-expired"


def test_a_session_ends_after_twelve_hours_of_use(hub: SignIn) -> None:
    person = hub.person("busy")
    browser = hub.browser()
    browser.sign_in(hub.platform.key, "busy")
    with hub.owner.connect() as connection:
        statement = text("SELECT CAST(expires_at - created_at AS text) FROM console_sessions WHERE user_id = :id")
        assert connection.execute(statement, {"id": person.id}).scalar_one() == "12:00:00"
    hub.change(ENDS, s=100, id=person.id)
    claims = jwt.decode(browser.unsafe("/auth/token").json()["token"], options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] <= 100
    hub.change(ENDS, s=-1, id=person.id)
    assert browser.session().json()["code"] == "session-expired"


def test_signing_out_ends_the_session_here_and_then_at_the_provider(hub: SignIn) -> None:
    person = hub.person("fiona")
    browser = hub.browser()
    browser.sign_in(hub.platform.key, "fiona")
    cookie = browser.jar.cookies["hub_session"]
    url = browser.unsafe("/auth/logout").json()["end_session_url"]
    query = query_of(url)
    assert url.startswith(hub.provider.issuer)
    assert query["post_logout_redirect_uri"] == f"{hub.url}/console/"
    assert jwt.decode(query["id_token_hint"], options={"verify_signature": False})["sub"] == "fiona"
    assert "hub_session" not in browser.jar.cookies
    browser.jar.cookies.set("hub_session", cookie, domain="127.0.0.1", path="/")
    assert browser.session().json()["code"] == "session-expired"
    assert hub.events(person)[-1] == ("signed-out", None, None)


def test_signing_in_again_ends_the_session_before(hub: SignIn) -> None:
    hub.person("greta")
    browser = hub.browser()
    browser.sign_in(hub.platform.key, "greta")
    first = browser.jar.cookies["hub_session"]
    browser.sign_in(hub.platform.key, "greta")
    assert browser.jar.cookies["hub_session"] != first
    browser.jar.cookies.set("hub_session", first, domain="127.0.0.1", path="/")
    assert browser.session().json()["code"] == "session-expired"


def test_a_logout_at_the_provider_ends_the_session(hub: SignIn) -> None:
    person = hub.person("hanna")
    browser, other = hub.browser(), hub.browser()
    for one in (browser, other):
        one.sign_in(hub.platform.key, "hanna")
    browser.log_out_at_provider(hub.provider.issuer)
    assert browser.session().json()["code"] == "session-expired"
    assert other.session().status_code == 200
    assert hub.events(person)[-1] == ("signed-out", None, "by the provider")


CSRF = {
    "no token": {"X-CSRF-Token": None},
    "wrong token": {"X-CSRF-Token": "0" * 64},
    "no origin": {"Origin": None},
    "another origin": {"Origin": "https://evil.example"},
    "no origin at all": {"Origin": "null"},
    "another port": {"Origin": "http://127.0.0.1:1"},
}


@pytest.mark.parametrize("path", ["/auth/token", "/auth/logout"])
@pytest.mark.parametrize("headers", CSRF.values(), ids=CSRF)
def test_other_sites_cannot_use_a_session(hub: SignIn, path: str, headers: dict[str, str | None]) -> None:
    browser = hub.browser()
    name = f"csrf-{time.time_ns()}"
    hub.person(name)
    browser.sign_in(hub.platform.key, name)
    answer = browser.unsafe(path, **headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf-failed")
    assert browser.session().status_code == 200


def test_unsafe_calls_without_a_session_need_one(hub: SignIn) -> None:
    for path in ("/auth/token", "/auth/logout"):
        answer = hub.browser().unsafe(path)
        assert (answer.status_code, answer.json()["code"]) == (401, "session-missing")
    for method, path in (("GET", "/auth/token"), ("GET", "/auth/logout"), ("POST", "/auth/session")):
        assert requests.request(method, hub.url + path, timeout=5).status_code == 405


def logout_claims(hub: SignIn, **claims: Any) -> dict[str, Any]:
    found = {
        "iss": hub.provider.issuer,
        "aud": identity_provider.CLIENT,
        "iat": int(time.time()),
        "exp": int(time.time()) + 120,
        "jti": f"jti-{time.time_ns()}",
        "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
        **claims,
    }
    return {name: value for name, value in found.items() if value is not None}


KEY = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)


@dataclass(frozen=True)
class Stub:
    """A provider that signs what a test says: discovery and keys, over HTTP."""

    issuer: str
    hub: SignIn

    def log_out(self, **claims: Any) -> int:
        made = logout_claims(dataclasses.replace(self.hub, provider=IdentityProvider(self.issuer)), **claims)
        return self.post(jwt.encode(made, KEY, algorithm="RS256", headers={"kid": "one", "typ": "logout+jwt"}))

    def post(self, token: str) -> int:
        answer = requests.post(f"{self.hub.url}/auth/backchannel-logout", data={"logout_token": token}, timeout=10)
        assert answer.headers["Cache-Control"] == "no-store"
        return answer.status_code


@pytest.fixture(scope="module")
def stub(hub: SignIn) -> Iterator[Stub]:
    app = flask.Flask("stub")
    key = {
        **json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key())),
        "kid": "one",
        "alg": "RS256",
        "use": "sig",
    }

    @app.get("/.well-known/openid-configuration")
    def configuration() -> Any:
        issuer = flask.request.host_url.rstrip("/")
        return {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/x",
            "token_endpoint": f"{issuer}/x",
            "jwks_uri": f"{issuer}/keys",
        }

    app.add_url_rule("/keys", view_func=lambda: {"keys": [key]})
    server = serving.make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        issuer = f"http://127.0.0.1:{server.port}"
        hub.platform_with(issuer=issuer)
        yield Stub(issuer, hub)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def signed_in(hub: SignIn, stub: Stub, name: str) -> Browser:
    """A browser with a session that belongs to the stub, with the sid `sid-<name>`."""
    person = hub.person(name)
    browser = hub.browser()
    browser.sign_in(hub.platform.key, name)
    hub.change(
        "UPDATE console_sessions SET issuer = :issuer, sid = :sid WHERE user_id = :id",
        issuer=stub.issuer, sid=f"sid-{name}", id=person.id,
    )  # fmt: skip
    return browser


@pytest.mark.parametrize("by", ["sid", "sub"])
def test_a_logout_token_ends_what_it_names_and_is_accepted_once(hub: SignIn, stub: Stub, by: str) -> None:
    mine, other = signed_in(hub, stub, f"ends-by-{by}"), signed_in(hub, stub, f"stays-by-{by}")
    names = {"sid": f"sid-ends-by-{by}"} if by == "sid" else {"sub": f"ends-by-{by}"}
    assert stub.log_out(jti=f"once-{by}", **names) == 200
    assert mine.session().json()["code"] == "session-expired"
    assert other.session().status_code == 200
    assert stub.log_out(jti=f"once-{by}", sid=f"sid-stays-by-{by}") == 400
    assert other.session().status_code == 200


BAD_LOGOUTS: dict[str, dict[str, Any]] = {
    "a nonce": {"nonce": "x"},
    "no events": {"events": None},
    "another event": {"events": {"x": {}}},
    "nobody": {"sid": None},
    "no jti": {"jti": None},
    "no iat": {"iat": None},
    "an old iat": {"iat": 1_600_000_000},
    "expired": {"exp": 1_600_000_000},
    "another client": {"aud": "another"},
    "another issuer": {"iss": "https://evil.example"},
    "a sid that is no text": {"sid": 5},
    "an issuer that is no text": {"iss": None},
}


@pytest.mark.parametrize("claims", BAD_LOGOUTS.values(), ids=BAD_LOGOUTS)
def test_a_bad_logout_token_is_refused(stub: Stub, claims: dict[str, Any]) -> None:
    assert stub.log_out(**{"sid": "anything", **claims}) == 400


def test_a_logout_token_that_nobody_signed_is_refused(hub: SignIn, stub: Stub) -> None:
    claims = logout_claims(dataclasses.replace(hub, provider=IdentityProvider(stub.issuer)), sid="anything")
    other = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    for token in (
        "", "x.y.z", jwt.encode(claims, None, algorithm="none"), jwt.encode(claims, "s" * 40, algorithm="HS256"),
        jwt.encode(claims, other, algorithm="RS256", headers={"kid": "one"}),
        jwt.encode(claims, KEY, algorithm="RS256", headers={"kid": "one", "typ": "id+jwt"}),
    ):  # fmt: skip
        assert stub.post(token) == 400


def test_a_provider_that_is_away_says_so_and_delays_nobody_else(hub: SignIn) -> None:
    platform = hub.platform_with(issuer="http://127.0.0.1:9")
    answer = hub.browser().get("/auth/login", params={"platform": platform.key})
    assert refusal(answer) == (503, "provider-unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert hub.browser().start(hub.platform.key)


def test_a_provider_that_hangs_takes_few_threads_and_comes_to_an_end(hub: SignIn) -> None:
    server = serving.make_server("127.0.0.1", 0, lambda _environ, _start: time.sleep(4) or [], threaded=True)  # type: ignore[func-returns-value]
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    platform = hub.platform_with(issuer=f"http://127.0.0.1:{server.port}")
    codes: list[int] = []

    def attempt() -> None:
        codes.append(hub.browser().get("/auth/login", params={"platform": platform.key}).status_code)

    threads = [threading.Thread(target=attempt) for _ in range(8)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    assert hub.browser().start(hub.platform.key)
    assert time.monotonic() - began < 2
    for thread in threads:
        thread.join()
    assert codes == [503] * 8
    assert time.monotonic() - began < 7
    server.shutdown()


def test_an_issuer_that_describes_another_one_is_not_used(hub: SignIn) -> None:
    platform = hub.platform_with(issuer=f"{hub.provider.issuer}/")
    assert refusal(hub.browser().get("/auth/login", params={"platform": platform.key}))[1] == "provider-unavailable"


def test_cookies_over_tls_belong_to_this_host_alone(hub: SignIn) -> None:
    app = make_app(hub.engine, own_settings.SignIn("https://hub.example.org/hub", (factories.SECRET,)))
    answer = app.test_client().get("/auth/login", query_string={"platform": hub.platform.key})
    (cookie,) = answer.headers.getlist("Set-Cookie")
    assert cookie.startswith("__Host-hub_attempt_")
    parts = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"secure", "httponly", "path=/", "samesite=lax", "max-age=600"} <= parts
    assert "domain" not in cookie.lower()
    assert query_of(answer.headers["Location"])["redirect_uri"] == "https://hub.example.org/hub/auth/callback"


def test_the_sessions_cookie_over_http_is_not_readable_by_scripts(hub: SignIn) -> None:
    hub.person("ida")
    cookies = hub.browser().sign_in(hub.platform.key, "ida").raw.headers.getlist("Set-Cookie")
    (session,) = [one for one in cookies if one.startswith("hub_session=")]
    parts = {part.strip() for part in session.split(";")[1:]}
    assert parts == {"HttpOnly", "Path=/", "SameSite=Lax"}


def test_both_keys_are_rotated_without_signing_anybody_out(hub: SignIn) -> None:
    def make(cookie_keys: tuple[str, ...], auth: settings.Auth) -> flask.Flask:
        return make_app(hub.engine, own_settings.SignIn(hub.url, cookie_keys), auth)

    old = make((OLD,), settings.Auth(secret=OLD, jwks_url=None))
    new = make((NEW, OLD), settings.Auth(secret=NEW, jwks_url=None, former_secret=OLD))
    last = make((NEW,), settings.Auth(secret=NEW, jwks_url=None))
    hub.person("jana")
    browser = hub.browser()
    browser.sign_in(hub.platform.key, "jana")
    session = browser.jar.cookies["hub_session"]

    def token(app: flask.Flask) -> str:
        client = app.test_client()
        client.set_cookie("hub_session", session, domain="localhost")
        shown = client.get("/auth/session").get_json()
        headers = {"Origin": hub.url, "X-CSRF-Token": shown["csrf_token"]}
        return str(client.post("/auth/token", headers=headers).get_json()["token"])

    def status(app: flask.Flask, bearer: str) -> int:
        return app.test_client().get("/v1/viewer", headers={"Authorization": f"Bearer {bearer}"}).status_code

    before, after = token(old), token(new)
    assert [status(app, before) for app in (old, new, last)] == [200, 200, 401]
    assert [status(app, after) for app in (old, new, last)] == [401, 200, 200]

    # A sign-in that began before.
    begun = old.test_client().get("/auth/login", query_string={"platform": hub.platform.key})
    state = query_of(begun.headers["Location"])["state"]
    name, _, rest = begun.headers["Set-Cookie"].partition("=")
    for app, words in ((new, "was cancelled"), (last, "took too long")):
        client = app.test_client()
        client.set_cookie(name, rest.partition(";")[0], domain="localhost")
        answer = client.get(f"/auth/callback?state={state}&error=access_denied", headers={"Accept": "text/html"})
        assert words in answer.text


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
    assert requests.get(config, timeout=5).json()["sign_in"] == {"platform": None, "tokens": True}
    without = make_app(hub.engine, own_settings.SignIn())
    assert without.test_client().get("/console/config.json").get_json()["sign_in"] is None
    away = sqlalchemy.create_engine("postgresql+psycopg://nobody@127.0.0.1:9/nothing")
    app = make_app(away, own_settings.SignIn(hub.url, (factories.SECRET,)))
    assert app.test_client().get("/console/config.json").get_json()["sign_in"] is None
