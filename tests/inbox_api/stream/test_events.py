"""Server-sent events, byte by byte."""

import json
import uuid
from datetime import UTC, datetime

from services.inbox_api import cursor
from services.inbox_api.store import counts, notifications
from services.inbox_api.stream import actions, events

POSITION = cursor.Position(datetime(2026, 11, 22, 18, 0, 0, 123456, tzinfo=UTC), uuid.UUID(int=7))
COUNTS = counts.Counts(3, 2, 1)


def notification(title: str = "A notice", body: str = "Read it.") -> notifications.Notification:
    return notifications.Notification(
        id=POSITION.message_id,
        title=title,
        body=body,
        category="service",
        priority="normal",
        pinned_until=None,
        expires_at=POSITION.sent_at,
        expired=False,
        sender=notifications.Sender("Ada"),
        sent_at=POSITION.sent_at,
        seen_at=None,
        read_at=None,
        archived_at=None,
        acknowledgement=None,
        supersedes=None,
        change_summary=None,
        superseded=False,
    )


def opening(missed: tuple[notifications.Notification, ...] | None, expired: tuple[uuid.UUID, ...]) -> actions.Opening:
    return actions.Opening(POSITION, POSITION.sent_at, 1, missed, expired, COUNTS)


def fields(event: bytes) -> dict[str, str]:
    assert event.endswith(b"\n\n")
    return dict(line.split(": ", 1) for line in event.decode().strip("\n").split("\n"))


def test_a_notification_is_one_line_of_json_under_its_cursor_whatever_stands_in_it() -> None:
    body = "First\nid: forged\n\nevent: forged\u2028\r\x0b\x85 über 🕘"
    event = events.notification(POSITION, notification(body=body))
    assert event.count(b"\n") == 4
    assert b"\r" not in event
    found = fields(event)
    assert (found["event"], found["id"]) == ("notification", cursor.encode(POSITION))
    assert json.loads(found["data"])["body"] == body
    assert json.loads(found["data"])["sent_at"] == "2026-11-22T18:00:00.123456Z"


def test_a_recall_names_its_message_and_moves_no_cursor() -> None:
    found = fields(events.recalled(POSITION.message_id))
    assert found == {"event": "recalled", "data": json.dumps({"id": str(POSITION.message_id)}, separators=(",", ":"))}


def test_a_stream_begins_with_what_was_missed_and_is_then_ready() -> None:
    text = events.first(opening(missed=(notification(),), expired=(uuid.UUID(int=9),))).decode()
    retry, missed, expired, ready, rest = text.split("\n\n")
    assert retry.startswith("retry: ")
    assert missed.startswith("event: notification\n")
    assert expired == 'event: expired\ndata: {"id":"00000000-0000-0000-0000-000000000009"}'
    assert fields(ready.encode() + b"\n\n") == {
        "event": "ready",
        "id": cursor.encode(POSITION),
        "data": '{"unread_count":3,"unseen_count":2,"to_acknowledge_count":1}',
    }
    assert rest == ""


def test_a_stream_that_missed_too_much_begins_with_a_sync() -> None:
    text = events.first(opening(missed=None, expired=())).decode()
    assert [line for line in text.splitlines() if line.startswith("event")] == ["event: sync", "event: ready"]


def test_an_event_that_says_all_with_its_name_carries_data_for_an_event_source_drops_one_without() -> None:
    assert fields(events.sync(POSITION))["data"] == "{}"
