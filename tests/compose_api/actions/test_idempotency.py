"""The same request again under the same key is the same message, and nothing else is."""

import uuid
from typing import Any

import pytest
from werkzeug.datastructures import Headers

from tests import factories
from tests.compose_api.hub import EVERYONE, Hub, World
from tests.shared import answers

MANY = {"organisations": ["b"], "clinics": ["a1", "a2"]}


@pytest.fixture
def key() -> str:
    return str(uuid.uuid4())


def test_the_same_request_again_is_the_same_message_published_once(hub: Hub, world: World, key: str) -> None:
    who = world["platform administrator"]
    first, again = hub.send(who, MANY, key=key), hub.send(who, MANY, key=key)
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.get_json() == first.get_json()
    assert again.headers["Location"] == first.headers["Location"]
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(hub.published.contracts) == 1
    assert hub.rows("SELECT count(*) FROM messages WHERE idempotency_key = :key", key=key) == [(1,)]


@pytest.mark.parametrize(
    "again",
    [
        {"title": " Notice\u200b"},
        {"title": "Notice", "body": "Ne\u0301ws.\r\nMore."},
        {"audience": {"clinics": ["a2", "a1"], "organisations": ["b"]}},
        {"audience": {"clinics": ["a1", "a2", "a1"], "organisations": ["b", "b"]}},
    ],
    ids=repr,
)
def test_a_request_that_comes_to_the_same_is_the_same(hub: Hub, world: World, key: str, again: dict[str, Any]) -> None:
    who = world["platform administrator"]
    request = {"audience": MANY, "title": "Notice", "body": "Néws.\nMore."}
    first = hub.sent(who, key=key, **request)
    replayed = hub.send(who, key=key, **{**request, **again})
    assert replayed.headers["Idempotency-Replayed"] == "true"
    assert replayed.get_json() == first, "told as it was sent first"


@pytest.mark.parametrize(
    "other",
    [
        {"title": "notice"},
        {"body": "News"},
        {"audience": {"organisations": ["b"], "clinics": ["a1"]}},
        {"audience": {"organisations": ["a", "b"]}},
        {"audience": EVERYONE},
    ],
    ids=repr,
)
def test_another_request_with_the_same_key_is_refused(hub: Hub, world: World, key: str, other: dict[str, Any]) -> None:
    who = world["platform administrator"]
    hub.sent(who, key=key, audience=MANY)
    answers.problem(hub.send(who, key=key, **{"audience": MANY, **other}), "idempotency-key-reused")
    assert len(hub.published.contracts) == 1


def test_another_sender_may_use_the_same_key(hub: Hub, world: World, key: str) -> None:
    senders = ["platform administrator", "second platform administrator", "administrator of x's platform"]
    assert len({hub.sent(world[who], EVERYONE, key=key)["id"] for who in senders}) == 3


@pytest.mark.parametrize("keys", [("a", "b"), ("a", "a"), ("a", ""), ("a,b",)])
def test_two_keys_do_not_pass_as_one(hub: Hub, own_world: World, keys: tuple[str, ...]) -> None:
    message = {"title": "Notice", "body": "News.", "audience": EVERYONE}
    headers = Headers([("Idempotency-Key", key) for key in keys])
    headers.extend(own_world["platform administrator"].headers)
    answer = hub.app.test_client().post("/v1/messages", json=message, headers=headers)
    assert set(answers.problem(answer, "validation-failed")["errors"]) == {"Idempotency-Key"}
    assert hub.count_messages(own_world.platform) == 0


def test_keys_differ_by_case(hub: Hub, world: World) -> None:
    key = uuid.uuid4().hex
    who = world["platform administrator"]
    assert hub.sent(who, key=f"k{key}")["id"] != hub.sent(who, key=f"K{key}")["id"]


@pytest.mark.parametrize("refusal", ["validation-failed", "audience-out-of-reach"])
def test_a_refused_request_does_not_use_up_its_key(hub: Hub, world: World, key: str, refusal: str) -> None:
    who = world["administrator of a1"]
    clinic = {"validation-failed": "nowhere", "audience-out-of-reach": "b1"}[refusal]
    answers.problem(hub.send(who, {"clinics": [clinic]}, key=key), refusal)
    hub.sent(who, {"clinics": ["a1"]}, key=key)


def test_a_sender_who_has_lost_the_reach_still_gets_the_message(hub: Hub, own_world: World, key: str) -> None:
    who = own_world["administrator of a1 and b"]
    audience = {"organisations": ["b"], "clinics": ["a1"]}
    first = hub.sent(who, audience, key=key)
    with hub.owner.begin() as connection:
        factories.leave(connection, who.user, own_world.scopes["b"])
    replayed = hub.send(who, audience, key=key)
    assert (replayed.status_code, replayed.get_json()) == (202, first)
    answers.problem(hub.send(who, audience, key=key, title="Other"), "audience-out-of-reach")


def test_scopes_that_were_closed_since_do_not_keep_a_message_from_being_told(
    hub: Hub, own_world: World, key: str
) -> None:
    who = own_world["platform administrator"]
    first = hub.sent(who, {"clinics": ["a1"], "organisations": ["b"]}, key=key)
    with hub.owner.begin() as connection:
        for scope in ("a1", "b"):
            factories.end_scope(connection, own_world.scopes[scope])
    replayed = hub.send(who, {"clinics": ["a1"], "organisations": ["b"]}, key=key)
    assert (replayed.status_code, replayed.get_json()) == (202, first)
    answers.problem(hub.send(who, {"clinics": ["a1"]}, key=key), "validation-failed")


def test_what_the_guards_refuse_is_refused_for_a_message_that_was_sent_too(
    hub: Hub, own_world: World, key: str
) -> None:
    who = own_world["administrator of a1"]
    hub.sent(who, {"clinics": ["a1"]}, key=key)
    with hub.owner.begin() as connection:
        factories.leave(connection, who.user, own_world.scopes["a1"])
    answers.problem(hub.send(who, {"clinics": ["a1"]}, key=key), "administrator-required")


def test_a_recalled_message_is_told_as_recalled(hub: Hub, world: World, key: str) -> None:
    who = world["administrator of a1"]
    message = hub.sent(who, {"clinics": ["a1"]}, key=key)
    recalled = hub.recall(who, message["id"]).get_json()
    replayed = hub.send(who, {"clinics": ["a1"]}, key=key)
    assert (replayed.status_code, replayed.headers["Idempotency-Replayed"]) == (202, "true")
    assert replayed.get_json() == recalled
    assert replayed.get_json()["status"] == "recalled"


def test_progress_since_is_told(hub: Hub, world: World, key: str) -> None:
    who = world["administrator of a1"]
    message = hub.sent(who, {"clinics": ["a1"]}, key=key)
    with hub.owner.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE messages SET status = 'sending', recipient_count = 3 WHERE idempotency_key = %s", (key,)
        )
    assert hub.send(who, {"clinics": ["a1"]}, key=key).get_json() == {
        **message,
        "status": "sending",
        "recipient_count": 3,
    }
