"""Who may recall which message, and what a recall does."""

import uuid
from typing import Any

import pytest

from tests import factories
from tests.compose_api.hub import EVERYONE, Hub, World
from tests.shared import answers

SENDER = "platform administrator"
OUT_OF_REACH, NOT_FOUND, DONE = "audience-out-of-reach", "not-found", ""


@pytest.mark.parametrize("who", ["administrator of a1", "administrator of a", SENDER])
def test_a_sender_recalls_their_own_message(hub: Hub, world: World, who: str) -> None:
    message = hub.sent(world[who], {"clinics": ["a1"]})
    answer = hub.recall(world[who], message["id"])
    assert answer.status_code == 200
    recalled = answer.get_json()
    assert recalled["recalled_at"] >= message["sent_at"]
    assert recalled == {
        **message,
        "status": "recalled",
        "recalled_at": recalled["recalled_at"],
        "recalled_by": {"id": world[who].user.external_id, "name": who},
    }


# Audience of a platform administrator's message → what each gets who did not send it.
@pytest.mark.parametrize(
    ("audience", "who", "outcome"),
    [
        (EVERYONE, "second platform administrator", DONE),
        (EVERYONE, "administrator of a", NOT_FOUND),
        (EVERYONE, "administrator of a1", NOT_FOUND),
        ({"organisations": ["a"]}, "second platform administrator", DONE),
        ({"organisations": ["a"]}, "administrator of a", OUT_OF_REACH),
        ({"organisations": ["a"]}, "administrator of a1", NOT_FOUND),
        ({"organisations": ["b"]}, "administrator of a", NOT_FOUND),
        ({"clinics": ["a1"]}, "second platform administrator", DONE),
        ({"clinics": ["a1"]}, "administrator of a", DONE),
        ({"clinics": ["a1"]}, "administrator of a1", OUT_OF_REACH),
        ({"clinics": ["a1"]}, "administrator of a1 and a2", OUT_OF_REACH),
        ({"clinics": ["a2"]}, "administrator of a1", NOT_FOUND),
        ({"clinics": ["b1"]}, "administrator of a1 and b", DONE),
        ({"clinics": ["a1", "a2"]}, "administrator of a", DONE),
        ({"clinics": ["a1", "b1"]}, "administrator of a", OUT_OF_REACH),
        ({"clinics": ["a1", "b1"]}, "administrator of a1 and b", OUT_OF_REACH),
        ({"organisations": ["a"], "clinics": ["b1"]}, "administrator of a1 and b", OUT_OF_REACH),
        ({"clinics": ["a1"]}, "administrator of x's platform", NOT_FOUND),
        ({"clinics": ["a1"]}, "member", "administrator-required"),
        ({"clinics": ["a1"]}, "pending", "user-inactive"),
    ],
    ids=str,
)
def test_others_recall_only_from_above_all_targets(
    hub: Hub, world: World, audience: dict[str, Any], who: str, outcome: str
) -> None:
    message = hub.sent(world[SENDER], audience)
    answer = hub.recall(world[who], message["id"])
    if outcome:
        answers.problem(answer, outcome)
    else:
        assert answer.get_json()["recalled_by"]["name"] == who
    ((is_recalled,),) = hub.rows("SELECT recalled_at IS NOT NULL FROM messages WHERE id = :id", id=message["id"])
    assert is_recalled == (outcome == DONE)


@pytest.mark.parametrize(
    ("sender", "peer", "audience"),
    [
        ("administrator of a", "second administrator of a", {"organisations": ["a"]}),
        ("administrator of a1", "second administrator of a1", {"clinics": ["a1"]}),
        ("administrator of a", "administrator of a1", {"clinics": ["a1"]}),
    ],
)
def test_neither_a_peer_nor_somebody_below_recalls(
    hub: Hub, world: World, sender: str, peer: str, audience: dict[str, Any]
) -> None:
    message = hub.sent(world[sender], audience)
    answers.problem(hub.recall(world[peer], message["id"]), OUT_OF_REACH)


