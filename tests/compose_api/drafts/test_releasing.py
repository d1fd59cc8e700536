"""What becomes of drafts that are due."""

import threading
from datetime import UTC, datetime
from typing import Any

import prometheus_client
import psycopg
import pytest
from sqlalchemy import Engine, text

from services.compose_api import draft_content, local_times, releaser
from services.compose_api.actions import releases
from services.compose_api.store import messages as message_store
from services.compose_api.store import releases as store
from shared import contracts, db, draining
from tests import statements
from tests.compose_api.drafts import drafting
from tests.compose_api.drafts.drafting import scheduled
from tests.compose_api.hub import EVERYONE, Hub, World
from tests.shared import answers


def states(hub: Hub) -> dict[str, str]:
    return {str(draft_id): state for draft_id, state in hub.rows("SELECT id, state FROM drafts")}


def statement(hub: Hub, sql: str, **parameters: Any) -> None:
    with hub.owner.begin() as connection:
        connection.execute(text(sql), parameters)


def test_a_due_draft_becomes_the_message_with_its_id(own_hub: Hub, people: World, engine: Engine) -> None:
    who = people["administrator of a"]
    waiting, due = scheduled(own_hub, who), scheduled(own_hub, who, due_s=2, title="Due")
    (outcome,) = drafting.release(engine)
    assert isinstance(outcome, releases.Released)
    assert str(outcome.message.id) == due
    assert 2 <= outcome.lateness_s < 12
    assert states(own_hub) == {waiting: "scheduled", due: "released"}
    ((title, sender_id, sent_at),) = own_hub.rows("SELECT title, sender_id, sent_at FROM messages")
    assert (title, sender_id) == ("Due", who.user.id)
    draft = drafting.get(own_hub, who, due)
    assert draft["send_at"] < sent_at.isoformat()
    assert draft["ended_at"]
    ((detail,),) = own_hub.rows("SELECT detail FROM audit_events WHERE action = 'compose' AND message_id = :id", id=due)
    assert detail.startswith("draft scheduled for ")
    assert drafting.release(engine) == []


def test_the_recipients_are_those_of_the_directory_at_the_release(own_hub: Hub, people: World, engine: Engine) -> None:
    draft_id = scheduled(own_hub, people["platform administrator"], audience=EVERYONE, due_s=1)
    statement(
        own_hub, "UPDATE platforms SET directory_version = directory_version + 5 WHERE id = :id", id=people.platform.id
    )
    drafting.release(engine)
    ((current, version),) = own_hub.rows(
        "SELECT p.directory_version, m.directory_version FROM messages m JOIN platforms p ON p.id = m.platform_id WHERE m.id = :id",
        id=draft_id,
    )
    assert version == current


def test_the_editor_of_a_scheduled_draft_sends_it(own_hub: Hub, people: World, engine: Engine) -> None:
    author, editor = people["administrator of a"], people["second administrator of a"]
    draft_id = scheduled(own_hub, author)
    drafting.change(own_hub, editor, own_hub.call("GET", f"/v1/drafts/{draft_id}", editor), title="Theirs")
    drafting.make_due(own_hub.owner, draft_id, seconds=1)
    drafting.release(engine)
    assert own_hub.rows("SELECT sender_id FROM messages") == [(editor.user.id,)]


@pytest.mark.parametrize(
    ("change", "reason", "detail"),
    [
        ("UPDATE users SET status = 'disabled' WHERE id = :user", "user-inactive", "disabled"),
        ("UPDATE platforms SET plan = 'standard' WHERE id = :platform", "feature-not-available", "Enterprise"),
        ("UPDATE memberships SET valid_to_version = 1000 WHERE user_id = :user", "administrator-required", "neither"),
        (
            "UPDATE memberships SET scope_id = :other WHERE user_id = :user AND role = 'administrator'",
            "audience-out-of-reach",
            "You do not administer: a1.",
        ),
        (
            "UPDATE scope_ancestors SET valid_to_version = 1000 WHERE scope_id = :scope",
            "validation-failed",
            "Unknown clinic: a1.",
        ),
        (
            "UPDATE platforms SET categories = '{other}' WHERE id = :platform",
            "validation-failed",
            "Must be one of: other.",
        ),
    ],
)
def test_what_its_sender_could_not_send_now_fails_with_the_reason(
    own_hub: Hub, people: World, engine: Engine, change: str, reason: str, detail: str
) -> None:
    who = people["administrator of a1"]
    draft_id = scheduled(own_hub, who, category="service", due_s=1)
    names = {
        "user": who.user.id,
        "platform": who.platform.id,
        "scope": people.scopes["a1"].id,
        "other": people.scopes["a2"].id,
    }
    statement(own_hub, change, **{name: value for name, value in names.items() if f":{name}" in change})
    (outcome,) = drafting.release(engine)
    assert not isinstance(outcome, releases.Released)
    assert own_hub.rows("SELECT state, reason FROM drafts") == [("failed", reason)]
    assert detail in drafting.get(own_hub, people["platform administrator"], draft_id)["detail"]
    assert own_hub.rows("SELECT count(*) FROM messages") == [(0,)]
    events = own_hub.rows(
        "SELECT user_id, reason FROM audit_events WHERE outcome = 'failed' AND message_id = :id", id=draft_id
    )
    assert events == [(who.user.id, reason)]


