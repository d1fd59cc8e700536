"""Sending and recalling messages."""

import re
from typing import Any

import flask

from services.compose_api import domain, rate_limit, schemas
from services.compose_api.actions import messages as actions
from services.compose_api.routes import audited
from shared import contracts, errors
from shared.http import app as frame
from shared.http import guards, ids, observe, problems

blueprint = frame.Blueprint("messages", __name__, description="Send a message, recall it.")

_IDEMPOTENCY_HEADER = "Idempotency-Key"
_TOO_MANY = "You send more messages than allowed. Nothing else is wrong with this one: send it again later."
_RETRY_AFTER = {"Retry-After": {"schema": {"type": "integer", "minimum": 1}, "description": "In how many seconds."}}
_VISIBLE_ASCII = re.compile(r"[\x21-\x7e]{1,255}")


@blueprint.route("/v1/messages", methods=["POST"])
@audited.refusals("compose")
@guards.sending_administrator
@blueprint.arguments(schemas.MessageIn)
@blueprint.response(202, schemas.MessageOut, description="Accepted: it is in every recipient's bell from now on.")
@blueprint.alt_response(
    429, schema=frame.Problem, content_type=problems.MEDIA_TYPE, headers=_RETRY_AFTER, description=_TOO_MANY
)
@blueprint.doc(
    parameters=[
        {
            "in": "header",
            "name": _IDEMPOTENCY_HEADER,
            "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[\\x21-\\x7e]+$"},
            "description": "Send the same request again with the same key, and no second message comes of it.",
        }
    ]
)
def post_message(draft: domain.Draft) -> Any:
    """Send a message"""
    hub = flask.current_app.extensions["hub"]
    idempotency_key = _read_idempotency_key()
    # Counted before the database is asked for anything, told when everything else is right: see the order of checks.
    verdict: rate_limit.Verdict = hub.hit(guards.caller())
    accepted = actions.accept_message(
        hub.engine,
        caller=guards.caller(),
        draft=draft,
        idempotency_key=idempotency_key,
        origin=audited.origin(),
        check_rate=verdict.check,
    )
    headers = {"Location": f"/v1/messages/{accepted.message.id}"}
    if accepted.replayed:
        headers["Idempotency-Replayed"] = "true"
    else:
        hub.announce(contracts.PlatformChanged(platform_id=guards.caller().platform_id))
        hub.publish(contracts.ExpandMessage(message_id=str(accepted.message.id), request_id=observe.request_id()))
    return accepted.message, headers


@blueprint.route("/v1/messages/<message_id>", methods=["DELETE"])
@audited.refusals("recall")
@guards.administrator
@blueprint.response(200, schemas.MessageOut)
def delete_message(message_id: str) -> Any:
    """Recall a message: it leaves every bell at the next poll"""
    hub = flask.current_app.extensions["hub"]
    caller = guards.caller()
    recalled = actions.recall_message(
        hub.engine, caller=caller, message_id=ids.read_uuid(message_id, "message"), origin=audited.origin()
    )
    hub.announce(contracts.PlatformChanged(platform_id=caller.platform_id))
    return recalled


def _read_idempotency_key() -> str | None:
    key = flask.request.headers.get(_IDEMPOTENCY_HEADER)
    if key is not None and not _VISIBLE_ASCII.fullmatch(key):
        raise errors.validation_failed({_IDEMPOTENCY_HEADER: ["Must be 1 to 255 visible ASCII characters."]})
    return key
