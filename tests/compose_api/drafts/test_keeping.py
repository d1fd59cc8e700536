"""Drafts are kept, changed, listed, deleted and sent."""

import re
import uuid
from typing import Any

import pytest
from werkzeug.test import TestResponse

from services.compose_api import content_schemas, draft_schemas
from shared import contracts
from tests.compose_api.drafts import drafting
from tests.compose_api.drafts.drafting import FULL, change, create
from tests.compose_api.hub import Hub, Person, World
from tests.shared import answers

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def send(hub: Hub, who: Person, draft_id: str, **request: Any) -> TestResponse:
    return hub.call("POST", f"/v1/drafts/{draft_id}/send", who, **request)


def test_a_draft_may_be_empty(hub: Hub, world: World) -> None:
    who = world["administrator of a"]
    made = create(hub, who)
    draft = made.get_json()
    assert uuid.UUID(draft["id"]).version == 7
    assert made.headers["Location"] == f"/v1/drafts/{draft['id']}"
    found = hub.call("GET", made.headers["Location"], who)
    assert found.get_json() == draft
    assert found.headers["ETag"] == made.headers["ETag"]
    person = {"id": "administrator-of-a", "name": "administrator of a"}
    for name in ("created_at", "updated_at"):
        assert TIME.fullmatch(draft.pop(name))
    assert {name: value for name, value in draft.items() if value is not None} == {
        "id": draft["id"],
        "state": "draft",
        "author": person,
        "sender": person,
    }


def test_its_fields_are_cleaned_as_those_of_a_message(hub: Hub, world: World) -> None:
    draft = create(hub, world["administrator of a"], title=" e\u0301\u200b ", body="one\r\ntwo").get_json()
    assert (draft["title"], draft["body"]) == ("é", "one\ntwo")


@pytest.mark.parametrize(
    "content",
    [
        {"title": ""},
        {"title": 1},
        {"body": "x" * 1001},
        {"audience": {}},
        {"audience": {"clinics": ["nowhere"]}},
        {"other": 1},
    ],
)
def test_what_no_message_can_have_no_draft_has(hub: Hub, world: World, content: dict[str, Any]) -> None:
    answer = hub.call("POST", "/v1/drafts", world["administrator of a"], json=content)
    answers.problem(answer, "validation-failed")


def test_the_fields_that_are_given_are_changed_and_null_removes_one(hub: Hub, world: World) -> None:
    who = world["administrator of a"]
    made = create(hub, who, title="Notice", body="News.")
    changed = change(hub, who, made, body=None, audience={"organisations": ["a"]})
    draft = changed.get_json()
    assert (draft["title"], draft["body"]) == ("Notice", None)
    assert draft["audience"] == {"organisations": ["a"], "clinics": []}
    assert changed.headers["ETag"] != made.headers["ETag"]
    assert draft["updated_at"] > draft["created_at"]


def test_a_change_needs_the_version_that_it_changes(hub: Hub, world: World) -> None:
    who = world["administrator of a"]
    made = create(hub, who, title="one")
    path = made.headers["Location"]
    answers.problem(hub.call("PATCH", path, who, json={"title": "two"}), "version-mismatch")
    assert change(hub, who, made, title="two").status_code == 200
    answers.problem(change(hub, who, made, title="three"), "version-mismatch")
    assert hub.call("GET", path, who).get_json()["title"] == "two"
    current = hub.call("GET", path, who).headers["ETag"]
    for tag in (f'{current[:-1]}-gzip"', f"W/{current}", "*"):
        assert hub.call("PATCH", path, who, json={"title": "two"}, headers={"If-Match": tag}).status_code == 200


def test_a_change_to_what_it_is_already_makes_no_new_version(hub: Hub, world: World) -> None:
    who = world["administrator of a"]
    made = create(hub, who, title="one")
    assert change(hub, who, made, title=" one", body=None).headers["ETag"] == made.headers["ETag"]


@pytest.mark.parametrize(("method", "path"), [("POST", "/send"), ("DELETE", "")])
def test_other_requests_may_name_the_version_that_they_mean(hub: Hub, world: World, method: str, path: str) -> None:
    who = world["administrator of a"]
    made = create(hub, who, **FULL)
    changed = change(hub, who, made, title="another")
    path = made.headers["Location"] + path
    answers.problem(hub.call(method, path, who, headers={"If-Match": made.headers["ETag"]}), "version-mismatch")
    assert hub.call(method, path, who, headers={"If-Match": changed.headers["ETag"]}).status_code in (202, 204)


def test_a_deleted_draft_is_gone(hub: Hub, world: World) -> None:
    who = world["administrator of a"]
    path = create(hub, who).headers["Location"]
    assert hub.call("DELETE", path, who).status_code == 204
    answers.problem(hub.call("GET", path, who), "not-found")
    answers.problem(hub.call("DELETE", path, who), "not-found")


def list_all(hub: Hub, who: Person, query: str) -> list[Any]:
    seen: list[Any] = []
    after = ""
    while True:
        page = hub.call("GET", f"/v1/drafts?{query}{after}", who).get_json()
        seen += page["data"]
        if not page["has_more"]:
            assert page["next_cursor"] is None
            return seen
        after = f"&after={page['next_cursor']}"