def test_a_follow_up_whose_recipients_have_all_read_the_earlier_message_fails(
    own_hub: Hub, people: World, engine: Engine
) -> None:
    who = people["administrator of a"]
    earlier = own_hub.sent(who, {"clinics": ["a1"]})
    draft_id = scheduled(own_hub, who, audience=None, follows=earlier["id"], only="unread", due_s=1)
    drafting.read_by_all(own_hub, earlier["id"])
    drafting.release(engine)
    draft = drafting.get(own_hub, who, draft_id)
    assert (draft["state"], draft["reason"]) == ("failed", "no-recipients")
    assert draft["detail"].startswith("Everyone who got the earlier message has read it")
    assert own_hub.rows("SELECT id::text FROM messages") == [(earlier["id"],)]


def test_closed_scopes_are_left_out_and_noted(own_hub: Hub, people: World, engine: Engine) -> None:
    who = people["administrator of a"]
    draft_id = scheduled(own_hub, who, audience={"clinics": ["a1", "a2"]}, due_s=1)
    statement(
        own_hub, "UPDATE scope_ancestors SET valid_to_version = 1000 WHERE scope_id = :id", id=people.scopes["a1"].id
    )
    drafting.release(engine)
    assert own_hub.rows("SELECT scope_id FROM message_targets") == [(people.scopes["a2"].id,)]
    draft = drafting.get(own_hub, who, draft_id)
    assert (draft["state"], draft["detail"]) == ("released", "Left out, because they were closed: a1.")


def test_what_is_too_late_is_missed_and_can_be_sent_by_hand(own_hub: Hub, people: World, engine: Engine) -> None:
    who = people["administrator of a"]
    draft_id = scheduled(own_hub, who, due_s=3601)
    drafting.release(engine)
    draft = drafting.get(own_hub, who, draft_id)
    assert (draft["state"], draft["reason"]) == ("missed", "too-late")
    assert own_hub.rows("SELECT outcome, reason FROM audit_events WHERE action = 'draft' AND reason IS NOT NULL") == [
        ("missed", "too-late")
    ]
    assert drafting.call(own_hub, who, draft_id, "send").status_code == 202
    assert states(own_hub) == {draft_id: "released"}


def test_what_would_have_expired_is_missed(own_hub: Hub, people: World, engine: Engine) -> None:
    draft_id = scheduled(own_hub, people["administrator of a"], expires_at=drafting.in_time(hours=2), due_s=1)
    statement(own_hub, """UPDATE drafts SET content = content || '{"expires_at": "2026-01-01T00:00:00Z"}'""")
    drafting.release(engine)
    assert own_hub.rows("SELECT id::text, state, reason FROM drafts") == [(draft_id, "missed", "expires-too-early")]


def multiply(hub: Hub, draft_id: str, count: int) -> None:
    """So many more scheduled drafts like this one, each made after the one before."""
    statement(
        hub,
        """
        INSERT INTO drafts (id, platform_id, author_id, sender_id, content, scope_ids, state, send_at, not_after)
        SELECT uuidv7(), platform_id, author_id, sender_id, content, scope_ids, state, send_at, not_after
        FROM drafts, generate_series(1, :count) WHERE id = :id
        """,
        id=draft_id,
        count=count,
    )


def test_500_drafts_of_one_second_are_released_in_their_order_and_their_lateness_is_measured(
    own_hub: Hub, people: World, engine: Engine
) -> None:
    multiply(own_hub, scheduled(own_hub, people["administrator of a"], due_s=5), 499)
    first = scheduled(own_hub, people["administrator of a1"], due_s=60)
    made = releaser.Releaser(engine, lambda _item: None, draft_content.read_content)
    registry = prometheus_client.CollectorRegistry()
    made.register(registry)
    made.release_due()
    sent = own_hub.rows("SELECT id::text FROM messages ORDER BY sent_at")
    assert len(sent) == 501
    assert sent == [(first,), *own_hub.rows("SELECT id::text FROM drafts WHERE id <> :id ORDER BY id", id=first)]
    name = "message_hub_release_lateness_seconds"
    assert registry.get_sample_value(f"{name}_count") == 501
    assert (registry.get_sample_value(f"{name}_sum") or 0) > 500 * 5
    assert registry.get_sample_value(f"{name}_bucket", {"le": "2.5"}) == 0


