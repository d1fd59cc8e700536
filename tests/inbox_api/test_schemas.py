"""What is written past marshmallow is what the declared schemas would write."""

import dataclasses
import uuid
from datetime import UTC, datetime

from services.inbox_api import schemas
from services.inbox_api.actions import notifications, states
from services.inbox_api.store import counts
from services.inbox_api.store import notifications as store
from shared.web import json_response


def test_what_is_written_past_the_schemas_is_what_they_would_write() -> None:
    now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    notification = store.Notification(
        *(uuid.uuid4(), "Ünïcode ‮", "a\nb", "service", "important", None, now, False),
        *(store.Sender("Ann"), now, now.replace(microsecond=7), None, None),
        store.Acknowledgement("I have read it.", now, True, None, f"sha256:{'0' * 64}"),
        *(uuid.uuid4(), "The fee has changed.", False),
    )
    feed = notifications.Feed((notification,), (), (notification,), True, "abc", 1, 0, 1)
    for schema, value in (
        (schemas.FeedOut, feed),
        (schemas.NotificationOut, notification),
        (schemas.CountsOut, counts.Counts(2, 1, 1)),
        (schemas.ChangedOut, states.Changed(notification, 3, 2, 1)),
        (schemas.AcknowledgedOut, states.Acknowledged(notification, 3, 2, 1, now)),
    ):
        answer = json_response.write(value)
        assert answer.get_json() == schema().dump(value)
        assert list(answer.get_json()) == [field.name for field in dataclasses.fields(value)]
        assert answer.mimetype == "application/json"
