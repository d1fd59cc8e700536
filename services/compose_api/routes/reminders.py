"""Reminding of an acknowledgement. What else there is about sent messages is at the inbox API."""

from typing import Any

import flask

from services.compose_api import content_schemas, publisher, schemas
from services.compose_api.actions import reminders as actions
from services.compose_api.routes import audited
from shared.web import app as frame
from shared.web import guards, ids, request_log

blueprint = frame.Blueprint("reminders", __name__, description="Remind of what is to be acknowledged.")


@blueprint.route(
    "/v1/sent-messages/<message_id>/acknowledgements/remind",
    methods=["POST"],
    parameters=ids.path_id("Of the message."),
)
@audited.refusals("compose")
@guards.sending_administrator
@blueprint.arguments(content_schemas.ReminderIn)
@blueprint.response(
    202,
    schemas.MessageOut,
    description="Accepted: the reminder, a follow-up to those within your reach who have not acknowledged the message.",
    headers={"Location": {"schema": {"type": "string", "format": "uri-reference"}, "required": True}},
)
@blueprint.refuses(
    "not-found",
    "audience-out-of-reach",
    "recalled",
    "acknowledgement-not-requested",
    "message-expired",
    "no-recipients",
    "reminder-too-soon",
    "rate-limited",
)
@blueprint.doc(operationId="remindOfAcknowledgement")
def post_reminder(reminder: dict[str, Any], message_id: str) -> Any:
    """Remind those who have not acknowledged a message, once in 24 hours"""
    hub = flask.current_app.extensions["hub"]
    caller = guards.caller()
    message = actions.remind(
        hub.engine,
        caller=caller,
        message_id=ids.read_uuid(message_id, "message"),
        note=reminder.get("note"),
        origin=request_log.origin(),
        rate=hub.limiter.hit(caller, "send"),
    )
    publisher.submit_accepted(hub.publish, caller, message, request_log.request_id())
    return message, {"Location": f"/v1/messages/{message.id}"}