def test_finding_what_is_due_does_not_read_what_waits(own_hub: Hub, people: World, engine: Engine) -> None:
    multiply(own_hub, scheduled(own_hub, people["administrator of a"]), 20_000)
    for _ in range(2):
        scheduled(own_hub, people["administrator of a1"], due_s=1)
    statement(own_hub, "ANALYZE drafts")
    with statements.rows_read() as read, db.autocommit(engine) as connection:
        assert store.get_wait(connection) is not None
        assert store.claim(connection, skipped_platforms=[]) is not None
    assert max(read) < 20


def test_two_releasers_release_everything_once_and_in_order(own_hub: Hub, people: World, engine: Engine) -> None:
    who = people["administrator of a"]
    ids = [scheduled(own_hub, who, due_s=60 - number) for number in range(30)]
    found: list[releases.Outcome] = []

    def run() -> None:
        while len(found) < len(ids):
            found.extend(drafting.release(engine))

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert all(isinstance(outcome, releases.Released) for outcome in found)
    assert len(found) == len(ids)
    assert [str(one) for (one,) in own_hub.rows("SELECT id FROM messages ORDER BY sent_at")] == ids


def test_a_draft_that_somebody_changes_right_now_is_released_a_little_later(
    own_hub: Hub, people: World, engine: Engine
) -> None:
    who = people["administrator of a"]
    locked, other = scheduled(own_hub, who, due_s=2), scheduled(own_hub, who, due_s=1)
    with own_hub.owner.begin() as connection:
        connection.execute(text("SELECT FROM drafts WHERE id = :id FOR UPDATE"), {"id": locked})
        assert len(drafting.release(engine)) == 1
        assert states(own_hub) == {locked: "scheduled", other: "released"}
    assert len(drafting.release(engine)) == 1


def test_whoever_changes_or_cancels_it_too_late_gets_the_message(own_hub: Hub, people: World, engine: Engine) -> None:
    who = people["administrator of a"]
    draft_id = scheduled(own_hub, who, due_s=1)
    before = own_hub.call("GET", f"/v1/drafts/{draft_id}", who)
    drafting.release(engine)
    for answer in (
        drafting.change(own_hub, who, before, title="x"),
        own_hub.call("DELETE", f"/v1/drafts/{draft_id}", who),
        drafting.call(own_hub, who, draft_id, "unschedule"),
        drafting.call(own_hub, who, draft_id, "schedule", send_at=drafting.in_time(hours=1)),
        drafting.call(own_hub, who, draft_id, "send"),
    ):
        assert answers.problem(answer, "already-released")["message_id"] == draft_id


def test_while_releases_are_on_hold_people_can_still_send(own_hub: Hub, people: World, engine: Engine) -> None:
    who = people["administrator of a"]
    held, sent = scheduled(own_hub, who, due_s=1), scheduled(own_hub, who, due_s=1)
    statement(own_hub, "UPDATE draft_hold SET held_at = now()")
    assert releases.get_wait(engine) is None
    assert drafting.release(engine) == []
    assert drafting.call(own_hub, who, sent, "send").status_code == 202
    assert states(own_hub) == {held: "scheduled", sent: "released"}
    statement(own_hub, "UPDATE draft_hold SET held_at = NULL")
    assert len(drafting.release(engine)) == 1


class BrokenError(Exception):
    pass


@pytest.mark.parametrize("step", ["before the message", "after the message"])
@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (psycopg.errors.AdminShutdown(), "scheduled"),
        (psycopg.errors.LockNotAvailable(), "scheduled"),
        (BrokenError(), "failed"),
    ],
    ids=["server stops", "lock", "fault"],
)
def test_an_error_leaves_no_message_and_keeps_no_other_platform_waiting(
    own_hub: Hub,
    people: World,
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    error: Exception,
    expected: str,
) -> None:
    """One that passes is tried again; any other would come back each second."""
    bad = scheduled(own_hub, people["administrator of a"], due_s=9)
    good = scheduled(own_hub, people["administrator of x's platform"], audience=EVERYONE, due_s=1)
    insert = message_store.insert_message

    def failing(connection: Any, *, new: Any, choice: Any) -> Any:
        if str(new.message_id) != bad:
            return insert(connection, new=new, choice=choice)
        if step == "after the message":
            insert(connection, new=new, choice=choice)
        raise error

    monkeypatch.setattr(message_store, "insert_message", failing)
    published: list[Any] = []
    releaser.Releaser(engine, published.append, draft_content.read_content).release_due()
    assert states(own_hub) == {bad: expected, good: "released"}
    assert [str(one) for (one,) in own_hub.rows("SELECT id FROM messages")] == [good]
    assert [one.message_id for one in published if isinstance(one, contracts.ExpandMessage)] == [good]
    monkeypatch.undo()
    if expected == "scheduled":
        drafting.release(engine)
        assert states(own_hub) == {bad: "released", good: "released"}


