"""What the hub does about acknowledgements by itself: reminders, and notices to clinics when they are due."""

from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, text

from services.compose_api import draft_content, releaser
from services.compose_api.actions import steps
from services.compose_api.store import messages as message_store
from services.compose_api.store import steps as store
from shared import contracts
from tests import factories, threads
from tests.compose_api.hub import EVERYONE, Hub, World
from tests.shared import answers

SENDER = "platform administrator"


def statement(hub: Hub, sql: str, **parameters: Any) -> None:
    with hub.owner.begin() as connection:
        connection.execute(text(sql), parameters)


def send(hub: Hub, world: World, audience: Any = None, **asked: Any) -> str:
    """The id of a message that asks for an acknowledgement within a week."""
    return str(hub.sent(world[SENDER], audience, acknowledgement={"due_in_days": 7, **asked})["id"])


def make_due(hub: Hub, message_id: str, kind: str, ago: str = "1 second") -> None:
    statement(
        hub,
        "UPDATE acknowledgement_steps SET at = now() - CAST(:ago AS interval) WHERE message_id = :id AND kind = :kind",
        id=message_id,
        kind=kind,
        ago=ago,
    )


def take_all(engine: Engine) -> list[steps.Taken]:
    taken = []
    while (one := steps.take_next(engine, public_url="https://hub.example.org")) is not None:
        taken.append(one)
    return taken


def acknowledge(hub: Hub, message_id: str, *users: factories.User) -> None:
    statement(
        hub,
        """
        INSERT INTO acknowledgements (message_id, user_id, sent_at, acknowledged_at, content_hash, authentication, request_id)
        SELECT m.id, u, m.sent_at, clock_timestamp(), m.content_hash, 'shared-secret', 'r-1'
        FROM messages m, unnest(CAST(:users AS bigint[])) u WHERE m.id = :id
        """,
        id=message_id,
        users=[user.id for user in users],
    )


def notices(hub: Hub, message_id: str) -> list[tuple[str, str]]:
    """Clinic and text of each notice about the message, by clinic."""
    return [
        (clinic, body)
        for clinic, body in hub.rows(
            """
            SELECT s.external_id, m.body FROM messages m JOIN message_targets t ON t.message_id = m.id JOIN scopes s ON s.id = t.scope_id
            WHERE m.notice_of = :id AND m.recipient_role = 'administrator' ORDER BY 1
            """,
            id=message_id,
        )
    ]


def reasons(hub: Hub) -> list[str | None]:
    return [
        reason for (reason,) in hub.rows("SELECT skipped_reason FROM acknowledgement_steps WHERE done_at IS NOT NULL")
    ]


def test_steps_are_made_with_the_message(own_hub: Hub, people: World) -> None:
    send(own_hub, people, {"clinics": ["a1"]}, remind_days_before=[2, 0, 7])
    found = own_hub.rows("""
        SELECT s.kind, m.due_at - s.at, s.at - m.sent_at FROM acknowledgement_steps s JOIN messages m ON m.id = s.message_id
        ORDER BY s.at, s.kind
    """)
    assert [(kind, before.days, after.days) for kind, before, after in found] == [
        ("remind", 2, 5),
        ("due", 0, 7),
        ("remind", 0, 7),
    ]
    own_hub.sent(people[SENDER], acknowledgement={})
    assert own_hub.rows("SELECT count(*) FROM acknowledgement_steps") == [(3,)]


def test_a_reminder_goes_to_those_who_have_not_acknowledged_in_the_senders_name(
    own_hub: Hub, people: World, engine: Engine
) -> None:
    message_id = send(own_hub, people, {"organisations": ["a"], "clinics": ["b1"]}, remind_days_before=[1])
    acknowledge(own_hub, message_id, people["member"].user)
    with own_hub.owner.begin() as connection:
        factories.set_status(connection, people[SENDER].user, "disabled")
    make_due(own_hub, message_id, "remind")
    published: list[Any] = []
    one = releaser.Releaser(engine, published.append, draft_content.read_content)
    assert (one.remind_due(), one.remind_due()) == (1.0, 1.0)
    ((reminder, title, sender_id, only, targets),) = own_hub.rows(
        """
        SELECT m.id, m.title, m.sender_id, m.follows_only, (SELECT count(*) FROM message_targets t WHERE t.message_id = m.id)
        FROM messages m WHERE m.notice_of = :id
        """,
        id=message_id,
    )
    assert (title, sender_id, only, targets) == (
        "Reminder: Notice",
        people[SENDER].user.id,
        "not_acknowledged",
        2,
    )
    assert [one.message_id for one in published if isinstance(one, contracts.ExpandMessage)] == [str(reminder)]
    assert reasons(own_hub) == [None]


