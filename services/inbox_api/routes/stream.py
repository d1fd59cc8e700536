"""The live stream in the OpenAPI document. It is served by services/inbox_api/stream, a process of its own."""

import flask

from shared.web import app as frame
from shared.web import guards

blueprint = frame.Blueprint("stream", __name__, description="What happens under the bell, as it happens.")

_EVENTS = """An event stream that stays open. Its events:

- `ready`: from here on the stream is live; data: the counts, as of `/v1/notifications/counts`
- `notification`: one has arrived, or arrived since Last-Event-ID; data: as of `/v1/notifications/{message_id}`
- `recalled`: the notification `id` is gone; data: `{"id": …}`
- `sync`: more has happened than is sent one by one: ask `/v1/notifications`
- `expired`: the notification `id` has passed its `expires_at` and left the bell; data: `{"id": …}`

A comment comes every 15 seconds. A notification may come more than once and is known by its id. The stream ends with its token: come
back with a new one."""
_EVENT = {
    "type": "object",
    "description": "One event.",
    "properties": {
        "event": {"type": "string", "enum": ["ready", "notification", "recalled", "expired", "sync"]},
        "id": {"type": "string", "description": "Send it as Last-Event-ID.", "pattern": "^[A-Za-z0-9_.-]+$"},
        "data": {"type": "string", "contentMediaType": "application/json"},
    },
    "required": ["event", "data"],
}
_LAST_EVENT_ID = {
    "in": "header",
    "name": "Last-Event-ID",
    "schema": {"type": "string"},
    "description": "The `id` of the last event received: what came after it is sent first.",
}


# `build_only`: documented here, never matched.
@blueprint.route("/v1/notifications/stream", build_only=True)
@guards.user
@blueprint.response(200, _EVENT, content_type="text/event-stream", description=_EVENTS)
@blueprint.refuses("bad-cursor")
@blueprint.doc(operationId="streamNotifications", parameters=[_LAST_EVENT_ID])
def get_stream() -> flask.Response:
    """Notifications as they arrive, as server-sent events

    503 when as many streams are open as the process serves, or as one user may have.
    """
    raise NotImplementedError
