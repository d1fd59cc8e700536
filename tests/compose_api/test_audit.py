"""What the audit trail tells of composing and recalling: by whom, from where, with what outcome, and nothing of a message's words."""

import uuid
from typing import Any

import flask
import pytest
import structlog
from prometheus_client import generate_latest
from sqlalchemy import Engine

from services.compose_api import app as compose
from services.compose_api import refusals
from services.compose_api.routes import audited
from services.compose_api.store import messages
from shared import audit
from tests.compose_api import conftest
from tests.compose_api.hub import EVERYONE, Hub, World
from tests.shared import answers

COLUMNS = "action, outcome, reason, user_id, message_id, request_id, host(address), detail"
SECRETS = {"title": "hush-title", "body": "hush-body"}


def trail(hub: Hub, world: World, *, app: flask.Flask | None = None) -> list[dict[str, Any]]:
    """The events of the world's platform, oldest first, and nothing in them of what was sent."""
    (app or hub.app).extensions[audited.REFUSALS].flush()
    rows = hub.rows(f"SELECT {COLUMNS} FROM audit_events WHERE platform_id = :id ORDER BY id", id=world.platform.id)
    assert "hush" not in repr(rows)
    return [dict(zip(COLUMNS.split(", "), row, strict=True)) for row in rows]


def last(hub: Hub, world: World) -> dict[str, Any]:
    return trail(hub, world)[-1]


def test_an_accepted_message_is_recorded_with_it(hub: Hub, own_world: World) -> None:
    who = own_world["administrator of a"]
    message = {**SECRETS, "audience": {"organisations": ["a"]}}
    answer = hub.call("POST", "/v1/messages", who, json=message, headers={"X-Request-ID": "request-of-this-test"})
    assert trail(hub, own_world) == [
        {
            "action": "compose",
            "outcome": "accepted",
            "reason": None,
            "user_id": who.user.id,
            "message_id": uuid.UUID(answer.get_json()["id"]),
            "request_id": "request-of-this-test",
            "host(address)": "127.0.0.1",
            "detail": None,
        }
    ]


def repeated(hub: Hub, action: str) -> float:
    lines = hub.call("GET", "/metrics", None).text.splitlines()
    name = f'message_hub_requests_repeated_total{{action="{action}"}} '
    (value,) = [line.split()[1] for line in lines if line.startswith(name)]
    return float(value)


def test_a_message_is_recorded_and_repeating_its_request_is_only_counted(hub: Hub, own_world: World) -> None:
    before = repeated(hub, "compose")
    sent = [hub.sent(own_world["platform administrator"], key="k", **SECRETS) for _ in range(3)]
    assert repeated(hub, "compose") == before + 2
    assert [(one["outcome"], one["message_id"]) for one in trail(hub, own_world)] == [
        ("accepted", uuid.UUID(sent[-1]["id"]))
    ]


def test_a_recall_is_recorded_and_repeating_it_is_only_counted(hub: Hub, own_world: World) -> None:
    message = hub.sent(own_world["administrator of a1"], {"clinics": ["a1"]}, **SECRETS)
    before = repeated(hub, "recall")
    for _ in range(3):
        assert hub.recall(own_world["administrator of a"], message["id"]).status_code == 200
    assert repeated(hub, "recall") == before + 2
    of_user = own_world["administrator of a"].user.id
    assert [(one["action"], one["outcome"], one["user_id"]) for one in trail(hub, own_world)[1:]] == [
        ("recall", "recalled", of_user)
    ]


