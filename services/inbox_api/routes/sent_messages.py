"""The sent history: what administrators sent, how far it got and with how many people."""

import dataclasses
from typing import Any

from services.inbox_api import routes, schemas
from services.inbox_api.actions import history
from shared.web import app as frame
from shared.web import guards, ids

blueprint = frame.Blueprint("sent-messages", __name__, description="What was sent, as far as the caller may see it.")

_LINKS = {
    "getSentMessage": {"operationId": "getSentMessage", "parameters": {"message_id": "$response.body#/data/0/id"}},
    "next": {"operationId": "listSentMessages", "parameters": {"after": "$response.body#/next_cursor"}},
}


@blueprint.route("/v1/sent-messages")
@guards.administrator
@routes.conditional
@blueprint.arguments(schemas.HistoryQuery, location="query")
@blueprint.response(200, schemas.HistoryOut)
@blueprint.alt_response(304, description=routes.UNCHANGED)
@blueprint.refuses("bad-cursor")
@blueprint.doc(operationId="listSentMessages", responses={200: {"links": _LINKS}})
def get_history(query: dict[str, Any]) -> Any:
    """A page of sent messages, newest first; with filters, of what reached an organisation or a clinic

    A platform administrator sees every message of the platform. Others see what they sent themselves and what had a target at or
    beneath a scope they administer; of its audience they see those targets, and `other_scopes` counts the rest.
    """
    return history.get_history(routes.engine(), routes.list_counts(), caller=guards.caller(), **query)


@blueprint.route("/v1/sent-messages/<message_id>", parameters=ids.path_id("Of the message."))
@guards.administrator
@routes.conditional
@blueprint.response(200, schemas.SentMessageOut)
@blueprint.alt_response(304, description=routes.UNCHANGED)
@blueprint.refuses("not-found")
@blueprint.doc(operationId="getSentMessage")
def get_sent_message(message_id: str) -> Any:
    """One sent message, its progress, and how many recipients have seen, read and acknowledged it

    Where an acknowledgement is asked for, also to administrators beneath a target.
    """
    followed = history.get_sent_message(
        routes.engine(), caller=guards.caller(), message_id=ids.read_uuid(message_id, "message")
    )
    seen, read = (None, None) if followed.engagement is None else dataclasses.astuple(followed.engagement)
    return {
        **vars(followed.message),
        "seen_count": seen,
        "read_count": read,
        "acknowledgements": followed.acknowledgements,
    }