def test_nothing_is_sent_where_everybody_has_acknowledged(own_hub: Hub, people: World, engine: Engine) -> None:
    message_id = send(own_hub, people, {"clinics": ["a1"]}, remind_days_before=[1])
    users = own_hub.rows(
        "SELECT DISTINCT user_id FROM memberships b JOIN message_targets t ON t.scope_id = b.scope_id WHERE t.message_id = :id",
        id=message_id,
    )
    acknowledge(own_hub, message_id, *[factories.User(user_id, 0, "", "", "active") for (user_id,) in users])
    for kind in ("remind", "due"):
        make_due(own_hub, message_id, kind)
    assert [one.sent for one in take_all(engine)] == [(), ()]
    assert reasons(own_hub) == [None, None]
    assert own_hub.rows("SELECT count(*) FROM messages") == [(1,)]


def test_each_clinic_with_somebody_outstanding_has_one_notice_with_the_number_and_no_names(
    own_hub: Hub, people: World, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "CLINICS", 2)
    with own_hub.owner.begin() as connection:
        nurse, gone = (factories.user(connection, people.platform, people.scopes["a1"]) for _ in range(2))
        factories.user(connection, people.platform, people.scopes["b1"])
    message_id = send(own_hub, people, EVERYONE)
    with own_hub.owner.begin() as connection:
        factories.set_status(connection, gone, "disabled")
        factories.user(connection, people.platform, people.scopes["a1"])
    acknowledge(own_hub, message_id, people["member"].user)
    administrators = own_hub.rows(
        "SELECT user_id FROM memberships WHERE scope_id = :id AND role = 'administrator' AND valid_to_version IS NULL",
        id=people.scopes["a1"].id,
    )
    make_due(own_hub, message_id, "due")
    taken = take_all(engine)
    assert len(taken) >= 2, "in parts"
    found = dict(notices(own_hub, message_id))
    assert set(found) == {"a1", "a2"}, "nobody administers b1 or z1"
    outstanding = len(administrators) + len([nurse])
    ((name,),) = own_hub.rows("SELECT name FROM scopes WHERE id = :id", id=people.scopes["a1"].id)
    ((due_at,),) = own_hub.rows("SELECT due_at FROM messages WHERE id = :id", id=message_id)
    assert found["a1"] == (
        f"{name}: {outstanding} people have not acknowledged the message “Notice”."
        f" It was due on {due_at.day} {due_at:%B %Y, %H:%M} UTC."
        f"\n\nWho: https://hub.example.org/console/#/messages/{message_id}"
    )
    assert own_hub.rows(
        "SELECT count(*) FROM message_visibility v JOIN messages m ON m.id = v.message_id WHERE m.notice_of IS NOT NULL"
    ) == [(0,)]
    assert take_all(engine) == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("UPDATE messages SET recalled_at = now(), recalled_by_id = sender_id WHERE id = :id", "recalled"),
        ("UPDATE messages SET superseded_at = now() WHERE id = :id", "superseded"),
        ("UPDATE messages SET expires_at = now() WHERE id = :id", "expired"),
        ("UPDATE inbox_retention SET dropped_before = now() + interval '1 minute'", "past-retention"),
        ("UPDATE acknowledgement_steps SET at = now() - interval '24 hours 1 second'", "too-late"),
    ],
)
def test_what_is_not_asked_for_any_more_or_much_too_late_is_skipped_with_the_reason(
    own_hub: Hub, people: World, engine: Engine, change: str, reason: str
) -> None:
    message_id = send(own_hub, people, {"clinics": ["a1"]}, remind_days_before=[1])
    for kind in ("remind", "due"):
        make_due(own_hub, message_id, kind)
    with own_hub.owner.begin() as connection:
        connection.execute(text(change), {"id": message_id} if ":id" in change else {})
    take_all(engine)
    expected = {reason} if reason != "expired" else {"expired", None}
    assert set(reasons(own_hub)) == expected
    assert len(notices(own_hub, message_id)) == (reason == "expired"), (
        "of an expired message clinics still learn the number"
    )
    with own_hub.owner.connect() as connection:
        missed = store.get_counts(connection).missed
    assert missed == (2 if reason in ("too-late", "past-retention") else 0)


