"""Follow-ups through HTTP: what a request may state, who may send one, and what the answer says."""

import uuid
from typing import Any

import pytest

from tests.compose_api.drafts import drafting
from tests.compose_api.hub import EVERYONE, Hub, World
from tests.shared import answers


def follow(hub: Hub, world: World, who: str, message_id: object, **stated: Any) -> Any:
    message = {"title": "Again", "body": "Read it.", "follows": message_id, "only": "unread", **stated}
    return hub.call(
        "POST", "/v1/messages", world[who], json={key: value for key, value in message.items() if value != ""}
    )


def preview(hub: Hub, world: World, who: str, message_id: object) -> Any:
    wanted = {"follows": message_id, "only": "unread"}
    return hub.call("POST", "/v1/audiences/preview", world[who], json=wanted)


def test_a_follow_up_is_accepted_with_the_earlier_audience_and_says_what_it_follows(hub: Hub, world: World) -> None:
    earlier = hub.sent(world["platform administrator"], {"organisations": ["a"], "clinics": ["b1"]})
    count = preview(hub, world, "platform administrator", earlier["id"])
    answer = follow(hub, world, "platform administrator", earlier["id"], category="service")
    assert answer.status_code == 202, answer.text
    message = answer.get_json()
    assert (message["follows"], message["only"], message["audience"]) == (earlier["id"], "unread", earlier["audience"])
    assert count.get_json() == hub.preview(world["platform administrator"], earlier["audience"]).get_json()
    part = follow(hub, world, "administrator of a", earlier["id"]).get_json()
    assert part["audience"] == {"organisations": ["a"], "clinics": [], "out_of_reach": 1}
    assert preview(hub, world, "administrator of a", earlier["id"]).get_json()["recipient_count"] > 0
    ((detail,),) = hub.rows("SELECT detail FROM audit_events WHERE message_id = :id", id=message["id"])
    assert detail == f"follows {earlier['id']}"


@pytest.mark.parametrize(
    ("stated", "where"),
    [
        ({"only": ""}, "only"),
        ({"only": None}, "only"),
        ({"only": "seen"}, "only"),
        ({"follows": ""}, "follows"),
        ({"follows": None}, "follows"),
        ({"follows": "1"}, "follows"),
        ({"audience": EVERYONE}, "audience"),
        ({"audience": None}, "audience"),
        ({"category": "unheard of"}, "category"),
    ],
)
def test_what_does_not_go_together_is_refused_where_it_is_wrong(
    hub: Hub, world: World, stated: dict[str, Any], where: str
) -> None:
    earlier = hub.sent(world["platform administrator"])
    answer = follow(hub, world, "platform administrator", earlier["id"], **stated)
    problem = answers.problem(answer, "validation-failed")
    assert where in problem["errors"]


def test_only_who_may_see_the_earlier_message_may_follow_it(hub: Hub, world: World) -> None:
    earlier = hub.sent(world["administrator of a"], {"clinics": ["a1"]})
    for ask in (follow, preview):
        for who, code in (
            ("administrator of a1", ""),
            ("platform administrator", ""),
            ("administrator of a1 and b", ""),
            ("administrator of x's platform", "not-found"),
            ("member", "administrator-required"),
        ):
            answer = ask(hub, world, who, earlier["id"])
            if code:
                answers.problem(answer, code)
            else:
                assert answer.status_code in (200, 202), answer.text
        answers.problem(ask(hub, world, "platform administrator", str(uuid.uuid4())), "not-found")
        everyones = hub.sent(world["platform administrator"])
        answers.problem(ask(hub, world, "administrator of a", everyones["id"]), "not-found")
    hub.recall(world["administrator of a"], earlier["id"])
    for ask in (follow, preview):
        answers.problem(ask(hub, world, "administrator of a", earlier["id"]), "recalled")


