"""Preparing messages: drafts are kept, changed and sent."""

import functools
import uuid
from typing import Any

import flask

from services.compose_api import domain, draft_content, metrics, publisher
from services.compose_api import draft_schemas as schemas
from services.compose_api import schemas as messages
from services.compose_api.actions import drafts as actions
from services.compose_api.routes import audited, idempotency
from services.compose_api.store.drafts import Draft
from shared.web import app as frame
from shared.web import etags, guards, ids, json_response, request_log

blueprint = frame.Blueprint("drafts", __name__, description="Prepare messages, and send them later.")

_LINKS = {
    operation: {"operationId": operation, "parameters": {"draft_id": "$response.body#/id"}}
    for operation in ("getDraft", "changeDraft", "sendDraft", "scheduleDraft", "unscheduleDraft", "deleteDraft")
}
_LOCATION = {
    "Location": {"schema": {"type": "string", "format": "uri-reference"}, "required": True},
}
_ETAG = {
    "ETag": {
        "description": "The draft's version, for If-Match.",
        "schema": {"type": "string", "pattern": '^"[0-9a-f]{32}"$'},
        "required": True,
    },
}
_IF_MATCH = {
    "in": "header",
    "name": "If-Match",
    "schema": {"type": "string"},
    "description": "The ETag of the draft that the client means; after any change since then it is answered 412.",
}
_CHANGING = ("not-found", "already-released", "version-mismatch", "rate-limited")
_SAVING = ("audience-out-of-reach", "not-found", "recalled", "acknowledgement-not-requested", "rate-limited")
_SENDING = (
    "draft-incomplete",
    "expires-too-early",
    "audience-out-of-reach",
    "recalled",
    "no-recipients",
    "acknowledgement-not-requested",
    *_CHANGING,
)
_ID = ids.path_id("Of the draft.", "draft_id")


@blueprint.route("/v1/drafts", methods=["POST"])
@audited.refusals("draft")
@guards.sending_administrator
@blueprint.arguments(schemas.DraftIn)
@blueprint.response(201, schemas.DraftOut, headers={**_LOCATION, **_ETAG, **idempotency.response_header("draft")})
@blueprint.refuses("idempotency-key-reused", *_SAVING)
@blueprint.doc(
    operationId="createDraft",
    responses={201: {"links": _LINKS}},
    parameters=[idempotency.parameter("draft")],
)
def post_draft(changes: domain.Changes) -> flask.Response:
    """Keep a message that is not sent yet: every field may be missing"""
    hub = flask.current_app.extensions["hub"]
    created = actions.create_draft(
        hub.engine,
        caller=guards.caller(),
        changes=changes,
        idempotency_key=idempotency.read_key(),
        rate=hub.limiter.hit(guards.caller(), "draft"),
    )
    answer = _write(created.draft)
    answer.status_code = 201
    answer.headers["Location"] = f"/v1/drafts/{created.draft.id}"
    if created.replayed:
        answer.headers.update(idempotency.replayed_header())
        metrics.REPEATED.labels("draft").inc()
    return answer


@blueprint.route("/v1/drafts")
@guards.administrator
@blueprint.arguments(schemas.DraftsQuery, location="query")
@blueprint.response(200, schemas.DraftsOut)
@blueprint.refuses("bad-cursor")
@blueprint.doc(operationId="listDrafts")
def get_drafts(query: dict[str, Any]) -> flask.Response:
    """A page of drafts, newest first, or of scheduled ones the next first: your own, and those whose whole audience you administer"""
    page = actions.list_drafts(flask.current_app.extensions["hub"].engine, caller=guards.caller(), **query)
    return json_response.write({**vars(page), "data": [schemas.write_draft(draft) for draft in page.data]})


@blueprint.route("/v1/drafts/<draft_id>", parameters=_ID)
@guards.administrator
@blueprint.response(200, schemas.DraftOut, headers=_ETAG)
@blueprint.refuses("not-found")
@blueprint.doc(operationId="getDraft", responses={200: {"links": _LINKS}})
def get_draft(draft_id: str) -> flask.Response:
    """One draft, with its version as ETag"""
    engine = flask.current_app.extensions["hub"].engine
    return _write(actions.get_draft(engine, caller=guards.caller(), draft_id=_read_id(draft_id)))


