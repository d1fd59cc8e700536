"""The same draft again under the same key is the same draft, however its answer was lost."""

import uuid
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.compose_api.actions.test_at_once import AT_ONCE, at_once
from tests.compose_api.drafts.drafting import change
from tests.compose_api.hub import Hub, Person, World
from tests.shared import answers

CONTENT: dict[str, Any] = {"title": "Notice", "audience": {"clinics": ["a1", "a2"], "organisations": ["b"]}}


@pytest.fixture
def key() -> str:
    return str(uuid.uuid4())


def post(hub: Hub, who: Person, key: str, **content: Any) -> TestResponse:
    return hub.call("POST", "/v1/drafts", who, json={**CONTENT, **content}, headers={"Idempotency-Key": key})


def count(hub: Hub, key: str) -> int:
    ((found,),) = hub.rows("SELECT count(*) FROM drafts WHERE idempotency_key = :key", key=key)
    return int(found)


@pytest.mark.parametrize(
    "again",
    [
        {},
        {"title": " Notice\u200b"},
        {"audience": {"clinics": ["a2", "a1", "a1"], "organisations": ["b"]}},
        {"body": None},
    ],
    ids=repr,
)
def test_a_request_that_comes_to_the_same_is_the_same_draft(
    hub: Hub, world: World, key: str, again: dict[str, Any]
) -> None:
    who = world["platform administrator"]
    first, second = post(hub, who, key), post(hub, who, key, **again)
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.get_json() == first.get_json()
    for name in ("ETag", "Location"):
        assert second.headers[name] == first.headers[name]
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert count(hub, key) == 1


@pytest.mark.parametrize(
    "other", [{"title": "Other"}, {"body": "More."}, {"audience": None}, {"audience": {"clinics": ["a1"]}}], ids=repr
)
def test_another_draft_with_the_same_key_is_refused_and_the_first_one_named(
    hub: Hub, world: World, key: str, other: dict[str, Any]
) -> None:
    who = world["platform administrator"]
    first = post(hub, who, key).get_json()
    problem = answers.problem(post(hub, who, key, **other), "idempotency-key-reused")
    assert problem["message_id"] == first["id"]
    assert hub.call("GET", f"/v1/drafts/{first['id']}", who).get_json() == first


def test_the_answer_is_the_draft_as_it_is_now(hub: Hub, world: World, key: str) -> None:
    who = world["platform administrator"]
    changed = change(hub, who, post(hub, who, key), title="Changed since")
    again = post(hub, who, key)
    assert (again.get_json(), again.headers["ETag"]) == (changed.get_json(), changed.headers["ETag"])
    answers.problem(post(hub, who, key, title="Changed since"), "idempotency-key-reused")
    assert change(hub, who, again, body="News.").status_code == 200
    assert hub.call("POST", f"{again.headers['Location']}/send", who).status_code == 202
    assert post(hub, who, key).get_json()["state"] == "released"


def test_the_key_of_a_deleted_draft_makes_another_one(hub: Hub, world: World, key: str) -> None:
    who = world["platform administrator"]
    first = post(hub, who, key)
    hub.call("DELETE", first.headers["Location"], who)
    assert post(hub, who, key).get_json()["id"] != first.get_json()["id"]


def test_keys_are_those_of_one_author_and_of_drafts_alone(hub: Hub, world: World, key: str) -> None:
    people = ["platform administrator", "second platform administrator"]
    drafts = {post(hub, world[who], key).get_json()["id"] for who in people}
    message = hub.sent(world[people[0]], CONTENT["audience"], key=key)
    assert len({*drafts, message["id"]}) == 3


@pytest.mark.parametrize("value", ["", "a,b", "é", "x" * 256])
def test_a_key_is_checked_as_that_of_a_message(hub: Hub, world: World, value: str) -> None:
    raw = {"HTTP_IDEMPOTENCY_KEY": value}
    answer = hub.call("POST", "/v1/drafts", world["platform administrator"], json=CONTENT, environ_overrides=raw)
    assert set(answers.problem(answer, "validation-failed")["errors"]) == {"Idempotency-Key"}


def test_a_repeated_request_over_the_rate_limit_is_refused(hub: Hub, world: World, key: str, too_many: Any) -> None:
    post(hub, world["platform administrator"], key)
    too_many(True)
    answers.problem(post(hub, world["platform administrator"], key), "rate-limited")


def test_requests_at_once_with_one_key_make_one_draft(hub: Hub, world: World, key: str) -> None:
    who = world["platform administrator"]
    found = at_once(*[lambda: post(hub, who, key)] * AT_ONCE)
    assert {answer.status_code for answer in found} == {201}
    assert len({answer.get_json()["id"] for answer in found}) == 1
    assert sum("Idempotency-Replayed" not in answer.headers for answer in found) == 1
    assert count(hub, key) == 1


def test_of_different_requests_at_once_with_one_key_one_makes_a_draft(hub: Hub, world: World, key: str) -> None:
    who = world["platform administrator"]
    found = at_once(*[lambda n=n: post(hub, who, key, title=f"Notice {n}") for n in range(AT_ONCE)])
    assert sorted(answer.status_code for answer in found) == [201] + [422] * (AT_ONCE - 1)
    assert count(hub, key) == 1