def test_on_hold_and_before_their_time_reminders_wait(own_hub: Hub, people: World, engine: Engine) -> None:
    message_id = send(own_hub, people, {"clinics": ["a1"]}, remind_days_before=[1])
    assert take_all(engine) == []
    make_due(own_hub, message_id, "remind", ago="20 seconds")
    statement(own_hub, "UPDATE draft_hold SET held_at = now()")
    assert take_all(engine) == []
    with own_hub.owner.connect() as connection:
        counts = store.get_counts(connection)
    assert (counts.waiting, counts.overdue_seconds > 19, counts.missed) == (2, True, 0)
    statement(own_hub, "UPDATE draft_hold SET held_at = NULL")
    assert len(take_all(engine)) == 1


class BrokenError(Exception):
    pass


@pytest.mark.parametrize("kind", ["remind", "due"])
@pytest.mark.parametrize("step", ["before the message", "after the message"])
@pytest.mark.parametrize("error", [psycopg.errors.AdminShutdown(), BrokenError()], ids=["server stops", "fault"])
def test_an_error_leaves_nothing_half_done_and_keeps_no_other_message_waiting(
    own_hub: Hub, people: World, engine: Engine, monkeypatch: pytest.MonkeyPatch, kind: str, step: str, error: Exception
) -> None:
    bad, good = (send(own_hub, people, {"clinics": ["a1", "a2"]}, remind_days_before=[1]) for _ in range(2))
    make_due(own_hub, bad, kind, ago="9 seconds")
    make_due(own_hub, good, kind)
    insert = message_store.insert_message

    def failing(connection: Any, *, new: Any, choice: Any) -> Any:
        if str(new.notice_of) != bad:
            return insert(connection, new=new, choice=choice)
        if step == "after the message":
            insert(connection, new=new, choice=choice)
        raise error

    monkeypatch.setattr(message_store, "insert_message", failing)
    one = releaser.Releaser(engine, lambda _: None, draft_content.read_content)
    one.remind_due()
    count = "SELECT count(*) FROM messages WHERE notice_of = :id"
    expected = 1 if kind == "remind" else 2
    assert own_hub.rows(count, id=bad) == [(0,)]
    assert own_hub.rows(count, id=good) == [(expected,)]
    monkeypatch.undo()
    one.remind_due()
    is_passing = not isinstance(error, BrokenError)
    assert own_hub.rows(count, id=bad) == [(expected if is_passing else 0,)]
    assert set(reasons(own_hub)) == ({None} if is_passing else {None, "internal-error"})


