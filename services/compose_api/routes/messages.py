"""Sending and recalling messages."""

import re
from typing import Any

import flask

from services.compose_api import domain, metrics, publisher, schemas
from services.compose_api.actions import messages as actions
from services.compose_api.routes import audited
from shared import contracts, errors
from shared.web import app as frame
from shared.web import guards, ids, request_log

blueprint = frame.Blueprint("messages", __name__, description="Send a message, recall it.")

_IDEMPOTENCY_HEADER = "Idempotency-Key"
_HEADERS = {
    "Location": {
        "description": "Where this API knows the message; its history is at the inbox API's `/v1/sent-messages/{message_id}`.",
        "schema": {"type": "string", "format": "uri-reference"},
        "required": True,
    },
    "Idempotency-Replayed": {
        "description": "Only where an earlier request with this key was accepted, and this is its message.",
        "schema": {"type": "string", "const": "true"},
    },
}
_LINKS = {"recallMessage": {"operationId": "recallMessage", "parameters": {"message_id": "$response.body#/id"}}}
# Visible ASCII. Servers join headers of the same name with a comma.
_KEY = re.compile(r"[\x21-\x2b\x2d-\x7e]{1,255}")


@blueprint.route("/v1/messages", methods=["POST"])
@audited.refusals("compose")
@guards.sending_administrator
@blueprint.arguments(schemas.MessageIn)
@blueprint.response(
    202, schemas.MessageOut, description="Accepted: it is in every recipient's bell from now on.", headers=_HEADERS
)
@blueprint.refuses(
    "audience-out-of-reach", "not-found", "recalled", "expires-too-early", "idempotency-key-reused", "rate-limited"
)
@blueprint.doc(
    operationId="sendMessage",
    responses={202: {"links": _LINKS}},
    parameters=[
        {
            "in": "header",
            "name": _IDEMPOTENCY_HEADER,
            "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[\\x21-\\x2b\\x2d-\\x7e]+$"},
            "description": "Send the same request again with the same key, and no second message comes of it.",
        }
    ],
)
def post_message(content: domain.Content) -> Any:
    """Send a message"""
    hub = flask.current_app.extensions["hub"]
    idempotency_key = _read_idempotency_key()
    accepted = actions.accept_message(
        hub.engine,
        caller=guards.caller(),
        content=content,
        idempotency_key=idempotency_key,
        origin=request_log.origin(),
        rate=hub.limiter.hit(guards.caller(), "send"),
    )
    headers = {"Location": f"/v1/messages/{accepted.message.id}"}
    if accepted.replayed:
        headers["Idempotency-Replayed"] = "true"
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


def _read_idempotency_key() -> str | None:
    key = flask.request.headers.get(_IDEMPOTENCY_HEADER)
    if key is not None and not _KEY.fullmatch(key):
        raise errors.validation_failed(
            {_IDEMPOTENCY_HEADER: ["Send it once, with 1 to 255 visible ASCII characters other than the comma."]}
        )
    return key
