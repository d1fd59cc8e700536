"""Every route, every kind of caller, own and foreign targets: what is answered, in one table. A route without a row fails.

The world is that of tests/apis.py. `member`, `clinic`, `organisation` and `platform` belong to one platform: a member of clinic a1, who
administers clinic a1, organisation a, everything; `second` administers a too, but has sent nothing. `other` administers another
platform, `standard` one whose plan has no sending, `reader` belongs to that one. Clinic a2 is beside a1, organisation b beside a.
"""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import flask
import pytest
from werkzeug.test import TestResponse

from shared import errors
from shared.auth import tokens
from shared.server import THREADS
from shared.web import fairness, guards
from tests import factories
from tests.apis import MESSAGES, Apis, apis  # noqa: F401
from tests.shared import answers

CALLERS = {
    "member": "member",
    "clinic": "administrator of a1",
    "organisation": "administrator of a",
    "second": "second administrator of a",
    "platform": "platform administrator",
    "other": "administrator of x's platform",
    "standard": "administrator of s's platform",
    "reader": "member of s",
}
# What stands in the table for what is answered.
CODES = {
    "admin": "administrator-required",
    "plan": "feature-not-available",
    "reach": "audience-out-of-reach",
    "none": "not-found",
    "bad": "validation-failed",
    "gone": "recalled",
    "not": "acknowledgement-not-requested",
}
SEND = "POST /v1/messages"
PREVIEW = "POST /v1/audiences/preview"
RECALL = "DELETE /v1/messages/<message_id>"
DRAFT = "/v1/drafts/<draft_id>"
ONE = "GET /v1/notifications/<message_id>"
SENT = "GET /v1/sent-messages"
SENT_ONE = "GET /v1/sent-messages/<message_id>"
RECIPIENTS = "GET /v1/sent-messages/<message_id>/recipients"
# Several routes that answer alike.
GROUPS = {
    "MARK": [
        f"{method} /v1/notifications/<message_id>/{what}"
        for method in ("PUT", "DELETE")
        for what in ("read", "archived")
    ],
    "ACKNOWLEDGE": ["PUT /v1/notifications/<message_id>/acknowledged"],
    "THROUGH": ["POST /v1/notifications/seen", "POST /v1/notifications/read-all"],
    "INBOX": ["GET /v1/notifications", "GET /v1/notifications/counts", "GET /v1/notifications/stream"],
    "SEND": [SEND],
    "PREVIEW": [PREVIEW],
    "RECALL": [RECALL],
    "KEEP": ["POST /v1/drafts"],
    "DRAFTS": ["GET /v1/drafts"],
    "DRAFT": [f"GET {DRAFT}", f"DELETE {DRAFT}", f"POST {DRAFT}/unschedule"],
    "CHANGE": [f"PATCH {DRAFT}", f"POST {DRAFT}/send", f"POST {DRAFT}/schedule"],
    "VIEWER": ["GET /v1/viewer"],
    "AUDIENCES": ["GET /v1/audiences"],
    "ONE": [ONE],
    "SENT": [SENT],
    "SENT ONE": [SENT_ONE, RECIPIENTS, f"{RECIPIENTS}/export"],
    # Of messages that ask for it: tests/inbox_api/test_acknowledgements.py.
    "FOLLOW UP": [f"{SENT_ONE}/acknowledgements{what}" for what in ("", "/summary", "/export")],
    "REMIND": [f"POST {SENT_ONE.removeprefix('GET ')}/acknowledgements/remind"],
    "PROVISIONING": [
        "GET /v1/directory/provisioning",
        *(f"GET /v1/directory/provisioning/{what}" for what in ("groups", "tokens", "refusals")),
    ],
    "UNMAP": [
        "DELETE /v1/directory/provisioning/groups/<group_id>/mapping",
        "DELETE /v1/directory/provisioning/tokens/<token_id>",
    ],
    "PROVISION": [
        *(f"POST /v1/directory/provisioning/{what}" for what in ("resume", "tokens")),
        "PUT /v1/directory/provisioning/groups/<group_id>/mapping",
    ],
    "TREE": [f"PUT /v1/directory/{level}s/<external_id>" for level in ("organisation", "clinic")],
}
TABLE = """
route     | target          | member | clinic | organisation | second | platform | other | standard | reader
SEND      | everyone        | admin  | reach  | reach        | reach  | ok       | ok    | plan     | plan
SEND      | organisation a  | admin  | reach  | ok           | ok     | ok       | bad   | plan     | plan
SEND      | clinic a1       | admin  | ok     | ok           | ok     | ok       | bad   | plan     | plan
SEND      | clinic a2       | admin  | reach  | ok           | ok     | ok       | bad   | plan     | plan
SEND      | organisation b  | admin  | reach  | reach        | reach  | ok       | bad   | plan     | plan
SEND      | clinic b1       | admin  | reach  | reach        | reach  | ok       | bad   | plan     | plan
SEND      | organisation z  | admin  | bad    | bad          | bad    | bad      | bad   | plan     | plan
SEND      | clinic x1       | admin  | bad    | bad          | bad    | bad      | ok    | plan     | plan
SEND      | clinic s1       | admin  | bad    | bad          | bad    | bad      | bad   | plan     | plan
PREVIEW   | everyone        | admin  | reach  | reach        | reach  | ok       | ok    | ok       | admin
PREVIEW   | organisation a  | admin  | reach  | ok           | ok     | ok       | bad   | bad      | admin
PREVIEW   | clinic a1       | admin  | ok     | ok           | ok     | ok       | bad   | bad      | admin
PREVIEW   | clinic a2       | admin  | reach  | ok           | ok     | ok       | bad   | bad      | admin
PREVIEW   | organisation b  | admin  | reach  | reach        | reach  | ok       | bad   | bad      | admin
PREVIEW   | clinic b1       | admin  | reach  | reach        | reach  | ok       | bad   | bad      | admin
PREVIEW   | organisation z  | admin  | bad    | bad          | bad    | bad      | bad   | bad      | admin
PREVIEW   | clinic x1       | admin  | bad    | bad          | bad    | bad      | ok    | bad      | admin
PREVIEW   | clinic s1       | admin  | bad    | bad          | bad    | bad      | bad   | ok       | admin
KEEP      | everyone        | admin  | reach  | reach        | reach  | ok       | ok    | plan     | plan
KEEP      | organisation a  | admin  | reach  | ok           | ok     | ok       | bad   | plan     | plan
KEEP      | clinic a1       | admin  | ok     | ok           | ok     | ok       | bad   | plan     | plan
KEEP      | clinic a2       | admin  | reach  | ok           | ok     | ok       | bad   | plan     | plan
KEEP      | organisation b  | admin  | reach  | reach        | reach  | ok       | bad   | plan     | plan
KEEP      | clinic b1       | admin  | reach  | reach        | reach  | ok       | bad   | plan     | plan
KEEP      | organisation z  | admin  | bad    | bad          | bad    | bad      | bad   | plan     | plan
KEEP      | clinic x1       | admin  | bad    | bad          | bad    | bad      | ok    | plan     | plan
KEEP      | clinic s1       | admin  | bad    | bad          | bad    | bad      | bad   | plan     | plan
DRAFTS    |                 | admin  | ok     | ok           | ok     | ok       | ok    | ok       | admin
DRAFT     | to everyone     | admin  | none   | none         | none   | ok       | none  | none     | admin
DRAFT     | to a            | admin  | none   | ok           | ok     | ok       | none  | none     | admin
DRAFT     | to a1           | admin  | ok     | ok           | ok     | ok       | none  | none     | admin
DRAFT     | to a2           | admin  | none   | ok           | ok     | ok       | none  | none     | admin
DRAFT     | to b            | admin  | none   | none         | none   | ok       | none  | none     | admin
DRAFT     | recalled        | admin  | ok     | ok           | ok     | ok       | none  | none     | admin
DRAFT     | to x            | admin  | none   | none         | none   | none     | ok    | none     | admin
DRAFT     | to s            | admin  | none   | none         | none   | none     | none  | ok       | admin
DRAFT     | nothing         | admin  | none   | none         | none   | none     | none  | none     | admin
CHANGE    | to everyone     | admin  | none   | none         | none   | ok       | none  | plan     | plan
CHANGE    | to a            | admin  | none   | ok           | ok     | ok       | none  | plan     | plan
CHANGE    | to a1           | admin  | ok     | ok           | ok     | ok       | none  | plan     | plan
CHANGE    | to a2           | admin  | none   | ok           | ok     | ok       | none  | plan     | plan
CHANGE    | to b            | admin  | none   | none         | none   | ok       | none  | plan     | plan
CHANGE    | recalled        | admin  | ok     | ok           | ok     | ok       | none  | plan     | plan
CHANGE    | to x            | admin  | none   | none         | none   | none     | ok    | plan     | plan
CHANGE    | to s            | admin  | none   | none         | none   | none     | none  | plan     | plan
CHANGE    | nothing         | admin  | none   | none         | none   | none     | none  | plan     | plan
VIEWER    |                 | ok     | ok     | ok           | ok     | ok       | ok    | ok       | ok
AUDIENCES |                 | admin  | ok     | ok           | ok     | ok       | ok    | ok       | admin
RECALL    | to everyone     | admin  | none   | none         | none   | ok       | none  | none     | admin
RECALL    | to a            | admin  | none   | ok           | reach  | ok       | none  | none     | admin
RECALL    | to a1           | admin  | ok     | ok           | ok     | ok       | none  | none     | admin
RECALL    | to a2           | admin  | none   | ok           | ok     | ok       | none  | none     | admin
RECALL    | to b            | admin  | none   | none         | none   | ok       | none  | none     | admin
RECALL    | recalled        | admin  | ok     | ok           | ok     | ok       | none  | none     | admin
RECALL    | to x            | admin  | none   | none         | none   | none     | ok    | none     | admin
RECALL    | to s            | admin  | none   | none         | none   | none     | none  | ok       | admin
RECALL    | nothing         | admin  | none   | none         | none   | none     | none  | none     | admin
INBOX     |                 | ok     | ok     | ok           | ok     | ok       | ok    | ok       | ok
ONE       | to everyone     | ok     | ok     | ok           | ok     | ok       | none  | none     | none
ONE       | to a            | ok     | ok     | ok           | ok     | none     | none  | none     | none
ONE       | to a1           | ok     | ok     | none         | none   | none     | none  | none     | none
ONE       | to a2           | none   | none   | none         | none   | none     | none  | none     | none
ONE       | to b            | none   | none   | none         | none   | none     | none  | none     | none
ONE       | recalled        | none   | none   | none         | none   | none     | none  | none     | none
ONE       | to x            | none   | none   | none         | none   | none     | ok    | none     | none
ONE       | to s            | none   | none   | none         | none   | none     | none  | ok       | ok
ONE       | nothing         | none   | none   | none         | none   | none     | none  | none     | none
MARK      | to everyone     | ok     | ok     | ok           | ok     | ok       | none  | none     | none
MARK      | to a            | ok     | ok     | ok           | ok     | none     | none  | none     | none
MARK      | to a1           | ok     | ok     | none         | none   | none     | none  | none     | none
MARK      | to a2           | none   | none   | none         | none   | none     | none  | none     | none
MARK      | to b            | none   | none   | none         | none   | none     | none  | none     | none
MARK      | recalled        | gone   | gone   | none         | none   | none     | none  | none     | none
MARK      | to x            | none   | none   | none         | none   | none     | ok    | none     | none
MARK      | to s            | none   | none   | none         | none   | none     | none  | ok       | ok
MARK      | nothing         | none   | none   | none         | none   | none     | none  | none     | none
ACKNOWLEDGE | to everyone     | not    | not    | not          | not    | not      | none  | none     | none
ACKNOWLEDGE | to a            | not    | not    | not          | not    | none     | none  | none     | none
ACKNOWLEDGE | to a1           | not    | not    | none         | none   | none     | none  | none     | none
ACKNOWLEDGE | to a2           | none   | none   | none         | none   | none     | none  | none     | none
ACKNOWLEDGE | to b            | none   | none   | none         | none   | none     | none  | none     | none
ACKNOWLEDGE | recalled        | gone   | gone   | none         | none   | none     | none  | none     | none
ACKNOWLEDGE | to x            | none   | none   | none         | none   | none     | not   | none     | none
ACKNOWLEDGE | to s            | none   | none   | none         | none   | none     | none  | not      | not
ACKNOWLEDGE | nothing         | none   | none   | none         | none   | none     | none  | none     | none
THROUGH   | to everyone     | ok     | ok     | ok           | ok     | ok       | none  | none     | none
THROUGH   | to a            | ok     | ok     | ok           | ok     | none     | none  | none     | none
THROUGH   | to a1           | ok     | ok     | none         | none   | none     | none  | none     | none
THROUGH   | to a2           | none   | none   | none         | none   | none     | none  | none     | none
THROUGH   | to b            | none   | none   | none         | none   | none     | none  | none     | none
THROUGH   | recalled        | ok     | ok     | none         | none   | none     | none  | none     | none
THROUGH   | to x            | none   | none   | none         | none   | none     | ok    | none     | none
THROUGH   | to s            | none   | none   | none         | none   | none     | none  | ok       | ok
THROUGH   | nothing         | none   | none   | none         | none   | none     | none  | none     | none
SENT      |                 | admin  | ok     | ok           | ok     | ok       | ok    | ok       | admin
SENT      | organisation a  | admin  | ok     | ok           | ok     | ok       | bad   | bad      | admin
SENT      | clinic a1       | admin  | ok     | ok           | ok     | ok       | bad   | bad      | admin
SENT      | clinic b1       | admin  | ok     | ok           | ok     | ok       | bad   | bad      | admin
SENT      | organisation x  | admin  | bad    | bad          | bad    | bad      | ok    | bad      | admin
SENT      | clinic s1       | admin  | bad    | bad          | bad    | bad      | bad   | ok       | admin
SENT ONE  | to everyone     | admin  | none   | none         | none   | ok       | none  | none     | admin
SENT ONE  | to a            | admin  | none   | ok           | ok     | ok       | none  | none     | admin
SENT ONE  | to a1           | admin  | ok     | ok           | ok     | ok       | none  | none     | admin
SENT ONE  | to a2           | admin  | none   | ok           | ok     | ok       | none  | none     | admin
SENT ONE  | to b            | admin  | none   | none         | none   | ok       | none  | none     | admin
SENT ONE  | recalled        | admin  | ok     | ok           | ok     | ok       | none  | none     | admin
SENT ONE  | to x            | admin  | none   | none         | none   | none     | ok    | none     | admin
SENT ONE  | to s            | admin  | none   | none         | none   | none     | none  | ok       | admin
SENT ONE  | nothing         | admin  | none   | none         | none   | none     | none  | none     | admin
REMIND    | to everyone     | admin  | none   | none         | none   | not      | none  | plan     | plan
REMIND    | to a            | admin  | none   | not          | not    | not      | none  | plan     | plan
REMIND    | to a1           | admin  | not    | not          | not    | not      | none  | plan     | plan
REMIND    | to a2           | admin  | none   | not          | not    | not      | none  | plan     | plan
REMIND    | to b            | admin  | none   | none         | none   | not      | none  | plan     | plan
REMIND    | recalled        | admin  | gone   | gone         | gone   | gone     | none  | plan     | plan
REMIND    | to x            | admin  | none   | none         | none   | none     | not   | plan     | plan
REMIND    | to s            | admin  | none   | none         | none   | none     | none  | plan     | plan
REMIND    | nothing         | admin  | none   | none         | none   | none     | none  | plan     | plan
FOLLOW UP | to everyone     | admin  | none   | none         | none   | not      | none  | none     | admin
FOLLOW UP | to a            | admin  | none   | not          | not    | not      | none  | none     | admin
FOLLOW UP | to a1           | admin  | not    | not          | not    | not      | none  | none     | admin
FOLLOW UP | to a2           | admin  | none   | not          | not    | not      | none  | none     | admin
FOLLOW UP | to b            | admin  | none   | none         | none   | not      | none  | none     | admin
FOLLOW UP | recalled        | admin  | not    | not          | not    | not      | none  | none     | admin
FOLLOW UP | to x            | admin  | none   | none         | none   | none     | not   | none     | admin
FOLLOW UP | to s            | admin  | none   | none         | none   | none     | none  | not      | admin
FOLLOW UP | nothing         | admin  | none   | none         | none   | none     | none  | none     | admin
PROVISIONING |              | admin  | admin  | admin        | admin  | ok       | ok    | ok       | admin
UNMAP     |                 | admin  | admin  | admin        | admin  | none     | none  | none     | admin
PROVISION |                 | admin  | admin  | admin        | admin  | bad      | bad   | bad      | admin
TREE      |                 | admin  | admin  | admin        | admin  | bad      | bad   | bad      | admin
"""
_HEAD, *_LINES = [[cell.strip() for cell in line.split("|")] for line in TABLE.strip().splitlines()]
ROWS = [
    pytest.param(route, target, dict(zip(CALLERS, expected, strict=True)), id=f"{route} {target}".strip())
    for group, target, *expected in _LINES
    for route in GROUPS[group]
]
ROUTES = [route for group in GROUPS.values() for route in group]


