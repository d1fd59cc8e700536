"""The recipients of a sent message: a page of them, and all of them as CSV."""

from collections.abc import Iterator
from typing import Any

import flask

from services.inbox_api import routes, schemas
from services.inbox_api.actions import recipients
from services.inbox_api.routes import files
from shared.web import app as frame
from shared.web import guards, ids, request_log, times

blueprint = frame.Blueprint(
    "recipients", __name__, description="Who has a sent message, as far as the caller administers them."
)

_ID = ids.path_id("Of the message.")
_HEADER = ("id", "name", "clinic_ids", "clinics", "read_at")
_CSV = {"type": "string", "description": f"UTF-8 with a byte order mark. The columns: {', '.join(_HEADER)}."}
_LINKS = {"next": {"operationId": "listRecipients", "parameters": {"after": "$response.body#/next_cursor"}}}


@blueprint.route("/v1/sent-messages/<message_id>/recipients", parameters=_ID)
@guards.administrator
@routes.conditional
@blueprint.arguments(schemas.RecipientsQuery, location="query")
@blueprint.response(200, schemas.RecipientsOut)
@blueprint.alt_response(304, description=routes.UNCHANGED)
@blueprint.refuses("not-found", "bad-cursor")
@blueprint.doc(operationId="listRecipients", responses={200: {"links": _LINKS}})
def get_recipients(query: dict[str, Any], message_id: str) -> Any:
    """A page of a message's recipients, in an order that does not change

    Platform administrators see all of them. Others, the sender too, see those who belonged, in the message's directory version, to a
    scope that they administer now; of their clinics those within these scopes. The filters leave those who belonged to an organisation
    or a clinic then. A message whose entries are dropped has no read status any more: `read_at` is null, and `status` is refused.
    """
    limit, after = query.pop("limit"), query.pop("after", None)
    return recipients.get_page(routes.engine(), _asked(query, message_id), limit=limit, after=after)


@blueprint.route("/v1/sent-messages/<message_id>/recipients/export", parameters=_ID)
@guards.administrator
@blueprint.arguments(schemas.ExportQuery, location="query")
@blueprint.response(200, _CSV, content_type="text/csv")
@blueprint.refuses("not-found", "rate-limited")
@blueprint.doc(operationId="exportRecipients")
def get_export(query: dict[str, Any], message_id: str) -> flask.Response:
    """All recipients that the list has, as CSV for spreadsheets

    A person in several clinics is one row. Cells that a spreadsheet would take for a formula begin with an apostrophe. The connection is
    closed before the end of the file if something fails, or after fifteen minutes; 503 when the process writes as many exports as it can.
    """
    asked = _asked(query, message_id)
    rate = routes.rate("export")
    rows = recipients.export(routes.engine(), asked, request_log.origin())
    rate.check()
    return files.csv(_HEADER, _cells(rows), name=f"recipients-{asked.message_id}.csv")


def _asked(query: dict[str, Any], message_id: str) -> recipients.Asked:
    status = query.pop("status", None)
    return recipients.Asked(guards.caller(), ids.read_uuid(message_id, "message"), status, query)


def _cells(rows: Iterator[recipients.Recipient]) -> Iterator[tuple[str, ...]]:
    for row in rows:
        yield (
            row.id,
            row.name,
            "; ".join(clinic.id for clinic in row.clinics),
            "; ".join(clinic.name for clinic in row.clinics),
            "" if row.read_at is None else times.write(row.read_at),
        )
