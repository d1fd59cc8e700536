"""Who has acknowledged a sent message: a page of people, numbers by organisation or clinic, all as CSV or evidence."""

from typing import Any

import flask

from services.inbox_api import routes, schemas
from services.inbox_api.actions import acknowledgement_exports as exports
from services.inbox_api.actions import acknowledgements
from services.inbox_api.routes import files
from shared.web import app as frame
from shared.web import guards, ids, json_response, request_log

blueprint = frame.Blueprint(
    "acknowledgements",
    __name__,
    description="Who has acknowledged a sent message and who has not, as far as the caller administers them.",
)

_ID = ids.path_id("Of the message.")
_CSV = {"type": "string", "description": f"UTF-8 with a byte order mark. The columns: {', '.join(exports.HEADER)}."}
_EVIDENCE = {"type": "string", "description": "JSON Lines: a manifest, a line for each person, a signature."}
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


@blueprint.route("/v1/sent-messages/<message_id>/acknowledgements/export", parameters=_ID)
@guards.administrator
@blueprint.arguments(schemas.AcknowledgementExportQuery, location="query")
@blueprint.response(200, _CSV, content_type=files.CSV)
@blueprint.refuses("not-found", "acknowledgement-not-requested", "evidence-key-missing", "rate-limited")
@blueprint.doc(
    operationId="exportAcknowledgements",
    responses={200: {"content": {files.JSON_LINES: {"schema": _EVIDENCE}}}},
)
def get_export(query: dict[str, Any], message_id: str) -> flask.Response:
    """All people that the list has, as CSV for spreadsheets or as evidence

    Evidence is a file that anyone can check with the hub's public key and without the hub: docs/evidence.md. It contains names. The
    connection is closed before the end of the file if something fails, if the client does not read on for 20 seconds, or after fifteen
    minutes; 503 when the process writes as many exports as it can.
    """
    wanted_format, status = query.pop("format"), query.pop("status", None)
    order = exports.Order(_asked(query, message_id), status, request_log.origin())
    rate = routes.rate("export")
    name = f"acknowledgements-{order.asked.message_id}"
    if wanted_format == schemas.CSV:
        rows = exports.export_rows(routes.engine(), order)
        rate.check()
        return files.csv(exports.HEADER, rows, name=f"{name}.csv")
    lines = exports.export_evidence(routes.engine(), order, keys=routes.evidence_keys())
    rate.check()
    return files.send(lines, content_type=files.JSON_LINES, name=f"{name}.jsonl")


def _asked(query: dict[str, Any], message_id: str) -> acknowledgements.Asked:
    return acknowledgements.Asked(guards.caller(), ids.read_uuid(message_id, "message"), query)