def test_the_table_has_a_column_for_every_caller_and_a_row_for_every_route_and_message() -> None:
    assert _HEAD[2:] == list(CALLERS)
    assert {group for group, *_ in _LINES} == set(GROUPS)
    for group in (
        "RECALL",
        "DRAFT",
        "CHANGE",
        "ONE",
        "MARK",
        "ACKNOWLEDGE",
        "THROUGH",
        "SENT ONE",
        "FOLLOW UP",
        "REMIND",
    ):
        assert {target for of, target, *_ in _LINES if of == group} == {*MESSAGES, "nothing"}, group


def test_every_route_of_both_apis_is_in_the_table_or_public(apis: Apis) -> None:
    for app in (apis.compose, apis.inbox, apis.directory):
        for route, view in _routes(app).items():
            # With a session of the console nobody does anything but sign in and out.
            takes_no_token = getattr(view, guards.GUARD, None) in ("public", "session")
            assert (route in ROUTES or " /scim/" in route) != takes_no_token, (
                f"{route} needs a row in TABLE: who may call it, on what?"
            )
    known = {*_routes(apis.compose), *_routes(apis.inbox), *_routes(apis.directory)}
    assert set(ROUTES) <= known, "these rows are of routes that are no more"


@pytest.mark.parametrize(("route", "target", "expected"), ROWS)
def test_who_may_do_what_to_whom(apis: Apis, route: str, target: str, expected: dict[str, str]) -> None:
    for caller, code in expected.items():
        who = apis.world[CALLERS[caller]]
        answer = _ask(apis, route, target, headers=who.headers)
        if code == "ok":
            assert answer.status_code in (200, 201, 202, 204), f"{caller}: {answer.text}"
        else:
            body = answers.problem(answer, CODES[code])
            assert not any(f"Title {name}" in answer.text or f"Body {name}" in answer.text for name in MESSAGES), caller
            assert errors.CATALOGUE[CODES[code]][0] == body["status"]
        _assert_nothing_leaks(apis, answer, caller)