@pytest.mark.parametrize(
    ("who", "request_", "reason", "detail"),
    [
        ("member", {}, "administrator-required", None),
        ("disabled", {}, "user-inactive", None),
        ("administrator of a", {}, "audience-out-of-reach", "You do not administer: everyone."),
        (
            "administrator of a1",
            {"audience": {"clinics": ["a1", "b1"]}},
            "audience-out-of-reach",
            "You do not administer: b1.",
        ),
        ("platform administrator", {"audience": {"clinics": ["hush"]}}, "validation-failed", "fields: audience"),
        ("platform administrator", {"title": "", "body": 1}, "validation-failed", "fields: title, body"),
        ("platform administrator", {"key": "é"}, "validation-failed", "fields: Idempotency-Key"),
    ],
)
def test_what_is_refused_to_a_known_user_is_recorded_with_the_reason(
    hub: Hub, own_world: World, who: str, request_: dict[str, Any], reason: str, detail: str | None
) -> None:
    answers.problem(hub.send(own_world[who], **{**SECRETS, **request_}), reason)
    event = last(hub, own_world)
    assert (event["action"], event["outcome"], event["reason"], event["detail"]) == (
        "compose",
        "refused",
        reason,
        detail,
    )
    assert (event["user_id"], event["message_id"]) == (own_world[who].user.id, None)


def test_names_that_a_client_made_up_are_not_recorded(hub: Hub, own_world: World) -> None:
    message = {**SECRETS, "audience": EVERYONE, "hush": 1, "x\x1b[31m": 2}
    hub.call("POST", "/v1/messages", own_world["platform administrator"], json=message)
    assert last(hub, own_world)["detail"] == "fields: others"


def test_a_plan_without_the_feature_is_recorded(hub: Hub, own_world: World) -> None:
    who = own_world["administrator of s's platform"]
    answers.problem(hub.send(who), "feature-not-available")
    hub.app.extensions[audited.REFUSALS].flush()
    assert hub.rows("SELECT reason FROM audit_events WHERE user_id = :id", id=who.user.id) == [
        ("feature-not-available",)
    ]


def test_a_key_used_for_something_else_is_recorded(hub: Hub, own_world: World) -> None:
    who = own_world["platform administrator"]
    hub.sent(who, key="k", **SECRETS)
    answers.problem(hub.send(who, key="k", title="another"), "idempotency-key-reused")
    assert last(hub, own_world)["reason"] == "idempotency-key-reused"


@pytest.mark.parametrize(
    ("who", "reason"),
    [
        ("administrator of a", "not-found"),
        ("administrator of a1", "audience-out-of-reach"),
        ("member", "administrator-required"),
    ],
)
def test_a_refused_recall_is_recorded_with_the_message(hub: Hub, own_world: World, who: str, reason: str) -> None:
    audience = EVERYONE if reason == "not-found" else {"clinics": ["a1"]}
    message = hub.sent(own_world["platform administrator"], audience, **SECRETS)
    answers.problem(hub.recall(own_world[who], message["id"]), reason)
    event = last(hub, own_world)
    assert (event["action"], event["outcome"], event["reason"]) == ("recall", "refused", reason)
    assert event["message_id"] == uuid.UUID(message["id"])


def test_a_recall_of_what_has_no_name_is_recorded_without_one(hub: Hub, own_world: World) -> None:
    answers.problem(hub.recall(own_world["administrator of a"], "hush%0a"), "not-found")
    assert last(hub, own_world)["message_id"] is None


def test_what_nobody_sent_or_nobody_understood_is_not_recorded(hub: Hub, own_world: World) -> None:
    answers.problem(hub.call("POST", "/v1/messages", None, json={}), "token-missing")
    hub.call("POST", "/v1/messages", own_world["platform administrator"], data=b"{")
    hub.call("GET", "/v1/audiences", own_world["member"])
    assert trail(hub, own_world) == []


