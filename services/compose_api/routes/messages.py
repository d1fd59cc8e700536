"""Sending and recalling messages."""

from typing import Any

import flask

from services.compose_api import content_schemas, domain, metrics, publisher, schemas
from services.compose_api.actions import messages as actions
from services.compose_api.routes import audited, idempotency
from shared import contracts
from shared.web import app as frame
from shared.web import guards, ids, request_log

blueprint = frame.Blueprint("messages", __name__, description="Send a message, recall it.")

_HEADERS = {
    "Location": {
        "description": "Where this API knows the message; its history is at the inbox API's `/v1/sent-messages/{message_id}`.",
        "schema": {"type": "string", "format": "uri-reference"},
        "required": True,
    },
    **idempotency.response_header("message"),
}
_LINKS = {"recallMessage": {"operationId": "recallMessage", "parameters": {"message_id": "$response.body#/id"}}}


@blueprint.route("/v1/messages", methods=["POST"])
@audited.refusals("compose")
@guards.sending_administrator
@blueprint.arguments(content_schemas.MessageIn)
@blueprint.response(
    202, schemas.MessageOut, description="Accepted: it is in every recipient's bell from now on.", headers=_HEADERS
)
@blueprint.refuses(
    "audience-out-of-reach",
    "not-found",
    "recalled",
    "no-recipients",
    "acknowledgement-not-requested",
    "expires-too-early",
    "idempotency-key-reused",
    "rate-limited",
)
@blueprint.doc(
    operationId="sendMessage",
    responses={202: {"links": _LINKS}},
    parameters=[idempotency.parameter("message")],
)
def post_message(content: domain.Content) -> Any:
    """Send a message"""
    hub = flask.current_app.extensions["hub"]
    accepted = actions.accept_message(
        hub.engine,
        caller=guards.caller(),
        content=content,
        idempotency_key=idempotency.read_key(),
        origin=request_log.origin(),
        rate=hub.limiter.hit(guards.caller(), "send"),
    )
    headers = {"Location": f"/v1/messages/{accepted.message.id}"}
    if accepted.replayed:
        headers |= idempotency.replayed_header()
        metrics.REPEATED.labels("compose").inc()
    else:
        publisher.submit_accepted(hub.publish, guards.caller(), accepted.message, request_log.request_id())
    return accepted.message, headers


@blueprint.route("/v1/messages/<message_id>", methods=["DELETE"], parameters=ids.path_id("Of the message."))
@audited.refusals("recall")
@guards.user
@blueprint.response(200, schemas.MessageOut)
@blueprint.refuses("administrator-required", "audience-out-of-reach", "not-found", "rate-limited")
@blueprint.doc(operationId="recallMessage")
def delete_message(message_id: str) -> Any:
    """Recall a message: it leaves every bell at the next poll"""
    hub = flask.current_app.extensions["hub"]
    caller = guards.caller()
    recalled = actions.recall_message(
        hub.engine,
        caller=caller,
        message_id=ids.read_uuid(message_id, "message"),
        origin=request_log.origin(),
        rate=hub.limiter.hit(caller, "recall"),
    )
    if recalled.repeated:
        metrics.REPEATED.labels("recall").inc()
    else:
        hub.publish(contracts.PlatformChanged(platform_id=caller.platform_id))
    return recalled.message