@blueprint.route("/v1/drafts/<draft_id>", methods=["PATCH"], parameters=_ID)
@audited.refusals("draft")
@guards.sending_administrator
@blueprint.arguments(schemas.DraftIn)
@blueprint.response(200, schemas.DraftOut, headers=_ETAG)
@blueprint.refuses(*_SENDING)
@blueprint.doc(operationId="changeDraft", parameters=[{**_IF_MATCH, "required": True}])
def patch_draft(changes: domain.Changes, draft_id: str) -> flask.Response:
    """Change the fields that are given; null removes one"""
    edit = _edit(draft_id, "draft", must_match=True)
    engine = flask.current_app.extensions["hub"].engine
    return _write(actions.change_draft(engine, edit, changes=changes, read=draft_content.read_content))


@blueprint.route("/v1/drafts/<draft_id>", methods=["DELETE"], parameters=_ID)
@audited.refusals("draft")
@guards.administrator
@blueprint.response(204)
@blueprint.refuses(*_CHANGING)
@blueprint.doc(operationId="deleteDraft", parameters=[_IF_MATCH])
def delete_draft(draft_id: str) -> None:
    """Cancel a scheduled draft, which then says so; delete any other"""
    actions.delete_draft(flask.current_app.extensions["hub"].engine, _edit(draft_id, "draft"))


@blueprint.route("/v1/drafts/<draft_id>/send", methods=["POST"], parameters=_ID)
@audited.refusals("compose")
@guards.sending_administrator
@blueprint.response(
    202,
    messages.MessageOut,
    description="Accepted: it is in every recipient's bell from now on, under the id of the draft.",
    headers=_LOCATION,
)
@blueprint.refuses(*_SENDING)
@blueprint.doc(operationId="sendDraft", parameters=[_IF_MATCH])
def send_draft(draft_id: str) -> Any:
    """Send a draft now; a second time it is already released"""
    hub = flask.current_app.extensions["hub"]
    message = actions.send_draft(hub.engine, _edit(draft_id, "send"), read=draft_content.read_content)
    publisher.submit_accepted(hub.publish, guards.caller(), message, request_log.request_id())
    return message, {"Location": f"/v1/messages/{message.id}"}


@blueprint.route("/v1/drafts/<draft_id>/schedule", methods=["POST"], parameters=_ID)
@audited.refusals("draft")
@guards.sending_administrator
@blueprint.arguments(schemas.ScheduleIn)
@blueprint.response(200, schemas.DraftOut, headers=_ETAG)
@blueprint.refuses("time-in-past", "time-too-far", *_SENDING)
@blueprint.doc(operationId="scheduleDraft", parameters=[_IF_MATCH])
def schedule_draft(schedule: domain.Schedule, draft_id: str) -> flask.Response:
    """Send a draft at a time: its recipients are those whom the directory has then"""
    engine = flask.current_app.extensions["hub"].engine
    return _write(
        actions.schedule_draft(engine, _edit(draft_id, "draft"), schedule=schedule, read=draft_content.read_content)
    )


@blueprint.route("/v1/drafts/<draft_id>/unschedule", methods=["POST"], parameters=_ID)
@audited.refusals("draft")
@guards.administrator
@blueprint.response(200, schemas.DraftOut, headers=_ETAG)
@blueprint.refuses(*_CHANGING)
@blueprint.doc(operationId="unscheduleDraft", parameters=[_IF_MATCH])
def unschedule_draft(draft_id: str) -> flask.Response:
    """Make a scheduled draft a draft again; also one that was cancelled, missed or failed"""
    return _write(actions.unschedule_draft(flask.current_app.extensions["hub"].engine, _edit(draft_id, "draft")))


def _edit(draft_id: str, limit: str, *, must_match: bool = False) -> actions.Edit:
    """What the request being served says about the draft, counted by the rate limit of this name."""
    hub = flask.current_app.extensions["hub"]
    return actions.Edit(
        guards.caller(),
        _read_id(draft_id),
        request_log.origin(),
        hub.limiter.hit(guards.caller(), limit),
        functools.partial(_is_current, must_match=must_match),
    )


def _is_current(draft: Draft, *, must_match: bool) -> bool:
    return etags.is_expected(draft.revision, is_required=must_match)


def _read_id(text: str) -> uuid.UUID:
    return ids.read_uuid(text, "draft")


def _write(draft: Draft) -> flask.Response:
    answer = json_response.write(schemas.write_draft(draft))
    answer.set_etag(etags.of_version(draft.revision))
    return answer