def test_a_clock_that_is_wrong_neither_releases_early_nor_fails(own_hub: Hub, people: World, engine: Engine) -> None:
    """The known good time counts while the clock is more than a week from it; and no message is accepted then."""
    who = people["administrator of a"]
    later, due = scheduled(own_hub, who), scheduled(own_hub, who, due_s=1)
    statement(own_hub, "UPDATE known_time SET known_good = now() - interval '8 days'")
    assert drafting.release(engine) == []
    statement(own_hub, "UPDATE known_time SET known_good = now() + interval '8 days'")
    statement(
        own_hub, "UPDATE drafts SET send_at = send_at + interval '8 days', not_after = not_after + interval '8 days'"
    )
    assert [type(outcome) for outcome in [releases.release_next(engine, read=draft_content.read_content)]] == [
        releases.Postponed
    ]
    statement(own_hub, "UPDATE known_time SET known_good = now()")
    statement(
        own_hub, "UPDATE drafts SET send_at = send_at - interval '8 days', not_after = not_after - interval '8 days'"
    )
    assert len(drafting.release(engine)) == 1
    assert states(own_hub) == {later: "scheduled", due: "released"}


def test_the_releaser_waits_at_most_a_second_and_no_longer_than_the_next_draft(
    own_hub: Hub, people: World, engine: Engine
) -> None:
    made = releaser.Releaser(engine, lambda _item: None, draft_content.read_content)
    assert made.release_due() == 1
    who = people["administrator of a"]
    draft_id = scheduled(own_hub, who)
    assert made.release_due() == 1
    drafting.make_due(own_hub.owner, draft_id, seconds=-0.6)
    assert 0 < made.release_due() < 0.6
    drafting.make_due(own_hub.owner, draft_id, seconds=1)
    made.release_due()
    assert states(own_hub) == {draft_id: "released"}


def test_a_process_that_stops_releases_nothing_any_more(
    own_hub: Hub, people: World, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft_id = scheduled(own_hub, people["administrator of a"], due_s=1)
    monkeypatch.setattr(draining, "is_on", lambda: True)
    releaser.Releaser(engine, lambda _item: None, draft_content.read_content).release_due()
    assert states(own_hub) == {draft_id: "scheduled"}


def test_old_drafts_are_deleted_when_new_ones_are_made(own_hub: Hub, people: World) -> None:
    who = people["administrator of a"]
    old, ended = scheduled(own_hub, who), scheduled(own_hub, who)
    kept = str(drafting.create(own_hub, who).get_json()["id"])
    for draft_id in (old, ended):
        own_hub.call("DELETE", f"/v1/drafts/{draft_id}", who)
    statement(
        own_hub,
        "UPDATE drafts SET ended_at = now() - interval '91 days', created_at = '2020-01-01' WHERE id = :id",
        id=old,
    )
    statement(own_hub, "UPDATE drafts SET created_at = '2020-01-01', updated_at = '2020-01-01' WHERE id = :id", id=kept)
    new = str(drafting.create(own_hub, who).get_json()["id"])
    assert states(own_hub) == {ended: "cancelled", kept: "draft", new: "draft"}


def test_new_rules_of_a_time_zone_move_what_is_scheduled_by_local_time(
    own_hub: Hub, people: World, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = people["administrator of a"]
    by_moment, local = scheduled(own_hub, who), scheduled(own_hub, who)
    wanted = {"local": f"{datetime.now(UTC).year + 1}-01-01T09:00", "time_zone": "Europe/London"}
    before = drafting.call(own_hub, who, local, "schedule", **wanted).get_json()
    others = drafting.get(own_hub, who, by_moment)
    releases.resolve_again(engine)
    assert drafting.get(own_hub, who, local) == before
    resolve = local_times.resolve
    monkeypatch.setattr(local_times, "resolve", lambda at, _zone: resolve(at, "Europe/Paris"))
    releases.resolve_again(engine)
    draft = drafting.get(own_hub, who, local)
    year = wanted["local"][:4]
    assert draft["send_at"] == f"{year}-01-01T08:00:00.000000Z"
    assert draft["not_after"] == f"{year}-01-01T09:00:00.000000Z"
    assert drafting.get(own_hub, who, by_moment) == others
    ((detail,),) = own_hub.rows(
        "SELECT detail FROM audit_events WHERE outcome = 'changed' AND message_id = :id", id=local
    )
    assert detail == f"for {year}-01-01T08:00:00+00:00, by new rules of Europe/London"