@pytest.mark.parametrize("name", ["administrator of a", "platform administrator"])
def test_scheduled_drafts_are_listed_in_the_order_in_which_they_are_sent(hub: Hub, own_world: World, name: str) -> None:
    made = [drafting.scheduled(hub, own_world["administrator of a"]) for _ in range(5)]
    # Two of them at the same time.
    times = [drafting.in_time(days=days) for days in (3, 1, 4, 1, 2)]
    times[3] = times[1]
    for draft_id, send_at in zip(made, times, strict=True):
        drafting.call(hub, own_world["administrator of a"], draft_id, "schedule", send_at=send_at)
    query = "state=scheduled&limit=2"
    first = hub.call("GET", f"/v1/drafts?{query}", own_world[name]).get_json()
    expected = [made[number] for number in (1, 3, 4, 0, 2)]
    assert [one["id"] for one in list_all(hub, own_world[name], query)] == expected
    # The cursor holds where the page ended, also after that draft moved.
    drafting.call(hub, own_world["administrator of a"], made[3], "schedule", send_at=drafting.in_time(days=9))
    following = hub.call("GET", f"/v1/drafts?{query}&after={first['next_cursor']}", own_world[name]).get_json()
    assert [one["id"] for one in following["data"]] == expected[2:4]
    answers.problem(hub.call("GET", f"/v1/drafts?after={first['next_cursor']}", own_world[name]), "bad-cursor")
    answers.problem(hub.call("GET", f"/v1/drafts?{query}&after={made[0]}", own_world[name]), "bad-cursor")


def test_lists_have_pages_from_the_newest_on(hub: Hub, own_world: World) -> None:
    who = own_world["administrator of a"]
    made = [create(hub, who, title=str(number)).get_json() for number in range(5)]
    seen = list_all(hub, who, "limit=2")
    assert seen == made[::-1]
    assert hub.call("GET", "/v1/drafts?state=draft", who).get_json()["data"] == seen
    assert hub.call("GET", "/v1/drafts?state=scheduled", who).get_json()["data"] == []
    answers.problem(hub.call("GET", "/v1/drafts?after=x", who), "bad-cursor")
    answers.problem(hub.call("GET", "/v1/drafts?state=sent", who), "validation-failed")


def test_a_sent_draft_is_the_message_with_its_id(hub: Hub, world: World) -> None:
    who = world["administrator of a"]
    made = create(hub, who, **FULL).get_json()
    hub.change_notices.clear()
    answer = send(hub, who, made["id"])
    assert answer.status_code == 202, answer.text
    message = answer.get_json()
    assert message["id"] == made["id"]
    assert answer.headers["Location"] == f"/v1/messages/{made['id']}"
    assert (message["title"], message["body"], message["status"]) == ("Notice", "News.", "queued")
    assert message["sent_at"] > made["created_at"]
    assert [type(one) for one in hub.published.contracts] == [contracts.ExpandMessage]
    assert hub.change_notices == [contracts.PlatformChanged(platform_id=world.platform.id)]
    assert hub.call("GET", f"/v1/drafts/{made['id']}", who).get_json()["state"] == "released"
    assert hub.recall(who, made["id"]).get_json()["status"] == "recalled"


def test_what_is_sent_cannot_be_sent_changed_or_deleted_as_a_draft(hub: Hub, world: World) -> None:
    who = world["administrator of a"]
    made = create(hub, who, **FULL)
    draft_id = made.get_json()["id"]
    before = hub.count_messages(world.platform)
    assert send(hub, who, draft_id).status_code == 202
    for answer in (
        send(hub, who, draft_id),
        change(hub, who, made, title="x"),
        hub.call("DELETE", made.headers["Location"], who),
    ):
        assert answers.problem(answer, "already-released")["message_id"] == draft_id
    assert hub.count_messages(world.platform) == before + 1


@pytest.mark.parametrize("missing", FULL)
def test_an_incomplete_draft_says_which_fields_it_misses(hub: Hub, world: World, missing: str) -> None:
    who = world["administrator of a"]
    made = create(hub, who, **{name: value for name, value in FULL.items() if name != missing}).get_json()
    problem = answers.problem(send(hub, who, made["id"]), "draft-incomplete")
    assert list(problem["errors"]) == [missing]


def test_an_author_has_a_limited_number_of_drafts(hub: Hub, own_world: World) -> None:
    who = own_world["administrator of a"]
    made = create(hub, who, **FULL).get_json()
    with hub.owner.begin() as connection:
        connection.exec_driver_sql(
            f"INSERT INTO drafts (id, platform_id, author_id, sender_id, content, scope_ids) SELECT uuidv7(), platform_id, author_id,"
            f" sender_id, content, scope_ids FROM drafts, generate_series(2, 1000) WHERE id = '{made['id']}'"
        )
    answers.problem(hub.call("POST", "/v1/drafts", who, json={}), "validation-failed")
    assert send(hub, who, made["id"]).status_code == 202
    assert hub.call("POST", "/v1/drafts", who, json={}).status_code == 201
    assert hub.call("POST", "/v1/drafts", own_world["second administrator of a"], json={}).status_code == 201


def test_a_request_over_the_rate_limit_changes_nothing(hub: Hub, world: World, too_many: Any) -> None:
    who = world["administrator of a"]
    made = create(hub, who, **FULL)
    too_many(True)
    for answer in (
        hub.call("POST", "/v1/drafts", who, json={}),
        change(hub, who, made, title="x"),
        send(hub, who, made.get_json()["id"]),
        hub.call("DELETE", made.headers["Location"], who),
    ):
        answers.problem(answer, "rate-limited")
    assert hub.call("GET", made.headers["Location"], who).headers["ETag"] == made.headers["ETag"]


def test_a_draft_has_every_field_of_a_message_and_the_answer_what_is_documented(hub: Hub, world: World) -> None:
    assert set(draft_schemas.ContentOut().fields) == set(content_schemas.MessageIn().fields)
    draft = create(hub, world["administrator of a"], **FULL).get_json()
    assert set(draft) == set(draft_schemas.DraftOut().fields)
