"""Who may see, change, schedule, unschedule, cancel, send and release a draft.

In the table: `all` may do everything; for `none` there is no such draft.
The table of routes and callers is tests/architecture/test_who_may_what.py.
"""

from typing import Any

import pytest
from sqlalchemy import Engine, text

from services.compose_api.actions import releases
from tests.compose_api.drafts import drafting
from tests.compose_api.hub import EVERYONE, Hub, Person, World
from tests.shared import answers

AUDIENCES: dict[str, Any] = {
    "none": None,
    "everyone": EVERYONE,
    "a": {"organisations": ["a"]},
    "a1": {"clinics": ["a1"]},
    "a1 and a2": {"clinics": ["a1", "a2"]},
    "a1 and b": {"clinics": ["a1"], "organisations": ["b"]},
}
VIEWERS = {
    "second platform": "second platform administrator",
    "a": "administrator of a",
    "second a": "second administrator of a",
    "a1": "administrator of a1",
    "a1 and b": "administrator of a1 and b",
    "a1 and a2": "administrator of a1 and a2",
    "x": "administrator of x's platform",
}
# The author is a platform administrator.
TABLE = """
audience  | second platform | a    | second a | a1   | a1 and b | a1 and a2 | x
none      | none            | none | none     | none | none     | none      | none
everyone  | all             | none | none     | none | none     | none      | none
a         | all             | all  | all      | none | none     | none      | none
a1        | all             | all  | all      | all  | all      | all       | none
a1 and a2 | all             | all  | all      | none | none     | all       | none
a1 and b  | all             | none | none     | none | all      | none      | none
"""
ROWS = [[cell.strip() for cell in line.split("|")] for line in TABLE.strip().splitlines()[1:]]


def try_all(hub: Hub, who: Person, draft_id: str) -> list[str]:
    """What `who` is answered for everything that can be done with a draft, one after the other: `ok`, or the code."""
    path, time = f"/v1/drafts/{draft_id}", {"send_at": drafting.in_time(hours=1)}
    listed = hub.call("GET", "/v1/drafts?limit=100", who).get_json()["data"]
    asked = [
        hub.call("GET", path, who),
        hub.call("PATCH", path, who, json={"body": "Other."}, headers={"If-Match": "*"}),
        drafting.call(hub, who, draft_id, "unschedule"),
        drafting.call(hub, who, draft_id, "schedule", **time),
        hub.call("DELETE", path, who),
        drafting.call(hub, who, draft_id, "send"),
    ]
    codes = ["ok" if answer.status_code < 300 else answer.get_json()["code"] for answer in asked]
    return ["ok" if draft_id in [one["id"] for one in listed] else "not-found", *codes]


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_only_administrators_of_the_whole_audience_share_a_draft(hub: Hub, own_world: World, row: list[str]) -> None:
    audience, *expected = row
    content = {**drafting.FULL, "audience": AUDIENCES[audience]}
    author = own_world["platform administrator"]
    for viewer, right in zip(VIEWERS, expected, strict=True):
        draft_id = drafting.create(hub, author, **content).get_json()["id"]
        found = try_all(hub, own_world[VIEWERS[viewer]], draft_id)
        assert set(found) == {"ok" if right == "all" else "not-found"}, f"{viewer}: {found}"


def test_an_author_who_lost_the_reach_sees_and_cancels_but_sends_no_more(hub: Hub, own_world: World) -> None:
    author = own_world["administrator of a1 and b"]
    draft_id = drafting.create(hub, author, **{**drafting.FULL, "audience": {"organisations": ["b"]}}).get_json()["id"]
    waiting = drafting.scheduled(hub, author, audience={"organisations": ["b"]})
    with hub.owner.begin() as connection:
        connection.execute(
            text("UPDATE memberships SET valid_to_version = 1000 WHERE user_id = :user AND scope_id = :scope"),
            {"user": author.user.id, "scope": own_world.scopes["b"].id},
        )
    for one in (draft_id, waiting):
        assert hub.call("GET", f"/v1/drafts/{one}", author).status_code == 200
        answers.problem(drafting.call(hub, author, one, "send"), "audience-out-of-reach")
        wanted = {"send_at": drafting.in_time(hours=1)}
        answers.problem(drafting.call(hub, author, one, "schedule", **wanted), "audience-out-of-reach")
    changed = hub.call("PATCH", f"/v1/drafts/{draft_id}", author, json={"title": "x"}, headers={"If-Match": "*"})
    assert changed.status_code == 200
    changed = hub.call("PATCH", f"/v1/drafts/{waiting}", author, json={"title": "x"}, headers={"If-Match": "*"})
    answers.problem(changed, "audience-out-of-reach")
    assert hub.call("DELETE", f"/v1/drafts/{waiting}", author).status_code == 204


