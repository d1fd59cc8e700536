"""Drafts are scheduled, rescheduled, changed while they wait, unscheduled and cancelled."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.compose_api.drafts import drafting
from tests.compose_api.hub import Hub, World
from tests.shared import answers

# Next year's first of January: in the year that may be chosen, at every time of testing.
YEAR = datetime.now(UTC).year + 1


@pytest.fixture
def draft_id(hub: Hub, world: World) -> str:
    return str(drafting.create(hub, world["administrator of a"], **drafting.FULL).get_json()["id"])


def test_a_moment_is_scheduled_with_an_hour_to_spare(hub: Hub, world: World, draft_id: str) -> None:
    at = f"{YEAR}-01-01T09:00:00+05:45"
    draft = drafting.call(hub, world["administrator of a"], draft_id, "schedule", send_at=at).get_json()
    assert draft["state"] == "scheduled"
    assert draft["send_at"] == draft["resolved_at"] == f"{YEAR}-01-01T03:15:00.000000Z"
    assert draft["not_after"] == f"{YEAR}-01-01T04:15:00.000000Z"
    assert [draft[name] for name in ("local", "time_zone", "adjusted", "ended_at", "reason")] == [None] * 5


def test_a_local_time_is_kept_and_resolved(hub: Hub, world: World, draft_id: str) -> None:
    local, zone = f"{YEAR}-01-01T09:00", "Australia/Sydney"
    draft = drafting.call(
        hub,
        world["administrator of a"],
        draft_id,
        "schedule",
        local=local,
        time_zone=zone,
        not_after=f"{YEAR}-01-01T00:00:00Z",
    ).get_json()
    assert draft["send_at"] == draft["resolved_at"] == f"{YEAR - 1}-12-31T22:00:00.000000Z"
    assert draft["not_after"] == f"{YEAR}-01-01T00:00:00.000000Z"
    assert (draft["local"], draft["time_zone"], draft["adjusted"]) == (f"{local}:00", zone, None)


def test_the_answer_says_how_a_local_time_was_adjusted(hub: Hub, world: World, draft_id: str) -> None:
    """The next last Sundays of March and October in London."""
    now, expected = datetime.now(UTC), {3: "gap", 10: "ambiguous"}
    for month, adjusted in expected.items():
        year = now.year + (now.month >= month)
        last = datetime.fromisoformat(f"{year}-{month:02}-31T01:30")
        local = last - timedelta(days=(last.weekday() + 1) % 7)
        draft = drafting.call(
            hub,
            world["administrator of a"],
            draft_id,
            "schedule",
            local=local.isoformat(),
            time_zone="Europe/London",
        ).get_json()
        assert draft["adjusted"] == adjusted
        utc = local if adjusted == "gap" else local - timedelta(hours=1)
        assert draft["resolved_at"] == f"{utc.isoformat()}.000000Z"


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"send_at": "2026-11-01T00:00:00Z"}, "time-in-past"),
        ({"local": "1999-12-31T23:59", "time_zone": "UTC"}, "time-in-past"),
        ({"send_at": "0001-01-01T00:00:00Z"}, "time-in-past"),
        ({"send_at": "9999-12-31T23:59:59Z"}, "time-too-far"),
        ({"send_at": drafting.in_time(days=366)}, "time-too-far"),
        ({"send_at": drafting.in_time(hours=2), "not_after": drafting.in_time(hours=1)}, "validation-failed"),
        ({"send_at": drafting.in_time(hours=2), "not_after": drafting.in_time(days=8)}, "validation-failed"),
        ({}, "validation-failed"),
        ({"not_after": drafting.in_time(hours=1)}, "validation-failed"),
        ({"local": "2027-01-01T09:00"}, "validation-failed"),
        ({"time_zone": "UTC"}, "validation-failed"),
        ({"local": "2027-01-01T09:00", "time_zone": "Europe/Atlantis"}, "validation-failed"),
        ({"local": "2027-01-01T09:00Z", "time_zone": "UTC"}, "validation-failed"),
        ({"local": "2027-13-01T09:00", "time_zone": "UTC"}, "validation-failed"),
        ({"local": "2027-01-01", "time_zone": "UTC"}, "validation-failed"),
        ({"send_at": "2027-01-01T09:00:00"}, "validation-failed"),
        ({"send_at": 1}, "validation-failed"),
        ({"send_at": None}, "validation-failed"),
        ({"send_at": drafting.in_time(hours=1), "local": "2027-01-01T09:00", "time_zone": "UTC"}, "validation-failed"),
    ],
)
def test_a_bad_time_is_refused(hub: Hub, world: World, draft_id: str, wanted: dict[str, Any], code: str) -> None:
    who = world["administrator of a"]
    before = drafting.get(hub, who, draft_id)
    answer = hub.call("POST", f"/v1/drafts/{draft_id}/schedule", who, json=wanted)
    answers.problem(answer, code)
    assert drafting.get(hub, who, draft_id) == before


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ({"title": None}, "draft-incomplete"),
        ({"expires_at": drafting.in_time(minutes=59)}, "expires-too-early"),
        ({"pinned_until": drafting.in_time(minutes=59)}, "validation-failed"),
        ({"pinned_until": drafting.in_time(days=31)}, "validation-failed"),
        ({"category": "unknown"}, "validation-failed"),
    ],
)
def test_only_what_could_be_sent_then_is_scheduled_and_stays_so(
    hub: Hub, world: World, content: dict[str, Any], code: str
) -> None:
    who = world["administrator of a"]
    draft_id = drafting.create(hub, who, **{**drafting.FULL, **content}).get_json()["id"]
    answers.problem(drafting.call(hub, who, draft_id, "schedule", send_at=drafting.in_time(hours=1)), code)
    other = drafting.scheduled(hub, who)
    current = hub.call("GET", f"/v1/drafts/{other}", who)
    answers.problem(drafting.change(hub, who, current, **content), code)


def test_a_pin_counts_from_the_time_of_sending(hub: Hub, world: World) -> None:
    who = world["administrator of a"]
    pinned = {**drafting.FULL, "pinned_until": drafting.in_time(days=45)}
    draft_id = drafting.create(hub, who, **pinned).get_json()["id"]
    assert drafting.call(hub, who, draft_id, "schedule", send_at=drafting.in_time(days=16)).status_code == 200


def test_a_scheduled_draft_is_changed_rescheduled_and_unscheduled(hub: Hub, world: World) -> None:
    who = world["administrator of a"]
    draft_id = drafting.scheduled(hub, who)
    changed = drafting.change(hub, who, hub.call("GET", f"/v1/drafts/{draft_id}", who), title="Another")
    assert (changed.get_json()["state"], changed.get_json()["title"]) == ("scheduled", "Another")
    again = drafting.call(hub, who, draft_id, "schedule", send_at=f"{YEAR}-01-01T00:00:00Z").get_json()
    assert again["send_at"] == f"{YEAR}-01-01T00:00:00.000000Z"
    back = drafting.call(hub, who, draft_id, "unschedule").get_json()
    assert (back["state"], back["send_at"], back["not_after"], back["title"]) == ("draft", None, None, "Another")
    assert drafting.call(hub, who, draft_id, "unschedule").get_json() == back


def test_deleting_a_scheduled_draft_cancels_it_and_it_can_be_scheduled_again(hub: Hub, world: World) -> None:
    who = world["administrator of a"]
    draft_id = drafting.scheduled(hub, who)
    assert hub.call("DELETE", f"/v1/drafts/{draft_id}", who).status_code == 204
    draft = drafting.get(hub, who, draft_id)
    assert draft["state"] == "cancelled"
    assert draft["ended_at"]
    again = drafting.call(hub, who, draft_id, "schedule", send_at=drafting.in_time(hours=1)).get_json()
    assert (again["state"], again["ended_at"]) == ("scheduled", None)


def test_another_administrator_who_changes_or_schedules_it_becomes_the_sender(hub: Hub, world: World) -> None:
    author, other = world["administrator of a"], world["second administrator of a"]
    draft_id = drafting.scheduled(hub, author)
    changed = drafting.change(hub, other, hub.call("GET", f"/v1/drafts/{draft_id}", other), title="Theirs").get_json()
    assert (changed["author"]["id"], changed["sender"]["id"]) == ("administrator-of-a", "second-administrator-of-a")
    back = drafting.call(hub, author, draft_id, "unschedule").get_json()
    assert back["sender"] == back["author"]
    own = drafting.change(hub, other, hub.call("GET", f"/v1/drafts/{draft_id}", other), title="Again").get_json()
    assert own["sender"]["id"] == "administrator-of-a"
    wanted = {"send_at": drafting.in_time(hours=1)}
    taken = drafting.call(hub, other, draft_id, "schedule", **wanted).get_json()
    assert taken["sender"]["id"] == "second-administrator-of-a"
    assert drafting.call(hub, author, draft_id, "schedule", **wanted).get_json()["sender"]["id"] == "administrator-of-a"


def test_what_happens_to_a_scheduled_draft_is_in_the_audit_trail(hub: Hub, world: World) -> None:
    author, other = world["administrator of a"], world["second administrator of a"]
    draft_id = drafting.scheduled(hub, author)
    drafting.change(hub, other, hub.call("GET", f"/v1/drafts/{draft_id}", other), title="Theirs")
    drafting.call(hub, author, draft_id, "unschedule")
    drafting.change(hub, author, hub.call("GET", f"/v1/drafts/{draft_id}", author), title="Unseen")
    drafting.call(hub, author, draft_id, "schedule", send_at=drafting.in_time(hours=1))
    hub.call("DELETE", f"/v1/drafts/{draft_id}", author)
    events = hub.rows(
        "SELECT outcome, user_id FROM audit_events WHERE message_id = :id AND action = 'draft' ORDER BY id", id=draft_id
    )
    a, b = author.user.id, other.user.id
    assert events == [("scheduled", a), ("changed", b), ("unscheduled", a), ("scheduled", a), ("cancelled", a)]
