"""What is stored of an accepted message, and that nothing is stored of any other."""

import re
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
import structlog

from services.compose_api.store import audiences
from services.compose_api.store import messages as store
from shared import contracts
from tests import factories, statements
from tests.compose_api.hub import EVERYONE, Hub, World
from tests.shared import answers

TABLES = ("messages", "message_targets", "message_visibility", "message_words", "inflight_targets", "audit_events")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def ids(world: World, *names: str) -> list[int]:
    return [world.scopes[name].id for name in names]


def test_the_answer_is_the_whole_message(hub: Hub, world: World) -> None:
    answer = hub.send(
        world["administrator of a"],
        {"clinics": ["a2", "a1"]},
        title=" e\u0301 ",
        body="one\r\ntwo\n https://example.org ",
    )
    assert answer.status_code == 202
    assert answer.mimetype == "application/json"
    message = answer.get_json()
    assert answer.headers["Location"] == f"/v1/messages/{message['id']}"
    assert "Idempotency-Replayed" not in answer.headers
    assert uuid.UUID(message.pop("id")).version == 7
    created_at, sent_at = message.pop("created_at"), message.pop("sent_at")
    assert TIME.fullmatch(created_at)
    assert TIME.fullmatch(sent_at)
    age = datetime.now(UTC) - datetime.fromisoformat(sent_at)
    assert abs(age.total_seconds()) < 10
    assert message == {
        "title": "é",
        "body": "one\ntwo\n https://example.org",
        "audience": {"organisations": [], "clinics": ["a2", "a1"]},
        "sender": {"id": "administrator-of-a", "name": "administrator of a"},
        "status": "queued",
        "recipient_count": None,
        "delivered_count": 0,
        "completed_at": None,
        "recalled_at": None,
        "recalled_by": None,
        "category": None,
        "priority": "normal",
        "pinned_until": None,
        "expires_at": None,
        "expired": False,
        "entries_dropped": False,
        "follows": None,
        "only": None,
        "acknowledgement": None,
        "supersedes": None,
        "superseded_at": None,
        "superseded_by": None,
        "change_summary": None,
    }


def test_the_row_holds_what_was_sent_by_whom_and_as_of_which_directory(hub: Hub, own_world: World) -> None:
    who = own_world["administrator of a"]
    headers = {"X-Request-ID": "request-of-this-test", "Idempotency-Key": "k"}
    message = {"title": "Notice", "body": "News.", "audience": {"organisations": ["a"]}}
    answer = hub.call("POST", "/v1/messages", who, json=message, headers=headers)
    ((version,),) = hub.rows("SELECT directory_version FROM platforms WHERE id = :id", id=own_world.platform.id)
    (row,) = hub.rows(
        """SELECT sender_id, title, body, directory_version, request_id, idempotency_key, status, recipient_count,
                  recalled_at, completed_at, expand_published_at, expand_attempts, sent_at >= created_at
           FROM messages WHERE platform_id = :id""",
        id=own_world.platform.id,
    )
    assert row == (
        *(who.user.id, "Notice", "News.", version, "request-of-this-test", "k", "queued"),
        *(None, None, None, None, 0, True),
    )
    assert hub.published.contracts == [
        contracts.ExpandMessage(message_id=answer.get_json()["id"], request_id="request-of-this-test")
    ]
    ((created_at,),) = hub.rows("SELECT created_at FROM messages WHERE platform_id = :id", id=own_world.platform.id)
    assert hub.published.contracts[0].published_at == created_at


# chosen → the scopes that are targets, in the order of the choice; those that only contain them
@pytest.mark.parametrize(
    ("audience", "targets", "above"),
    [
        (EVERYONE, ["platform"], []),
        ({"organisations": ["a"]}, ["a"], ["platform"]),
        ({"organisations": ["b", "a"]}, ["b", "a"], ["platform"]),
        ({"clinics": ["a2"]}, ["a2"], ["a", "platform"]),
        ({"clinics": ["b1", "a2", "a1"]}, ["b1", "a2", "a1"], ["a", "b", "platform"]),
        ({"clinics": ["a1", "b1"], "organisations": ["a"]}, ["a", "a1", "b1"], ["b", "platform"]),
    ],
    ids=str,
)
def test_targets_visibility_and_flight_follow_from_the_choice(
    hub: Hub, world: World, audience: Any, targets: list[str], above: list[str]
) -> None:
    message = hub.sent(world["platform administrator"], audience)
    found = hub.rows(
        "SELECT position, scope_id FROM message_targets WHERE message_id = :id ORDER BY position",
        id=message["id"],
    )
    assert found == list(enumerate(ids(world, *targets), start=1))
    visible = dict(
        hub.rows("SELECT scope_id, is_target FROM message_visibility WHERE message_id = :id", id=message["id"])
    )
    assert visible == {**dict.fromkeys(ids(world, *above), False), **dict.fromkeys(ids(world, *targets), True)}
    in_flight = hub.rows("SELECT scope_id FROM inflight_targets WHERE message_id = :id", id=message["id"])
    assert sorted(in_flight) == sorted((id_,) for id_ in ids(world, *targets))


