"""Drafts in tests: made, scheduled, and due before their time."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, text
from werkzeug.test import TestResponse

from services.compose_api import draft_content
from services.compose_api.actions import releases
from tests.compose_api.hub import Hub, Person

FULL: dict[str, Any] = {"title": "Notice", "body": "News.", "audience": {"clinics": ["a1"]}}


def in_time(**delta: float) -> str:
    return (datetime.now(UTC) + timedelta(**delta)).isoformat()


def create(hub: Hub, who: Person, **content: Any) -> TestResponse:
    answer = hub.call("POST", "/v1/drafts", who, json=content)
    assert answer.status_code == 201, answer.text
    return answer


def change(hub: Hub, who: Person, draft: TestResponse, **content: Any) -> TestResponse:
    path = draft.headers.get("Location", draft.request.path)
    return hub.call("PATCH", path, who, json=content, headers={"If-Match": draft.headers["ETag"]})


def call(hub: Hub, who: Person, draft_id: str, action: str, **body: Any) -> TestResponse:
    """POSTs to an action of a draft."""
    return hub.call("POST", f"/v1/drafts/{draft_id}/{action}", who, **({"json": body} if body else {}))


def get(hub: Hub, who: Person, draft_id: str) -> dict[str, Any]:
    return dict(hub.call("GET", f"/v1/drafts/{draft_id}", who).get_json())


def scheduled(hub: Hub, who: Person, *, due_s: float | None = None, **content: Any) -> str:
    """The id of a draft that is scheduled for the next hour, or that has been due for `due_s` seconds."""
    draft_id = str(create(hub, who, **{**FULL, **content}).get_json()["id"])
    answer = call(hub, who, draft_id, "schedule", send_at=in_time(hours=1))
    assert answer.status_code == 200, answer.text
    if due_s is not None:
        make_due(hub.owner, draft_id, seconds=due_s)
    return draft_id


def make_due(owner: Engine, draft_id: str, *, seconds: float) -> None:
    """Moves the time of sending, and the end, back so that it passed `seconds` ago."""
    with owner.begin() as connection:
        connection.execute(
            text("""
                UPDATE drafts SET not_after = not_after - (send_at - clock_timestamp()) - make_interval(secs => :seconds),
                                  send_at = clock_timestamp() - make_interval(secs => :seconds)
                WHERE id = :id
            """),
            {"id": draft_id, "seconds": seconds},
        )


def release(engine: Engine) -> list[releases.Outcome]:
    """Releases what is due, as the releaser does."""
    outcomes = []
    while (outcome := releases.release_next(engine, read=draft_content.read_content)) is not None:
        outcomes.append(outcome)
    return outcomes


def read_by_all(hub: Hub, message_id: str) -> None:
    """All people of the platform have read the message."""
    with hub.owner.begin() as connection:
        connection.execute(
            text("""
                INSERT INTO inbox_states (user_id, sent_at, message_id, seen_at, read_at, first_read_at)
                SELECT u.id, m.sent_at, m.id, now(), now(), now() FROM messages m JOIN users u ON u.platform_id = m.platform_id
                WHERE m.id = :id
            """),
            {"id": message_id},
        )