@pytest.mark.parametrize("route", ROUTES)
def test_whoever_is_nobody_here_gets_nowhere(apis: Apis, route: str) -> None:
    """Whatever the target: before a token is good and its user active, nothing is looked at."""
    world, target = apis.world, "to a1" if "<message_id>" in route or route in GROUPS["THROUGH"] else ""
    target = "clinic a1" if route in (SEND, PREVIEW, *GROUPS["KEEP"]) else "nothing" if DRAFT in route else target
    administrator = world["platform administrator"].user.external_id
    strangers: dict[str, tuple[dict[str, str], str]] = {
        "no token": ({}, "token-missing"),
        "another scheme": ({"Authorization": "Basic YTpi"}, "token-missing"),
        "an unknown user": (factories.bearer("nobody", world.platform), "token-invalid"),
        "an unknown platform": (factories.bearer(administrator, "nowhere"), "token-invalid"),
        "a user of another platform": (factories.bearer(administrator, world["member of x"].platform), "token-invalid"),
        "another secret": (_bearer(administrator, world.platform, secret="x" * 40), "token-invalid"),
        "an old token": (_bearer(administrator, world.platform, ttl=-60), "token-expired"),
        "somebody pending": (world["pending"].headers, "user-inactive"),
        "somebody disabled": (world["disabled"].headers, "user-inactive"),
        "somebody disabled on the standard plan": (world["disabled of s"].headers, "user-inactive"),
    }
    for name, (headers, code) in strangers.items():
        answer = _ask(apis, route, target, headers=headers)
        assert answers.problem(answer, code), name
        assert "Title" not in answer.text
        # Nor does anything else about the request matter before that is settled.
        method, path = route.replace("<message_id>", "x").replace("<draft_id>", "x").split(" ")
        spoilt = apis.call(method, f"{path}?unknown=1", headers=headers, data=b"[" * 30_000)
        answers.problem(spoilt, code)