def test_who_has_not_acknowledged_is_reached_where_the_earlier_message_asks_for_it(hub: Hub, world: World) -> None:
    who = "platform administrator"
    earlier = hub.sent(world[who], {"clinics": ["a1"]}, acknowledgement={})
    answer = follow(hub, world, who, earlier["id"], only="not_acknowledged")
    assert answer.status_code == 202, answer.text
    assert answer.get_json()["acknowledgement"] is None, "the person acknowledges the earlier message"
    plain = hub.sent(world[who], {"clinics": ["a1"]})
    wanted = {"follows": plain["id"], "only": "not_acknowledged"}
    answers.problem(follow(hub, world, who, plain["id"], only="not_acknowledged"), "acknowledgement-not-requested")
    answers.problem(hub.call("POST", "/v1/audiences/preview", world[who], json=wanted), "acknowledgement-not-requested")


def test_a_key_makes_one_follow_up_and_not_one_of_another_message(hub: Hub, world: World) -> None:
    first, second = hub.sent(world["platform administrator"]), hub.sent(world["platform administrator"])

    def ask(message_id: str) -> Any:
        message = {"title": "Again", "body": "Read it.", "follows": message_id, "only": "unread"}
        who = world["platform administrator"]
        return hub.call("POST", "/v1/messages", who, json=message, headers={"Idempotency-Key": "follow"})

    made, again = ask(first["id"]), ask(first["id"])
    assert (made.get_json(), again.headers["Idempotency-Replayed"]) == (again.get_json(), "true")
    answers.problem(ask(second["id"]), "idempotency-key-reused")


def test_a_draft_can_be_a_follow_up(hub: Hub, world: World) -> None:
    who = world["platform administrator"]
    earlier = hub.sent(who, {"clinics": ["a1"]})
    content = {"title": "Again", "body": "Read it.", "follows": earlier["id"]}
    draft = hub.call("POST", "/v1/drafts", who, json=content).get_json()
    assert (draft["follows"], draft["only"]) == (earlier["id"], None)
    answers.problem(hub.call("POST", f"/v1/drafts/{draft['id']}/send", who), "draft-incomplete")
    headers = {"If-Match": hub.call("GET", f"/v1/drafts/{draft['id']}", who).headers["ETag"]}
    changed = hub.call("PATCH", f"/v1/drafts/{draft['id']}", who, json={"only": "unread"}, headers=headers)
    assert changed.status_code == 200, changed.text
    sent = hub.call("POST", f"/v1/drafts/{draft['id']}/send", who)
    assert sent.status_code == 202, sent.text
    assert (sent.get_json()["follows"], sent.get_json()["audience"]) == (earlier["id"], earlier["audience"])


def test_a_follow_up_that_would_reach_no_one_is_refused_when_it_is_sent_or_scheduled(
    hub: Hub, own_world: World
) -> None:
    who = own_world["platform administrator"]
    earlier = hub.sent(who, {"clinics": ["a1"]})
    scheduled = drafting.scheduled(hub, who, audience=None, follows=earlier["id"], only="unread")
    drafting.read_by_all(hub, earlier["id"])
    assert preview(hub, own_world, "platform administrator", earlier["id"]).get_json() == {"recipient_count": 0}
    content = {**drafting.FULL, "audience": None, "follows": earlier["id"], "only": "unread"}
    draft_id = drafting.create(hub, who, **content).get_json()["id"]
    time = {"send_at": drafting.in_time(hours=1)}
    before = hub.count_messages(own_world.platform)
    for answer in (
        follow(hub, own_world, "platform administrator", earlier["id"]),
        drafting.call(hub, who, draft_id, "send"),
        drafting.call(hub, who, draft_id, "schedule", **time),
        drafting.call(hub, who, scheduled, "schedule", **time),
        hub.call("PATCH", f"/v1/drafts/{scheduled}", who, json={"title": "x"}, headers={"If-Match": "*"}),
    ):
        answers.problem(answer, "no-recipients")
    assert hub.count_messages(own_world.platform) == before
    assert hub.call("DELETE", f"/v1/drafts/{scheduled}", who).status_code == 204