def test_an_organisations_administrator_recalls_what_a_clinics_administrator_sent(hub: Hub, world: World) -> None:
    message = hub.sent(world["administrator of a1 and a2"], {"clinics": ["a1", "a2"]})
    assert hub.recall(world["administrator of a"], message["id"]).status_code == 200


def test_who_recalls_sees_of_the_audience_only_what_they_may_see(hub: Hub, world: World) -> None:
    message = hub.sent(world["administrator of a1 and b"], {"clinics": ["a1", "b1"]})
    assert message["audience"] == {"organisations": [], "clinics": ["a1", "b1"]}
    own = hub.recall(world["administrator of a1 and b"], message["id"])
    assert own.get_json()["audience"] == message["audience"]


@pytest.mark.parametrize(
    "name",
    [
        "00000000-0000-0000-0000-000000000000",
        "1",
        "x",
        "%00",
        "%ff",
        "{id}x",
        "{id}%20",
        "urn:uuid:{id}",
        "%7B{id}%7D",
        "{hex}",
        "…",
    ],
)
def test_a_name_that_no_message_has_is_not_found(hub: Hub, world: World, name: str) -> None:
    message = hub.sent(world[SENDER])
    path = name.format(id=message["id"], hex=uuid.UUID(message["id"]).hex)
    answers.problem(hub.recall(world[SENDER], path), NOT_FOUND)


def test_an_id_in_capitals_is_the_same_id(hub: Hub, world: World) -> None:
    message = hub.sent(world[SENDER])
    assert hub.recall(world[SENDER], message["id"].upper()).get_json()["id"] == message["id"]


def test_a_message_that_may_not_be_seen_looks_like_one_that_is_not_there(hub: Hub, world: World) -> None:
    message = hub.sent(world[SENDER])
    hidden = hub.recall(world["administrator of a"], message["id"])
    absent = hub.recall(world["administrator of a"], str(uuid.uuid4()))
    assert hidden.get_json() == absent.get_json()


def test_recalling_again_keeps_the_first_time_and_person(hub: Hub, world: World) -> None:
    message = hub.sent(world["administrator of a1"], {"clinics": ["a1"]})
    first = hub.recall(world["administrator of a"], message["id"]).get_json()
    for who in ("administrator of a1", "administrator of a", SENDER):
        again = hub.recall(world[who], message["id"])
        assert again.status_code == 200
        assert again.get_json() == first


def test_a_recall_works_on_any_plan(hub: Hub, own_world: World) -> None:
    who = own_world["administrator of s's platform"]
    plan = "UPDATE platforms SET plan = %s WHERE id = %s"
    with hub.owner.begin() as connection:
        connection.exec_driver_sql(plan, ("enterprise", who.platform.id))
    message = hub.sent(who)
    with hub.owner.begin() as connection:
        connection.exec_driver_sql(plan, ("standard", who.platform.id))
    answers.problem(hub.send(who), "feature-not-available")
    assert hub.recall(who, message["id"]).get_json()["status"] == "recalled"


def test_a_recall_leaves_everything_but_the_recall_as_it_was(hub: Hub, world: World) -> None:
    message = hub.sent(world[SENDER], {"clinics": ["a1"]})
    count = """SELECT (SELECT count(*) FROM message_targets WHERE message_id = m.id),
                      (SELECT count(*) FROM message_visibility WHERE message_id = m.id), m.sent_at, m.status, m.body
               FROM messages m WHERE m.id = :id"""
    before = hub.rows(count, id=message["id"])
    hub.recall(world[SENDER], message["id"])
    assert hub.rows(count, id=message["id"]) == before
    assert len(hub.published.contracts) == 1, "a recall publishes nothing"


def test_a_sender_who_administers_nothing_any_more_recalls_their_message(hub: Hub, own_world: World) -> None:
    who = own_world["administrator of a1"]
    message = hub.sent(who, {"clinics": ["a1"]})
    with hub.owner.begin() as connection:
        factories.leave(connection, who.user, own_world.scopes["a1"])
    answers.problem(hub.send(who, {"clinics": ["a1"]}), "administrator-required")
    assert hub.recall(who, message["id"]).get_json()["status"] == "recalled"
