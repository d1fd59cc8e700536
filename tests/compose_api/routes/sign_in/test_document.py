"""Answers of the routes of signing in, with a session and without, are those that the OpenAPI document describes."""

from typing import Any

import pytest
import requests
import schemathesis

from cli import openapi
from tests.compose_api.routes.sign_in.hub import SignIn
from tests.identity_provider import Browser, query_of

HTML = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return openapi.documents()["compose"]


@pytest.fixture
def check(document: dict[str, Any]) -> "Check":
    return Check(document)


class Check:
    def __init__(self, document: dict[str, Any]) -> None:
        self._schema = schemathesis.openapi.from_dict(document)
        self._paths = document["paths"]

    def __call__(self, answer: requests.Response, status: int) -> None:
        method, path = str(answer.request.method), answer.request.path_url.partition("?")[0]
        assert answer.status_code == status, answer.text
        assert str(status) in self._paths[path][method.lower()]["responses"]
        self._schema[path][method].validate_response(answer)


def test_a_whole_sign_in_is_as_described(hub: SignIn, check: Check) -> None:
    hub.person("described")
    browser = hub.browser()
    begun = browser.get("/auth/login", params={"platform": hub.platform.key})
    check(begun, 302)
    check(browser.get(browser.identify(begun.headers["Location"], "described")), 303)
    check(browser.session(), 200)
    check(browser.unsafe("/auth/token"), 200)
    check(browser.unsafe("/auth/token?background=true"), 200)
    check(browser.unsafe("/auth/token?background=perhaps"), 422)
    check(browser.unsafe("/auth/token?x=1"), 422)
    check(browser.unsafe("/auth/token", Origin=None), 403)
    check(browser.post("/auth/token", data="x", headers=_csrf(browser, hub)), 400)
    check(browser.get("/auth/session?x=1"), 422)
    check(browser.unsafe("/auth/logout"), 200)
    check(browser.session(), 401)


def test_what_ends_a_session_is_as_described(hub: SignIn, check: Check) -> None:
    person = hub.person("described-leaver")
    browser = hub.browser()
    browser.sign_in(hub.platform.key, "described-leaver")
    hub.change("UPDATE console_sessions SET expires_at = now() WHERE user_id = :id", id=person.id)
    check(browser.session(), 401)
    assert "hub_session" not in browser.jar.cookies
    browser.sign_in(hub.platform.key, "described-leaver")
    hub.change("UPDATE users SET status = 'disabled' WHERE id = :id", id=person.id)
    check(browser.session(), 403)
    check(browser.post("/auth/backchannel-logout", data={"logout_token": "x.y.z"}), 400)
    check(browser.post("/auth/backchannel-logout", data=b"x" * 400_000, headers={"Content-Type": FORM}), 413)


FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize("headers", [HTML, {"Accept": "application/json"}], ids=["page", "problem"])
def test_what_a_browser_is_refused_is_as_described(hub: SignIn, check: Check, headers: dict[str, str]) -> None:
    away = hub.platform_with(issuer="http://127.0.0.1:9")
    browser = hub.browser()
    for query, status in (
        ({"platform": "nowhere"}, 400),
        ({}, 422),
        ({"platform": ["a", "b"]}, 422),
        ({"platform": hub.platform.key, "next": "//evil.example"}, 422),
        ({"platform": away.key}, 503),
    ):
        check(browser.get("/auth/login", params=query, headers=headers), status)
    check(browser.get("/auth/callback", headers=headers), 400)
    callback = browser.identify(browser.start(hub.platform.key), "described-stranger")
    check(browser.get(callback, headers=headers), 403)
    state = query_of(browser.start(hub.platform.key))["state"]
    check(browser.get(f"/auth/callback?error=server_error&state={state}", headers=headers), 503)


def _csrf(browser: Browser, hub: SignIn) -> dict[str, str]:
    return {"Origin": hub.url, "X-CSRF-Token": browser.session().json()["csrf_token"]}
