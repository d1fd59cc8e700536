"""The live stream: lets a user in as any route does; the event loop goes on from there (services/inbox_api/stream)."""

import flask

from services.inbox_api import routes
from services.inbox_api.stream import actions, entrance, events
from shared import errors
from shared.auth import tokens
from shared.web import app as frame
from shared.web import guards

blueprint = frame.Blueprint("stream", __name__, description="What happens under the bell, as it happens.")

_EVENTS = """An event stream that stays open. Its events:

- `ready`: from here on the stream is live; data: the counts, as of `/v1/notifications/counts`
- `notification`: one has arrived, or arrived since Last-Event-ID; data: as of `/v1/notifications/{message_id}`
- `recalled`: the notification `id` is gone; data: `{"id": …}`
- `sync`: more has happened than is told one by one: ask `/v1/notifications`
- `expired`: the token has expired, the stream ends; come back with a new one

A comment comes every 15 seconds when there is nothing else. A notification may come more than once and is known by its id."""
_EVENT = {
    "type": "object",
    "description": "One event.",
    "properties": {
        "event": {"type": "string", "enum": ["ready", "notification", "recalled", "sync", "expired"]},
        "id": {"type": "string", "description": "Send it as Last-Event-ID.", "pattern": "^[A-Za-z0-9_-]+$"},
        "data": {"type": "string", "contentMediaType": "application/json"},
    },
    "required": ["event", "data"],
}
_LAST_EVENT_ID = {
    "in": "header",
    "name": "Last-Event-ID",
    "schema": {"type": "string"},
    "description": "The `id` of the last event received: what came after it is told first.",
}


@blueprint.route("/v1/notifications/stream")
@guards.user
@blueprint.response(200, _EVENT, content_type="text/event-stream", description=_EVENTS)
@blueprint.refuses("bad-cursor", "not-found")
@blueprint.doc(operationId="streamNotifications", parameters=[_LAST_EVENT_ID])
def get_stream() -> flask.Response:
    """Notifications as they arrive, as server-sent events

    503 when as many streams are open as the process serves, or as one user may have; 404 where a process serves none: poll then.
    """
    way_in: entrance.Entrance | None = flask.request.environ.get(entrance.KEY)
    if way_in is None:
        raise errors.HubError("not-found", "No streams are served here. Ask /v1/notifications/counts now and then.")
    caller = guards.caller()
    way_in.check_room(platform_id=caller.platform_id, user_id=caller.user_id)
    arrival = actions.arrive(routes.engine(), caller=caller, last_event_id=flask.request.headers.get("Last-Event-ID"))
    way_in.admitted = entrance.Admitted(
        platform_id=caller.platform_id,
        user_id=caller.user_id,
        position=arrival.position,
        expires_at=tokens.expires_at(flask.request.headers["Authorization"].partition(" ")[2].strip()),
    )
    answer = flask.Response(events.first(arrival), content_type="text/event-stream")
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Vary"] = "Authorization"
    # A proxy that collects an answer before it passes it on would keep a stream to itself.
    answer.headers["X-Accel-Buffering"] = "no"
    return answer