@pytest.mark.parametrize("route", ROUTES)
def test_a_route_that_takes_no_body_refuses_one(apis: Apis, route: str) -> None:
    """After the token and the rights, before all else of the request. Of the others a body has no content encoding."""
    who = apis.world["platform administrator"]
    method, path = route.replace("<message_id>", "x").replace("<draft_id>", "x").split(" ")
    takes_a_body = (method in ("POST", "PATCH") and not route.endswith(("/send", "/unschedule"))) or route in (
        *GROUPS["TREE"],
        *GROUPS["PROVISION"],
        *GROUPS["ACKNOWLEDGE"],
    )
    for size in (2, 70_000):
        answer = apis.call(method, f"{path}?unknown=1", who, data=b"{}".ljust(size))
        answers.problem(answer, "validation-failed" if takes_a_body else "bad-request")
    if takes_a_body:
        zipped = apis.call(method, path, who, data=b"{}", headers={"Content-Encoding": "gzip"})
        answers.problem(zipped, "unsupported-media-type")


@pytest.mark.parametrize("route", [route for route in ROUTES if not route.endswith("/stream")])
def test_on_every_route_a_greedy_caller_is_rejected_and_a_modest_one_served(apis: Apis, route: str) -> None:
    """The greedy one has requests in all threads that one caller may use. The stream: tests/inbox_api/stream/test_endpoint.py."""
    world, target = apis.world, "" if route == SENT else "to everyone" if "<message_id>" in route else "everyone"
    target = "to everyone" if route in GROUPS["THROUGH"] else "nothing" if route == RECALL or DRAFT in route else target
    greedy, modest = world["platform administrator"], world["administrator of a1"]
    identity = tokens.Identity(greedy.platform.key, greedy.user.external_id, None)
    open_requests = [app.extensions[fairness.EXTENSION] for app in (apis.compose, apis.inbox, apis.directory)]
    for shares in open_requests:
        for _ in range(THREADS - fairness.CALLER[1]):
            assert shares.acquire(identity) is None
    try:
        answers.problem(_ask(apis, route, target, headers=greedy.headers), "unavailable")
        for who in (modest, world["administrator of x's platform"]):
            assert _ask(apis, route, target, headers=who.headers).status_code != 503
    finally:
        for shares in open_requests:
            for _ in range(THREADS - fairness.CALLER[1]):
                shares.release(identity)


