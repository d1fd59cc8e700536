"""What is written past marshmallow is what the declared schemas would write."""

import dataclasses
import uuid
from datetime import UTC, datetime

from services.inbox_api import schemas
from services.inbox_api.actions import notifications, states
from services.inbox_api.store import inbox
from shared.web import json_response


def test_what_is_written_past_the_schemas_is_what_they_would_write() -> None:
    now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    notification = inbox.Notification(
        *(uuid.uuid4(), "Ünïcode ‮", "a\nb", "service", "important", None, now, False),
        *(inbox.Sender("Ann"), now, now.replace(microsecond=7), None, None),
    )
    feed = notifications.Feed((notification,), (), has_more=True, next_cursor="abc", unread_count=1, unseen_count=0)
    for schema, value in (
        (schemas.FeedOut, feed),
        (schemas.NotificationOut, notification),
        (schemas.CountsOut, inbox.Counts(2, 1)),
        (schemas.ChangedOut, states.Changed(notification, 3, 2)),
    ):
        answer = json_response.write(value)
        assert answer.get_json() == schema().dump(value)
        assert list(answer.get_json()) == [field.name for field in dataclasses.fields(value)]
        assert answer.mimetype == "application/json"
