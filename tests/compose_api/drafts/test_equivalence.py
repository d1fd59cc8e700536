"""A released draft is what the same POST at that moment would have been: the same rows, the same answer, or the same refusal."""

import json
from datetime import timedelta
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from services.compose_api import draft_content, draft_schemas
from services.compose_api.actions import releases
from services.compose_api.store import drafts as store
from tests import examples
from tests.compose_api.drafts import drafting
from tests.compose_api.hub import EVERYONE, Hub, World

SENDERS = ["platform administrator", "administrator of a", "administrator of a1", "administrator of a1 and b", "member"]
AUDIENCES = [EVERYONE, {"organisations": ["a"]}, {"clinics": ["a1"]}, {"clinics": ["a2", "a1"], "organisations": ["b"]}]
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=60).map(
    "a".__add__
)
CONTENT = st.fixed_dictionaries(
    {"title": TEXTS, "body": TEXTS, "audience": st.sampled_from(AUDIENCES)},
    optional={
        "category": st.sampled_from(["service", "other", "unknown", None]),
        "priority": st.sampled_from(["normal", "important"]),
        "pinned_until": st.sampled_from([drafting.in_time(days=days) for days in (-1, 2, 40)]),
        "expires_at": st.sampled_from([drafting.in_time(days=days) for days in (-1, 2, 900)]),
        "acknowledgement": st.fixed_dictionaries(
            {},
            optional={
                "statement": TEXTS,
                "due_in_days": st.sampled_from([1, 30]),
                "remind_days_before": st.lists(st.integers(0, 40), max_size=2, unique=True),
            },
        )
        | st.sampled_from([{"due_at": drafting.in_time(days=days)} for days in (-1, 2, 366)]),
    },
)
# What tells two messages of the same content and sender apart.
OWN = {"id", "created_at", "sent_at", "request_id"}
RELATED = {
    "message_targets": "SELECT position, scope_id FROM message_targets WHERE message_id = :id ORDER BY position",
    "message_visibility": "SELECT scope_id, is_target, directory_version FROM message_visibility WHERE message_id = :id ORDER BY 1",
    "message_words": "SELECT words::text FROM message_words WHERE message_id = :id",
    "inflight_targets": "SELECT scope_id FROM inflight_targets WHERE message_id = :id ORDER BY 1",
    "acknowledgement_steps": """
        SELECT s.kind, m.due_at - s.at FROM acknowledgement_steps s JOIN messages m ON m.id = s.message_id
        WHERE m.id = :id ORDER BY s.at, s.kind
    """,
    "audit_events": "SELECT action, outcome, user_id, platform_id FROM audit_events WHERE message_id = :id AND action = 'compose'",
}


def rows_of(hub: Hub, message_id: str) -> dict[str, Any]:
    with hub.owner.connect() as connection:
        row = connection.execute(text("SELECT * FROM messages WHERE id = :id"), {"id": message_id}).mappings().one()
        found: dict[str, Any] = {"messages": {name: value for name, value in row.items() if name not in OWN}}
        if row["due_at"] is not None:
            # Of a due date that was given as days: how long after it was sent.
            after = row["due_at"] - row["sent_at"]
            found["messages"]["due_at"] = row["due_at"] if after % timedelta(days=1) else after
        for table, sql in RELATED.items():
            found[table] = [tuple(one) for one in connection.execute(text(sql), {"id": message_id})]
    return found


def keep(hub: Hub, world: World, sender: str, content: dict[str, Any]) -> str:
    """A scheduled draft that is due, past the checks at scheduling: its world may have changed since."""
    loaded = draft_schemas.DraftIn().load(content)
    with hub.owner.begin() as connection:
        return str(
            connection.execute(
                text("""
                    INSERT INTO drafts (id, platform_id, author_id, sender_id, content, scope_ids, state, send_at, not_after)
                    VALUES (uuidv7(), :platform, :user, :user, CAST(:content AS jsonb), '{}', 'scheduled', now(), now() + interval '1 h')
                    RETURNING id
                """),
                {
                    "platform": world.platform.id,
                    "user": world[sender].user.id,
                    "content": json.dumps(loaded.apply({})),
                },
            ).scalar_one()
        )


