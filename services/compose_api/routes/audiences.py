"""Who is calling, what they may choose as audience, and how many people a choice reaches."""

from typing import Any

import flask

from services.compose_api import content_schemas, domain, schemas
from services.compose_api.actions import audiences as actions
from shared.web import app as frame
from shared.web import guards, json_response

blueprint = frame.Blueprint("audiences", __name__, description="Who is calling, and what they may choose as audience.")


@blueprint.route("/v1/viewer")
@guards.user
@blueprint.response(200, schemas.ViewerOut)
@blueprint.doc(operationId="getViewer")
def get_viewer() -> flask.Response:
    """Who you are, and the highest level that you administer"""
    hub = flask.current_app.extensions["hub"]
    return json_response.write(actions.get_viewer(hub.engine, caller=guards.caller()))


@blueprint.route("/v1/audiences")
@guards.administrator
@blueprint.response(200, schemas.AudiencesOut)
@blueprint.doc(operationId="getAudiences")
def get_audiences() -> flask.Response:
    """What you may choose as audience, and how many people each scope reaches"""
    hub = flask.current_app.extensions["hub"]
    return json_response.write(actions.get_audiences(hub.engine, caller=guards.caller()))


@blueprint.route("/v1/audiences/preview", methods=["POST"])
@guards.administrator
@blueprint.arguments(content_schemas.PreviewIn)
@blueprint.response(200, schemas.PreviewOut)
@blueprint.refuses("audience-out-of-reach", "not-found", "recalled", "acknowledgement-not-requested", "rate-limited")
@blueprint.doc(operationId="previewAudience")
def post_preview(addressed: domain.Addressed) -> Any:
    """How many distinct people an audience, or a follow-up, would reach now"""
    hub = flask.current_app.extensions["hub"]
    count = actions.preview(
        hub.engine,
        hub.counter,
        caller=guards.caller(),
        rate=hub.limiter.hit(guards.caller(), "preview"),
        addressed=addressed,
    )
    return {"recipient_count": count}
