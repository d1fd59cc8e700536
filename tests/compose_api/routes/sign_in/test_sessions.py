"""Sessions of people who signed in: what they open, their tokens and cookies, other sites, and their ends."""

import time

import flask
import jwt
import pytest
import requests
from sqlalchemy import text

from services.compose_api import settings as own_settings
from shared import settings
from tests import factories
from tests.compose_api.routes.sign_in.hub import SignIn, make_app
from tests.identity_provider import query_of

OLD, NEW = "old-" + factories.SECRET, "new-" + factories.SECRET


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