@pytest.fixture
def released(own_hub: Hub, people: World, engine: Engine) -> Any:
    def release(sender: str, content: dict[str, Any]) -> tuple[str, releases.Outcome | None]:
        draft_id = keep(own_hub, people, sender, content)
        return draft_id, releases.release_next(engine, read=draft_content.read_content)

    return release


@examples.settings(60)
@hypothesis.given(sender=st.sampled_from(SENDERS), content=CONTENT)
def test_a_released_draft_is_the_same_post_at_that_moment(
    own_hub: Hub, people: World, released: Any, sender: str, content: dict[str, Any]
) -> None:
    posted = own_hub.call("POST", "/v1/messages", people[sender], json=content)
    draft_id, outcome = released(sender, content)
    if posted.status_code == 202:
        assert isinstance(outcome, releases.Released)
        assert rows_of(own_hub, draft_id) == rows_of(own_hub, posted.get_json()["id"])
    else:
        assert isinstance(outcome, store.Ending)
        assert outcome.reason == posted.get_json()["code"]
        assert own_hub.rows("SELECT FROM messages WHERE id = :id", id=draft_id) == []


@examples.settings(20)
@hypothesis.given(content=CONTENT)
def test_a_draft_that_is_sent_by_hand_is_the_same_post_too(
    own_hub: Hub, people: World, content: dict[str, Any]
) -> None:
    who = people["administrator of a1 and b"]
    posted = own_hub.call("POST", "/v1/messages", who, json=content)
    made = own_hub.call("POST", "/v1/drafts", who, json=content)
    if made.status_code != 201:
        assert made.get_json()["code"] == "audience-out-of-reach"
        assert posted.status_code in (403, 422)
        return
    sent = drafting.call(own_hub, who, made.get_json()["id"], "send")
    assert sent.status_code == posted.status_code
    if posted.status_code != 202:
        assert sent.get_json()["code"] == posted.get_json()["code"]
        return
    answer, expected = sent.get_json(), posted.get_json()
    for message in (answer, expected):
        if message["acknowledgement"]:
            message["acknowledgement"]["due_at"] = None
    assert {**answer, **dict.fromkeys(OWN)} == {**expected, **dict.fromkeys(OWN)}
    assert rows_of(own_hub, answer["id"]) == rows_of(own_hub, expected["id"])


@pytest.mark.parametrize("recalled", [False, True])
def test_a_released_correction_is_the_same_post_too(own_hub: Hub, people: World, released: Any, recalled: bool) -> None:
    who = people["administrator of a"]
    first, second = (own_hub.sent(who, {"clinics": ["a1"]})["id"] for _ in range(2))
    if recalled:
        for message_id in (first, second):
            own_hub.recall(who, message_id)
    content = {**drafting.FULL, "change_summary": "Another telephone number."}
    posted = own_hub.call("POST", "/v1/messages", who, json={**content, "supersedes": first})
    draft_id, outcome = released("administrator of a", {**content, "supersedes": second})
    if recalled:
        assert (posted.get_json()["code"], outcome.reason) == ("recalled", "recalled")
        return
    rows, expected = rows_of(own_hub, draft_id), rows_of(own_hub, posted.get_json()["id"])
    assert [str(found["messages"].pop("supersedes")) for found in (rows, expected)] == [second, first]
    for found in (rows, expected):
        del found["messages"]["request_hash"]
    assert rows == expected
    superseded = "SELECT count(*) FROM messages WHERE superseded_at IS NOT NULL AND id = ANY(CAST(:ids AS uuid[]))"
    assert own_hub.rows(superseded, ids=[first, second]) == [(2,)]
