"""Asking for an acknowledgement, and correcting an earlier message, through HTTP."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from services.compose_api import domain
from shared import acknowledgements
from tests import threads
from tests.compose_api.hub import Hub, World
from tests.shared import answers

NOW = datetime.now(UTC)
SUMMARY = "Another telephone number."


def written(time: datetime) -> str:
    return time.isoformat(timespec="microseconds").replace("+00:00", "Z")


def read(time: str) -> datetime:
    return datetime.fromisoformat(time)


def correct(hub: Hub, world: World, who: str, message_id: object, **stated: Any) -> Any:
    audience = stated.pop("audience", {"clinics": ["a1"]})
    correction = {"supersedes": message_id, "change_summary": SUMMARY, **stated}
    return hub.send(world[who], audience, **{name: value for name, value in correction.items() if value != ""})


def test_asking_for_nothing_in_particular_asks_for_the_usual_statement_without_a_due_date(
    hub: Hub, world: World
) -> None:
    message = hub.sent(world["platform administrator"], acknowledgement={})
    digest = acknowledgements.content_hash(title="Notice", body="News.", statement=domain.DEFAULT_STATEMENT)
    assert message["acknowledgement"] == {
        "statement": "I have read and understood this.",
        "due_at": None,
        "remind_days_before": [],
        "content_hash": acknowledgements.format_hash(digest),
    }
    assert hub.rows("SELECT content_hash FROM messages WHERE id = :id", id=message["id"]) == [(digest,)]
    ((detail,),) = hub.rows("SELECT detail FROM audit_events WHERE message_id = :id", id=message["id"])
    assert detail == "asks for an acknowledgement"


def test_days_count_from_the_time_of_sending_and_days_that_have_passed_are_left_out(hub: Hub, world: World) -> None:
    asked = {"statement": " I have\tread it.\u200b ", "due_in_days": 3, "remind_days_before": [1, 3, 60, 0]}
    message = hub.sent(world["platform administrator"], acknowledgement=asked)
    found = message["acknowledgement"]
    assert read(found["due_at"]) == read(message["sent_at"]) + timedelta(days=3)
    assert (found["statement"], found["remind_days_before"]) == ("I have read it.", [1, 0])


def test_a_due_date_is_answered_as_it_was_stated(hub: Hub, world: World) -> None:
    due_at = NOW + timedelta(days=30)
    message = hub.sent(
        world["platform administrator"], acknowledgement={"due_at": written(due_at)}, expires_at=written(due_at)
    )
    assert message["acknowledgement"]["due_at"] == written(due_at)


@pytest.mark.parametrize(
    ("asked", "where"),
    [
        ("yes", []),
        ({"statement": ""}, ["statement"]),
        ({"statement": "\u200b"}, ["statement"]),
        ({"statement": "a" * 201}, ["statement"]),
        ({"statement": None}, ["statement"]),
        ({"due_at": written(NOW - timedelta(seconds=1))}, ["due_at"]),
        ({"due_at": written(NOW + timedelta(days=366))}, ["due_at"]),
        ({"due_at": "tomorrow"}, ["due_at"]),
        ({"due_in_days": 0}, ["due_in_days"]),
        ({"due_in_days": 366}, ["due_in_days"]),
        ({"due_in_days": True}, ["due_in_days"]),
        ({"due_in_days": 1.5}, ["due_in_days"]),
        ({"due_in_days": "1"}, ["due_in_days"]),
        ({"due_in_days": 1, "due_at": written(NOW + timedelta(days=1))}, ["due_in_days"]),
        ({"remind_days_before": [1]}, ["remind_days_before"]),
        ({"remind_days_before": [1, 1], "due_in_days": 9}, ["remind_days_before"]),
        ({"remind_days_before": [1, 2, 3, 4, 5], "due_in_days": 9}, ["remind_days_before"]),
        ({"remind_days_before": [-1], "due_in_days": 9}, ["remind_days_before", "0"]),
        ({"remind_days_before": [61], "due_in_days": 9}, ["remind_days_before", "0"]),
        ({"remind_days_before": [False], "due_in_days": 9}, ["remind_days_before", "0"]),
        ({"remind_days_before": None, "due_in_days": 9}, ["remind_days_before"]),
        ({"unknown": 1}, ["unknown"]),
    ],
)
def test_what_cannot_be_asked_for_is_refused_where_it_is_wrong(
    hub: Hub, world: World, asked: Any, where: list[str]
) -> None:
    found: Any = answers.problem(hub.send(world["platform administrator"], acknowledgement=asked), "validation-failed")
    found = found["errors"]
    for name in ["acknowledgement", *where]:
        found = found[name]
    assert found


@pytest.mark.parametrize(
    "due", [{"due_in_days": 3}, {"due_at": written(NOW + timedelta(days=3))}], ids=["days", "time"]
)
def test_a_message_cannot_expire_before_it_is_due(hub: Hub, world: World, due: dict[str, Any]) -> None:
    expires_at = written(NOW + timedelta(days=2))
    answer = hub.send(world["platform administrator"], acknowledgement=due, expires_at=expires_at)
    assert set(answers.problem(answer, "validation-failed")["errors"]) == {"expires_at"}


@pytest.mark.parametrize(
    "other",
    [
        {"acknowledgement": {}},
        {"acknowledgement": {"statement": "I agree.", "due_in_days": 7, "remind_days_before": [2]}},
        {"acknowledgement": {"due_in_days": 8, "remind_days_before": [2]}},
        {"acknowledgement": {"due_in_days": 7, "remind_days_before": [1]}},
        {"acknowledgement": None},
    ],
)
def test_another_acknowledgement_under_the_same_key_is_another_message(
    hub: Hub, world: World, other: dict[str, Any]
) -> None:
    who, key = world["platform administrator"], str(uuid.uuid4())
    asked = {"due_in_days": 7, "remind_days_before": [2]}
    hub.sent(who, key=key, acknowledgement=asked)
    assert hub.send(who, key=key, acknowledgement=asked).headers["Idempotency-Replayed"] == "true"
    answers.problem(hub.send(who, key=key, **other), "idempotency-key-reused")


def test_a_correction_supersedes_the_earlier_message_for_ever(hub: Hub, world: World) -> None:
    earlier = hub.sent(world["administrator of a"], {"clinics": ["a1", "a2"]}, acknowledgement={})
    assert (earlier["supersedes"], earlier["superseded_at"], earlier["change_summary"]) == (None, None, None)
    answer = correct(hub, world, "platform administrator", earlier["id"], audience={"clinics": ["b1"]}).get_json()
    assert (answer["supersedes"], answer["change_summary"]) == (earlier["id"], SUMMARY)
    assert answer["audience"] == {"organisations": [], "clinics": ["b1"]}, "an audience of its own"
    ((detail,),) = hub.rows("SELECT detail FROM audit_events WHERE message_id = :id", id=answer["id"])
    assert detail == f"supersedes {earlier['id']}"
    answers.problem(correct(hub, world, "platform administrator", earlier["id"]), "validation-failed")
    hub.recall(world["platform administrator"], answer["id"])
    found = hub.recall(world["administrator of a"], earlier["id"]).get_json()
    assert (found["superseded_at"], found["superseded_by"]) == (answer["sent_at"], answer["id"])


@pytest.mark.parametrize(
    ("stated", "where"),
    [
        ({"change_summary": ""}, "change_summary"),
        ({"change_summary": None}, "change_summary"),
        ({"change_summary": "7 chars"}, "change_summary"),
        ({"change_summary": "a" * 301}, "change_summary"),
        ({"supersedes": ""}, "supersedes"),
        ({"supersedes": None}, "supersedes"),
        ({"supersedes": "1"}, "supersedes"),
    ],
)
def test_a_correction_needs_both_and_is_refused_where_it_is_wrong(
    hub: Hub, world: World, stated: dict[str, Any], where: str
) -> None:
    earlier = hub.sent(world["administrator of a"], {"clinics": ["a1"]})
    problem = answers.problem(correct(hub, world, "administrator of a", earlier["id"], **stated), "validation-failed")
    assert where in problem["errors"]


def test_only_who_may_recall_a_message_may_correct_it(hub: Hub, world: World) -> None:
    for who, code in (
        ("administrator of a", ""),
        ("platform administrator", ""),
        ("second administrator of a", ""),
        ("administrator of a1", "audience-out-of-reach"),
        ("administrator of x's platform", "not-found"),
        ("administrator of a1 and b", "audience-out-of-reach"),
        ("member", "administrator-required"),
    ):
        earlier = hub.sent(world["administrator of a"], {"clinics": ["a1", "a2"]})
        audience = {"clinics": ["x1"]} if "x" in who else {"clinics": ["a1"]}
        answer = correct(hub, world, who, earlier["id"], audience=audience)
        if code:
            answers.problem(answer, code)
            assert hub.rows("SELECT superseded_at FROM messages WHERE id = :id", id=earlier["id"]) == [(None,)]
        else:
            assert answer.status_code == 202, answer.text
    elsewhere = hub.sent(world["platform administrator"], {"clinics": ["b1"]})
    answers.problem(correct(hub, world, "administrator of a", elsewhere["id"]), "not-found")
    answers.problem(correct(hub, world, "platform administrator", str(uuid.uuid4())), "not-found")
    hub.recall(world["platform administrator"], elsewhere["id"])
    answers.problem(correct(hub, world, "platform administrator", elsewhere["id"]), "recalled")


def test_two_corrections_at_once_are_one(hub: Hub, world: World) -> None:
    earlier = hub.sent(world["administrator of a"], {"clinics": ["a1"]})
    found: list[Any] = []
    threads.together(*[lambda: found.append(correct(hub, world, "administrator of a", earlier["id"]))] * 8)
    assert sorted(answer.status_code for answer in found) == [202] + [422] * 7
    for answer in found:
        if answer.status_code == 422:
            assert set(answers.problem(answer, "validation-failed")["errors"]) == {"supersedes"}


def test_a_draft_keeps_days_and_a_correction_until_it_is_sent(hub: Hub, world: World) -> None:
    who = world["administrator of a"]
    earlier = hub.sent(who, {"clinics": ["a1"]})
    content = {
        "title": "Notice",
        "body": "News.",
        "audience": {"clinics": ["a1"]},
        "acknowledgement": {"due_in_days": 2, "remind_days_before": [0, 1]},
        "supersedes": earlier["id"],
        "change_summary": SUMMARY,
    }
    draft = hub.call("POST", "/v1/drafts", who, json=content).get_json()
    kept = {"statement": domain.DEFAULT_STATEMENT, "due_at": None, "due_in_days": 2, "remind_days_before": [1, 0]}
    assert draft == {**draft, **content, "audience": draft["audience"], "acknowledgement": kept}
    sent = hub.call("POST", f"/v1/drafts/{draft['id']}/send", who).get_json()
    assert read(sent["acknowledgement"]["due_at"]) == read(sent["sent_at"]) + timedelta(days=2)
    assert sent["supersedes"] == earlier["id"]


def test_a_draft_without_summary_or_with_a_due_date_before_its_time_is_not_scheduled(hub: Hub, world: World) -> None:
    who = world["administrator of a"]
    content: dict[str, Any] = {"title": "Notice", "body": "News.", "audience": {"clinics": ["a1"]}}
    earlier = hub.sent(who, {"clinics": ["a1"]})

    def schedule(**stated: Any) -> Any:
        draft = hub.call("POST", "/v1/drafts", who, json={**content, **stated}).get_json()
        send_at = {"send_at": written(NOW + timedelta(days=2))}
        return hub.call("POST", f"/v1/drafts/{draft['id']}/schedule", who, json=send_at)

    answers.problem(schedule(supersedes=earlier["id"]), "draft-incomplete")
    due_at = written(NOW + timedelta(days=1))
    problem = answers.problem(schedule(acknowledgement={"due_at": due_at}), "validation-failed")
    assert set(problem["errors"]["acknowledgement"]) == {"due_at"}
    assert schedule(acknowledgement={"due_in_days": 1}).status_code == 200


def remind(hub: Hub, world: World, who: str, message_id: object, **stated: Any) -> Any:
    return hub.call("POST", f"/v1/sent-messages/{message_id}/acknowledgements/remind", world[who], json=stated)


def test_a_reminder_is_a_follow_up_in_the_callers_name_within_their_reach(hub: Hub, world: World) -> None:
    earlier = hub.sent(
        world["platform administrator"],
        {"organisations": ["a"], "clinics": ["b1"]},
        title="A" * 70,
        priority="important",
        acknowledgement={"due_at": "2027-02-28T23:59:00+11:00"},
    )
    answer = remind(hub, world, "administrator of a", earlier["id"], note=" Please do,\r\n all of you. ")
    assert answer.status_code == 202, answer.text
    reminder = answer.get_json()
    assert reminder == {
        **reminder,
        "title": f"Reminder: {'A' * 59}…",
        "body": f"Please do,\n all of you.\n\nPlease open the message “{'A' * 70}” at the top of your notifications and"
        " acknowledge it. It is due on 28 February 2027, 12:59 UTC.",
        "sender": {"id": "administrator-of-a", "name": "administrator of a"},
        "follows": earlier["id"],
        "acknowledgement": None,
        "priority": "important",
    }
    assert reminder["audience"] == {"organisations": ["a"], "clinics": [], "out_of_reach": 1}
    assert answer.headers["Location"] == f"/v1/messages/{reminder['id']}"
    assert hub.rows("SELECT follows_only FROM messages WHERE id = :id", id=reminder["id"]) == [("not_acknowledged",)]
    ((detail,),) = hub.rows("SELECT detail FROM audit_events WHERE message_id = :id", id=reminder["id"])
    assert detail == f"reminder; follows {earlier['id']}"


def test_a_person_reminds_once_in_24_hours_and_does_not_keep_others_from_it(hub: Hub, world: World) -> None:
    earlier = hub.sent(world["platform administrator"], {"clinics": ["a1", "a2"]}, acknowledgement={})
    found: list[Any] = []
    threads.together(*[lambda: found.append(remind(hub, world, "administrator of a", earlier["id"]))] * 4)
    assert sorted(answer.status_code for answer in found) == [202, 429, 429, 429]
    refused = next(answer for answer in found if answer.status_code == 429)
    answers.problem(refused, "reminder-too-soon")
    assert 86_000 < int(refused.headers["Retry-After"]) <= 86_400
    assert remind(hub, world, "administrator of a1", earlier["id"]).status_code == 202
    with hub.owner.begin() as connection:
        connection.execute(
            text("UPDATE messages SET sent_at = sent_at - interval '25 hours' WHERE follows = :id"),
            {"id": earlier["id"]},
        )
    assert remind(hub, world, "administrator of a", earlier["id"], note=None).status_code == 202


def test_a_clinics_administrator_reminds_their_own_people_of_what_the_platform_asks(hub: Hub, world: World) -> None:
    earlier = hub.sent(world["platform administrator"], acknowledgement={})
    reminder = remind(hub, world, "administrator of a1", earlier["id"]).get_json()
    assert reminder["audience"] == {"organisations": [], "clinics": ["a1"], "out_of_reach": 1}
    plain = hub.sent(world["platform administrator"])
    answers.problem(remind(hub, world, "administrator of a1", plain["id"]), "not-found")


def test_who_cannot_be_reminded_of_what(hub: Hub, world: World) -> None:
    who = "administrator of a"
    earlier = hub.sent(world[who], {"clinics": ["a1"]}, acknowledgement={})
    plain = hub.sent(world[who], {"clinics": ["a1"]})
    answers.problem(remind(hub, world, who, plain["id"]), "acknowledgement-not-requested")
    answers.problem(remind(hub, world, who, uuid.uuid4()), "not-found")
    answers.problem(remind(hub, world, who, "1"), "not-found")
    answers.problem(remind(hub, world, "administrator of x's platform", earlier["id"]), "not-found")
    answers.problem(remind(hub, world, "member", earlier["id"]), "administrator-required")
    answers.problem(remind(hub, world, who, earlier["id"], note="a" * 501), "validation-failed")
    answers.problem(remind(hub, world, who, earlier["id"], notes="a"), "validation-failed")
    with hub.owner.begin() as connection:
        connection.execute(text("UPDATE messages SET expires_at = now() WHERE id = :id"), {"id": earlier["id"]})
    answers.problem(remind(hub, world, who, earlier["id"]), "message-expired")
    with hub.owner.begin() as connection:
        connection.execute(
            text("""
                INSERT INTO acknowledgements (message_id, user_id, sent_at, acknowledged_at, content_hash, authentication, request_id)
                SELECT m.id, b.user_id, m.sent_at, now(), m.content_hash, 'shared-secret', 'r-1'
                FROM messages m JOIN message_targets t ON t.message_id = m.id JOIN memberships b ON b.scope_id = t.scope_id
                WHERE m.id = :id AND b.valid_to_version IS NULL
            """),
            {"id": earlier["id"]},
        )
    answers.problem(remind(hub, world, who, earlier["id"]), "no-recipients")
    correct(hub, world, who, earlier["id"])
    answers.problem(remind(hub, world, who, earlier["id"]), "acknowledgement-not-requested")
    hub.recall(world[who], earlier["id"])
    answers.problem(remind(hub, world, who, earlier["id"]), "recalled")