def test_public_routes_answer_everybody_alike(apis: Apis) -> None:
    for app in (apis.compose, apis.inbox, apis.directory):
        for route, view in _routes(app).items():
            if getattr(view, guards.GUARD, None) != "public":
                continue
            method, path = route.replace("<path:name>", "index.html").split(" ")
            # Their own words about somebody's token would be an answer to somebody.
            for headers in ({}, {"Authorization": "Bearer nonsense"}, apis.world["platform administrator"].headers):
                answer = app.test_client().open(path, method=method, headers=headers)
                assert answer.status_code in (200, 302, 308, 400, 404, 422, 503), route
                assert "WWW-Authenticate" not in answer.headers
                assert "Title to" not in answer.text
                assert "administrator of" not in answer.text


def _routes(app: flask.Flask) -> dict[str, Callable[..., Any]]:
    return {
        f"{method} {rule.rule.replace('<id:', '<')}": app.view_functions[rule.endpoint]
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def _ask(apis: Apis, route: str, target: str, *, headers: dict[str, str]) -> TestResponse:
    """Calls `route` on `target`: a message or a scope."""
    method, path = route.split(" ")
    body: Any = None
    if route in (SEND, PREVIEW, *GROUPS["KEEP"]):
        level, _, name = target.partition(" ")
        body = {"audience": {"everyone": True} if level == "everyone" else {f"{level}s": [name]}}
        if route == SEND:
            body |= {"title": "Tried", "body": "Tried."}
    elif route in GROUPS["TREE"]:
        body = {}
    elif route in GROUPS["PROVISION"]:
        body = {"unknown": 1}
    elif route == RECALL:
        path = f"/v1/messages/{_fresh(apis, target)}"
    elif DRAFT in route:
        path = path.replace("<draft_id>", _draft(apis, target))
        if method == "PATCH":
            body, headers = {"title": "Tried"}, {**headers, "If-Match": "*"}
        if path.endswith("/schedule"):
            body = {"send_at": (datetime.now(UTC) + timedelta(hours=1)).isoformat()}
    elif route in GROUPS["ACKNOWLEDGE"]:
        path, body = path.replace("<message_id>", _id(apis, target)), {"content_hash": f"sha256:{'0' * 64}"}
    elif route in GROUPS["REMIND"]:
        path, body = path.replace("<message_id>", _id(apis, target)), {}
    elif route in GROUPS["THROUGH"]:
        body = {"through": _id(apis, target)}
    elif route == SENT and target:
        path += "?" + target.replace(" ", "=")
    else:
        path = path.replace("<message_id>", _id(apis, target) if target else "")
    return apis.call(method, path, headers=headers, **({} if body is None else {"json": body}))


def _id(apis: Apis, target: str) -> str:
    return apis.messages.get(target) or str(uuid.UUID(int=7))


def _fresh(apis: Apis, target: str) -> str:
    """A message like the one of that name, where it can be recalled only once."""
    if target in ("recalled", "nothing"):
        return _id(apis, target)
    sender, audience = MESSAGES[target]
    with apis.on_the_enterprise_plan():
        return apis.send(apis.world[sender], audience, title=f"Title {target}", body=f"Body {target}.")


def _draft(apis: Apis, target: str) -> str:
    """A draft of the message of that name, by its sender."""
    if target == "nothing":
        return _id(apis, target)
    sender, audience = MESSAGES[target]
    content = {"title": f"Title {target}", "body": f"Body {target}.", "audience": audience}
    with apis.on_the_enterprise_plan():
        answer = apis.call("POST", "/v1/drafts", apis.world[sender], json=content)
    return str(answer.get_json()["id"])


def _bearer(who: str, of: factories.Platform, **options: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {factories.token(who, of, **options)}"}


def _assert_nothing_leaks(apis: Apis, answer: TestResponse, caller: str) -> None:
    """No name and no text of another platform stands in the answer."""
    home = apis.world[CALLERS[caller]].platform
    foreign = {person.user.name for person in apis.world.people.values() if person.platform != home}
    foreign -= {person.user.name for person in apis.world.people.values() if person.platform == home}
    foreign |= {person.platform.key for person in apis.world.people.values() if person.platform != home}
    for name, (sender, _audience) in MESSAGES.items():
        if apis.world[sender].platform != home:
            foreign |= {f"Title {name}", f"Body {name}.", apis.messages[name]}
    for name, scope in apis.world.scopes.items():
        if scope.platform_id != home.id:
            foreign.add(f"{scope.level.title()} {name}")
    asked = answer.request.path
    found = {text for text in foreign if f'"{text}"' in answer.text and text not in asked}
    assert not found, f"{caller} reads of another platform: {found}"
