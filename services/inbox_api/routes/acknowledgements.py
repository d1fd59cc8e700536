"""Who has acknowledged a sent message: a page of people, and numbers by organisation or clinic."""

from typing import Any

import flask

from services.inbox_api import routes, schemas
from services.inbox_api.actions import acknowledgements
from shared.web import app as frame
from shared.web import guards, ids, json_response

blueprint = frame.Blueprint(
    "acknowledgements",
    __name__,
    description="Who has acknowledged a sent message and who has not, as far as the caller administers them.",
)

_ID = ids.path_id("Of the message.")
_LINKS = {"next": {"operationId": "listAcknowledgements", "parameters": {"after": "$response.body#/next_cursor"}}}


@blueprint.route("/v1/sent-messages/<message_id>/acknowledgements", parameters=_ID)
@guards.administrator
@routes.conditional
@blueprint.arguments(schemas.AcknowledgementsQuery, location="query")
@blueprint.response(200, schemas.AcknowledgementsOut)
@blueprint.alt_response(304, description=routes.UNCHANGED)
@blueprint.refuses("not-found", "bad-cursor", "acknowledgement-not-requested")
@blueprint.doc(operationId="listAcknowledgements", responses={200: {"links": _LINKS}})
def get_acknowledgements(query: dict[str, Any], message_id: str) -> Any:
    """A page of the people who were asked, in an order that does not change

    Administrators see those who belonged, in the message's directory version, to a scope that they administer now, whether they sent the
    message or not.
    """
    page = {name: query.pop(name, None) for name in ("limit", "after", "status", "q")}
    return acknowledgements.get_page(routes.engine(), _asked(query, message_id), **page)


@blueprint.route("/v1/sent-messages/<message_id>/acknowledgements/summary", parameters=_ID)
@guards.administrator
@routes.private
@blueprint.arguments(schemas.SummaryQuery, location="query")
@blueprint.response(200, schemas.SummaryOut)
@blueprint.refuses("not-found", "acknowledgement-not-requested")
@blueprint.doc(operationId="getAcknowledgementSummary")
def get_summary(query: dict[str, Any], message_id: str) -> flask.Response:
    """How many of the people who were asked have acknowledged, by organisation or by clinic

    Scopes of the message's audience within the caller's reach. A person in two clinics counts in both rows and once in `totals`.
    """
    by = query.pop("by")
    return json_response.write(acknowledgements.get_summary(routes.engine(), _asked(query, message_id), by=by))


def _asked(query: dict[str, Any], message_id: str) -> acknowledgements.Asked:
    return acknowledgements.Asked(guards.caller(), ids.read_uuid(message_id, "message"), query)