class KilledError(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("dies_after", range(6))
def test_whenever_processes_die_each_clinic_has_exactly_one_notice(
    own_hub: Hub, people: World, engine: Engine, monkeypatch: pytest.MonkeyPatch, dies_after: int
) -> None:
    """It dies before the n-th statement that writes, whichever that is; another goes on."""
    monkeypatch.setattr(steps, "CLINICS", 1)
    message_id = send(own_hub, people, {"organisations": ["a"]}, remind_days_before=[1])
    for kind in ("remind", "due"):
        make_due(own_hub, message_id, kind)
    writes = iter(range(100))
    for module, name in ((message_store, "insert_message"), (store, "end"), (store, "move")):
        original = getattr(module, name)

        def dying(*args: Any, original: Any = original, **kwargs: Any) -> Any:
            if next(writes) == dies_after:
                raise KilledError
            return original(*args, **kwargs)

        monkeypatch.setattr(module, name, dying)
    with pytest.raises(KilledError):
        take_all(engine)
    take_all(engine)
    assert [clinic for clinic, _ in notices(own_hub, message_id)] == ["a1", "a2"]
    assert own_hub.rows(
        "SELECT count(*) FROM messages WHERE notice_of = :id AND follows IS NOT NULL", id=message_id
    ) == [(1,)]
    assert reasons(own_hub) == [None, None]


def test_two_releasers_at_once_send_everything_once(own_hub: Hub, people: World, engine: Engine) -> None:
    sent = [send(own_hub, people, {"clinics": ["a1", "a2"]}, remind_days_before=[1]) for _ in range(4)]
    for message_id in sent:
        for kind in ("remind", "due"):
            make_due(own_hub, message_id, kind)
    threads.together(*[lambda: take_all(engine)] * 3)
    take_all(engine)
    found = own_hub.rows("SELECT notice_of, count(*) FROM messages WHERE notice_of IS NOT NULL GROUP BY 1")
    assert {str(of): count for of, count in found} == dict.fromkeys(sent, 3)


def test_a_recall_in_between_ends_the_notices(
    own_hub: Hub, people: World, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "CLINICS", 1)
    message_id = send(own_hub, people, {"clinics": ["a1", "a2"]})
    make_due(own_hub, message_id, "due")
    steps.take_next(engine, public_url=None)
    own_hub.recall(people[SENDER], message_id)
    take_all(engine)
    assert [clinic for clinic, _ in notices(own_hub, message_id)] == ["a1"]
    assert reasons(own_hub) == ["recalled"]


def test_many_clinics_hold_up_no_draft(
    own_hub: Hub, people: World, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The releaser comes back to drafts after half a second."""
    monkeypatch.setattr(releaser, "_REMIND_S", -1.0)
    monkeypatch.setattr(steps, "CLINICS", 1)
    message_id = send(own_hub, people, {"organisations": ["a"]})
    make_due(own_hub, message_id, "due")
    one = releaser.Releaser(engine, lambda _: None, draft_content.read_content)
    waits = [one.remind_due() for _ in range(4)]
    assert waits == [0.0, 0.0, 0.0, 1.0]
    assert len(notices(own_hub, message_id)) == 2


def test_a_follow_up_that_asks_counts_its_own_recipients(own_hub: Hub, people: World, engine: Engine) -> None:
    earlier = own_hub.sent(people[SENDER], {"clinics": ["a1"]}, acknowledgement={})["id"]
    with own_hub.owner.begin() as connection:
        gone = factories.user(connection, people.platform, people.scopes["a1"])
        factories.set_status(connection, gone, "disabled")
    acknowledge(own_hub, earlier, people["member"].user)
    asked = {"title": "Again", "body": "Now.", "follows": earlier, "only": "not_acknowledged"}
    request = {**asked, "acknowledgement": {"due_in_days": 1}}
    message_id = own_hub.call("POST", "/v1/messages", people[SENDER], json=request).get_json()["id"]
    make_due(own_hub, message_id, "due")
    take_all(engine)
    ((_, body),) = notices(own_hub, message_id)
    ((administrators,),) = own_hub.rows(
        "SELECT count(*) FROM memberships WHERE scope_id = :id AND role = 'administrator' AND valid_to_version IS NULL",
        id=people.scopes["a1"].id,
    )
    assert f" {administrators} people have not acknowledged" in body


def test_a_notice_cannot_be_followed_up(own_hub: Hub, people: World, engine: Engine) -> None:
    message_id = send(own_hub, people, {"clinics": ["a1"]})
    make_due(own_hub, message_id, "due")
    take_all(engine)
    ((notice,),) = own_hub.rows("SELECT id FROM messages WHERE notice_of = :id", id=message_id)
    request = {"title": "Again", "body": "Read it.", "follows": str(notice), "only": "unread"}
    answer = own_hub.call("POST", "/v1/messages", people[SENDER], json=request)
    assert set(answers.problem(answer, "validation-failed")["errors"]) == {"follows"}