def test_a_message_is_not_accepted_when_it_cannot_be_recorded(
    hub: Hub, own_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    insert = messages._insert(follows=False, asks=False, supersedes=False)
    failing = insert.replace("CAST(%(address)s AS inet)", "CAST(1 / (length(CAST(m.id AS text)) - 36) AS text)::inet")
    assert failing != insert
    monkeypatch.setattr(messages, "_insert", lambda **_kind: failing)
    with structlog.testing.capture_logs():
        answers.problem(hub.send(own_world["platform administrator"]), "internal-error")
    assert hub.count_messages(own_world.platform) == 0


def new_app(engine: Engine) -> flask.Flask:
    return compose.make_app(compose.Context(engine=engine, publish=lambda _: None), auth=conftest.AUTH)


def lost(app: flask.Flask, reason: str) -> float:
    for line in generate_latest(app.extensions["hub_registry"]).decode().splitlines():
        if line.startswith(f'message_hub_audit_lost_total{{reason="{reason}"}}'):
            return float(line.split()[1])
    raise AssertionError


def test_a_refusal_stands_when_it_cannot_be_recorded_and_the_log_says_so(
    hub: Hub, own_world: World, compose_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = new_app(compose_engine)
    other = Hub(app=app, owner=hub.owner, published=hub.published)
    monkeypatch.setattr(audit, "_INSERT", "SELECT 1 / 0")
    with structlog.testing.capture_logs() as logged:
        answers.problem(other.send(own_world["member"], **SECRETS), "administrator-required")
        app.extensions[audited.REFUSALS].flush()
    (line,) = [line for line in logged if line["event"] == "a refusal is not in the audit trail"]
    assert (line["why"], line["refusal"], line["error"]) == ("database", "administrator-required", "DivisionByZero")
    assert "hush" not in repr(line)
    assert lost(app, "database") == 1
    monkeypatch.undo()
    other.send(own_world["member"], **SECRETS)
    assert len(trail(hub, own_world, app=app)) == 1, "the thread lives on"


def test_nobody_fills_the_trail_by_being_refused(
    hub: Hub, own_world: World, compose_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusals, "PER_MINUTE", 3)
    monkeypatch.setattr(refusals.time, "monotonic", lambda: 1_000.0)
    app = new_app(compose_engine)
    other = Hub(app=app, owner=hub.owner, published=hub.published)
    for _ in range(5):
        other.send(own_world["member"])
    other.send(own_world["disabled"])
    assert [one["reason"] for one in trail(hub, own_world, app=app)] == ["administrator-required"] * 3 + [
        "user-inactive"
    ]
    assert lost(app, "repeated") == 2
    monkeypatch.setattr(refusals.time, "monotonic", lambda: 1_060.0)
    other.send(own_world["member"])
    assert len(trail(hub, own_world, app=app)) == 5


def test_a_refusal_never_waits_for_the_trail(
    hub: Hub, own_world: World, compose_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusals, "_CAPACITY", 1)
    app = new_app(compose_engine)
    other = Hub(app=app, owner=hub.owner, published=hub.published)
    with hub.owner.begin() as connection, structlog.testing.capture_logs() as logged:
        connection.exec_driver_sql("LOCK TABLE audit_events IN ACCESS EXCLUSIVE MODE")
        for _ in range(4):
            answers.problem(other.send(own_world["member"]), "administrator-required")
    assert lost(app, "full") >= 2
    assert {line["why"] for line in logged if line["event"] == "a refusal is not in the audit trail"} == {"full"}
    kept = trail(hub, own_world, app=app)
    assert len(kept) + lost(app, "full") == 4


def test_the_client_is_named_behind_a_trusted_proxy(hub: Hub, own_world: World, compose_engine: Engine) -> None:
    app = compose.make_app(
        compose.Context(engine=compose_engine, publish=lambda _: None),
        auth=conftest.AUTH,
        proxy_count=1,
    )
    for of in (app, hub.app):
        other = Hub(app=of, owner=hub.owner, published=hub.published)
        message = {**SECRETS, "audience": EVERYONE}
        headers = {"X-Forwarded-For": "203.0.113.9, 192.0.2.1"}
        who = own_world["platform administrator"]
        assert other.call("POST", "/v1/messages", who, json=message, headers=headers).status_code == 202
    assert [event["host(address)"] for event in trail(hub, own_world)] == ["192.0.2.1", "127.0.0.1"]