def test_visibility_carries_the_time_of_its_message(hub: Hub, world: World) -> None:
    message = hub.sent(world["platform administrator"], {"clinics": ["a1", "b1"]})
    times = hub.rows(
        """SELECT DISTINCT m.sent_at = v.sent_at FROM messages m JOIN message_visibility v ON v.message_id = m.id
           WHERE m.id = :id""",
        id=message["id"],
    )
    assert times == [(True,)]


def test_the_directory_version_is_the_one_the_scopes_were_found_in(hub: Hub, own_world: World) -> None:
    for _ in range(2):
        with hub.owner.begin() as connection:
            version = factories.bump_version(connection, own_world.platform.id)
        message = hub.sent(own_world["platform administrator"])
        assert hub.rows("SELECT directory_version FROM messages WHERE id = :id", id=message["id"]) == [(version,)]


def test_two_messages_without_a_key_are_two_messages(hub: Hub, world: World) -> None:
    who = world["platform administrator"]
    assert hub.sent(who)["id"] != hub.sent(who)["id"]
    assert len(hub.published.contracts) == 2


def test_a_failure_half_way_leaves_nothing_and_tells_nothing(
    hub: Hub, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = [hub.rows(f"SELECT count(*) FROM {table}") for table in TABLES]
    insert = store._insert(follows=False, asks=False, supersedes=False)
    failing = f"{insert} WHERE 'hunter2' <> '' AND 1 / (length(CAST(id AS text)) - 36) = 1"
    monkeypatch.setattr(store, "_insert", lambda **_kind: failing)
    with structlog.testing.capture_logs() as logged:
        answer = hub.send(world["platform administrator"], key="half-way")
    assert [line["event"] for line in logged if line["log_level"] == "error"] == ["a request failed"]
    answers.problem(answer, "internal-error")
    assert "hunter2" not in answer.text
    assert "DivisionByZero" not in answer.text
    assert [hub.rows(f"SELECT count(*) FROM {table}") for table in TABLES] == before
    assert not hub.published.contracts
    monkeypatch.undo()
    hub.sent(world["platform administrator"], key="half-way")


def test_text_that_looks_like_sql_or_a_bind_is_only_text(hub: Hub, world: World) -> None:
    text = "'; DROP TABLE messages; -- %s :id $1 {0} \\ \" <b>"
    message = hub.sent(world["platform administrator"], title=text, body=text)
    assert (message["title"], message["body"]) == (text, text)
    assert hub.rows("SELECT title, body FROM messages WHERE id = :id", id=message["id"]) == [(text, text)]


@pytest.mark.parametrize(
    ("request_", "count"),
    [
        ({}, 3),  # caller, choice, message with all that belongs to it
        ({"key": "statements"}, 4),  # and the key, before the choice
        ({"audience": {"clinics": ["a1", "a2", "b1"], "organisations": ["a", "b"]}}, 3),
    ],
    ids=["everyone", "with a key", "many scopes"],
)
def test_accepting_takes_a_fixed_number_of_statements(
    hub: Hub, world: World, request_: dict[str, Any], count: int
) -> None:
    with statements.counted() as sent:
        hub.sent(world["platform administrator"], **request_)
    assert len(sent) == count, sent


def test_one_statement_writes_everything_so_the_lock_is_held_for_no_round_trip(hub: Hub, world: World) -> None:
    with statements.counted() as sent:
        hub.sent(world["platform administrator"], key="lock-last")
    assert ["INSERT" in statement for statement in sent] == [False] * (len(sent) - 1) + [True]


def test_a_directory_that_changes_meanwhile_is_looked_up_again(
    hub: Hub, own_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    who, platform = own_world["platform administrator"], own_world.platform
    look_up, changes = audiences.get_choice, [factories.bump_version, factories.end_scope]

    def look_up_and_change(*args: Any, **kwargs: Any) -> Any:
        found = look_up(*args, **kwargs)
        if changes:
            with hub.owner.begin() as connection:
                change = changes.pop(0)
                change(connection, platform.id if change is factories.bump_version else own_world.scopes["a1"])
        return found

    monkeypatch.setattr(audiences, "get_choice", look_up_and_change)
    answers.problem(hub.send(who, {"clinics": ["a1"]}), "validation-failed")
    assert hub.count_messages(platform) == 0
    message = hub.sent(who, {"clinics": ["a2"]})
    ((version, now),) = hub.rows(
        "SELECT m.directory_version, p.directory_version FROM messages m JOIN platforms p ON p.id = m.platform_id WHERE m.id = :id",
        id=message["id"],
    )
    assert version == now


def test_a_directory_that_changes_again_and_again_answers_unavailable(
    hub: Hub, own_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_up = audiences.get_choice

    def look_up_and_change(*args: Any, **kwargs: Any) -> Any:
        found = look_up(*args, **kwargs)
        with hub.owner.begin() as connection:
            factories.bump_version(connection, own_world.platform.id)
        return found

    monkeypatch.setattr(audiences, "get_choice", look_up_and_change)
    answers.problem(hub.send(own_world["platform administrator"], {"clinics": ["a1"]}), "unavailable")
    assert hub.count_messages(own_world.platform) == 0