def test_a_change_of_the_audience_needs_the_reach(hub: Hub, world: World) -> None:
    author = world["administrator of a"]
    draft_id = drafting.create(hub, author, **drafting.FULL).get_json()["id"]
    for audience in (EVERYONE, {"organisations": ["b"]}):
        for method, path in (("PATCH", f"/v1/drafts/{draft_id}"), ("POST", "/v1/drafts")):
            answer = hub.call(method, path, author, json={"audience": audience}, headers={"If-Match": "*"})
            answers.problem(answer, "audience-out-of-reach")


def test_the_release_is_the_senders_and_not_the_authors(own_hub: Hub, people: World, engine: Engine) -> None:
    """The author has no right left, the administrator who changed it last has."""
    author, editor = people["administrator of a1"], people["second administrator of a1"]
    draft_id = drafting.scheduled(own_hub, author)
    own_hub.call("PATCH", f"/v1/drafts/{draft_id}", editor, json={"title": "x"}, headers={"If-Match": "*"})
    with own_hub.owner.begin() as connection:
        connection.execute(text("UPDATE users SET status = 'disabled' WHERE id = :id"), {"id": author.user.id})
    drafting.make_due(own_hub.owner, draft_id, seconds=1)
    assert isinstance(drafting.release(engine)[0], releases.Released)


@pytest.mark.parametrize(("state", "due_s"), [("failed", 1), ("missed", 3_601)])
def test_administrators_above_the_audience_see_the_draft_of_a_disabled_author_that_was_not_sent(
    own_hub: Hub, people: World, engine: Engine, state: str, due_s: int
) -> None:
    """Their lists are the notice; one of them schedules it in their own name."""
    author = people["administrator of a1"]
    draft_id = drafting.scheduled(own_hub, author, due_s=due_s)
    with own_hub.owner.begin() as connection:
        connection.execute(text("UPDATE users SET status = 'disabled' WHERE id = :id"), {"id": author.user.id})
    drafting.release(engine)
    listed = {
        name: [one["id"] for one in own_hub.call("GET", f"/v1/drafts?state={state}", people[name]).get_json()["data"]]
        for name in (
            "platform administrator",
            "administrator of a",
            "second administrator of a1",
            "administrator of a1 and b",
        )
    }
    assert all(found == [draft_id] for found in listed.values()), listed
    editor = people["administrator of a"]
    again = drafting.call(own_hub, editor, draft_id, "schedule", send_at=drafting.in_time(hours=1)).get_json()
    assert (again["state"], again["sender"]["id"]) == ("scheduled", editor.user.external_id)
    assert again["author"]["id"] == author.user.external_id


def test_a_draft_of_a_follow_up_is_shared_with_administrators_of_the_earlier_audience(
    hub: Hub, own_world: World
) -> None:
    author = own_world["platform administrator"]
    earlier = hub.sent(author, {"clinics": ["a1", "a2"]})
    draft_id = drafting.create(hub, author, follows=earlier["id"]).get_json()["id"]
    for name, status in {
        "administrator of a": 200,
        "administrator of a1 and a2": 200,
        "administrator of a1": 404,
    }.items():
        assert hub.call("GET", f"/v1/drafts/{draft_id}", own_world[name]).status_code == status
    hub.recall(author, earlier["id"])
    answers.problem(hub.call("POST", "/v1/drafts", author, json={"follows": earlier["id"]}), "recalled")
