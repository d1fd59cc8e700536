"""Category, priority, pin and expiry of a message, as they are stated, checked and answered."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from services.compose_api import content_schemas as schemas
from tests.compose_api.hub import EVERYONE, Hub, World
from tests.shared import answers

NOW = datetime.now(UTC)


def written(time: datetime) -> str:
    return time.isoformat(timespec="microseconds").replace("+00:00", "Z")


def test_what_a_sender_states_is_stored_and_answered_in_utc(hub: Hub, world: World) -> None:
    pinned_until, expires_at = NOW + timedelta(days=29), NOW + timedelta(days=400)
    message = hub.sent(
        world["platform administrator"],
        category="regulation",
        priority="important",
        pinned_until=(pinned_until + timedelta(hours=10)).isoformat().replace("+00:00", "+10:00"),
        expires_at=written(expires_at).lower(),
    )
    stated = {
        "category": "regulation",
        "priority": "important",
        "pinned_until": written(pinned_until),
        "expires_at": written(expires_at),
    }
    assert message == {**message, **stated, "expired": False, "follows": None}
    columns = "category, priority, pinned_until, expires_at, follows, follows_only"
    stored = hub.rows(f"SELECT {columns} FROM messages WHERE id = :id", id=message["id"])
    assert stored == [("regulation", "important", pinned_until, expires_at, None, None)]


def test_null_states_nothing(hub: Hub, world: World) -> None:
    nothing = {"category": None, "pinned_until": None, "expires_at": None}
    who = world["platform administrator"]
    first = hub.sent(who, key="states-nothing", **nothing)
    assert first == {**first, **nothing, "priority": "normal"}
    assert hub.send(who, key="states-nothing").headers["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize(
    "other",
    [
        {"category": "service"},
        {"priority": "important"},
        {"pinned_until": written(NOW + timedelta(days=1))},
        {"expires_at": written(NOW + timedelta(days=1))},
    ],
    ids=lambda other: next(iter(other)),
)
def test_another_choice_under_the_same_key_is_another_message(hub: Hub, world: World, other: dict[str, Any]) -> None:
    who, key = world["platform administrator"], f"with-and-without-{next(iter(other))}"
    hub.sent(who, key=key)
    answers.problem(hub.send(who, key=key, **other), "idempotency-key-reused")


def test_a_message_cannot_expire_before_it_is_sent(hub: Hub, world: World) -> None:
    answer = hub.send(world["platform administrator"], expires_at=written(NOW - timedelta(seconds=1)))
    assert set(answers.problem(answer, "expires-too-early")["errors"]) == {"expires_at"}
    assert not hub.published.contracts


def test_a_replay_is_answered_although_the_message_has_expired_since(hub: Hub, world: World) -> None:
    who = world["platform administrator"]
    request = {"key": "expires-soon", "expires_at": written(NOW + timedelta(hours=1))}
    first = hub.sent(who, **request)
    with hub.owner.begin() as connection:
        moved = text("UPDATE messages SET expires_at = now() - interval '1 second' WHERE id = :id")
        connection.execute(moved, {"id": first["id"]})
    replayed = hub.sent(who, **request)
    assert (replayed["id"], replayed["expired"], replayed["status"]) == (first["id"], True, "queued")


def test_a_message_is_pinned_for_thirty_days_at_most(hub: Hub, world: World) -> None:
    who = world["platform administrator"]
    hub.sent(who, pinned_until=written(NOW + timedelta(days=30)))
    too_long = hub.send(who, pinned_until=written(datetime.now(UTC) + timedelta(days=30, minutes=1)))
    assert set(answers.problem(too_long, "validation-failed")["errors"]) == {"pinned_until"}


def test_everything_that_is_wrong_with_a_message_is_said_at_once(hub: Hub, world: World) -> None:
    wrong = {"category": "nothing of that name", "pinned_until": written(NOW - timedelta(days=1))}
    answer = hub.send(world["platform administrator"], {"clinics": ["nowhere"]}, **wrong)
    found = answers.problem(answer, "validation-failed")["errors"]
    assert set(found) == {"audience", *wrong}
    assert found["category"] == ["Must be one of: service, regulation, feature, other."]


def test_the_categories_are_those_of_the_platform_now(hub: Hub, own_world: World) -> None:
    who = own_world["platform administrator"]
    earlier = hub.sent(who, category="service")
    with hub.owner.begin() as connection:
        connection.execute(
            text("UPDATE platforms SET categories = '{Training,\u200bOps}' WHERE id = :id"), {"id": who.platform.id}
        )
    assert hub.call("GET", "/v1/viewer", own_world["member"]).get_json()["categories"] == ["Training", "\u200bOps"]
    assert hub.sent(who, category="Training")["category"] == "Training"
    answers.problem(hub.send(who, category="service"), "validation-failed")
    assert hub.recall(who, earlier["id"]).get_json()["category"] == "service", "an accepted message keeps its own"


def test_a_part_of_a_content_has_the_same_rules() -> None:
    """What drafts rest on."""
    assert schemas.ContentIn(partial=True).load({}) == {}
    assert schemas.ContentIn(partial=True).load({"title": " Notice "}) == {"title": "Notice"}
    assert set(schemas.ContentIn(partial=True).validate({"title": "", "expires_at": "soon"})) == {"title", "expires_at"}
    assert set(schemas.ContentIn().validate({"audience": EVERYONE})) == {"title", "body"}
