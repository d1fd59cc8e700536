"""Organisations and clinics of a platform that is managed over SCIM."""

from typing import Any

import flask
import marshmallow

from services.directory import schemas, values
from services.directory.actions import scim_tokens
from services.directory.actions import tree as actions
from services.directory.provisioned import Client, ScopeState
from services.directory.routes import administrators, scim_requests
from shared import errors
from shared.auth import authenticator
from shared.web import app as frame
from shared.web import guards, request_log

blueprint = frame.Blueprint(
    "directory", __name__, description="The organisations and clinics of a platform whose people come over SCIM."
)
_ID = [
    {
        "in": "path",
        "name": "external_id",
        "required": True,
        "description": "External id, as in the import.",
        "schema": {"type": "string", "minLength": 1, "maxLength": values.EXTERNAL_ID.max_length},
    }
]
_REFUSALS = ("directory-managed-by-csv", "rate-limited")


def _identify() -> Client:
    """The client of a directory token, or the user of another token who administers the platform."""
    header = flask.request.headers.get("Authorization", "")
    if authenticator.read_token(header).startswith(scim_tokens.PREFIX):
        return scim_requests.authenticate()
    caller = administrators.identify()
    administrators.check_rate(caller)
    return Client(
        caller.platform_id,
        caller.platform_key,
        request_log.request_id(),
        request_log.client_address(),
        user_id=caller.user_id,
    )


@blueprint.route("/v1/directory/organisations/<external_id>", methods=["PUT"], parameters=_ID)
@lambda view: guards.guarded(view, "platform administrator", _identify)
@blueprint.arguments(schemas.OrganisationIn)
@blueprint.response(200, schemas.ChangedOrganisationOut, description="Changed, or as it was.")
@blueprint.alt_response(201, schema=schemas.ChangedOrganisationOut, description="Created.")
@blueprint.refuses(*_REFUSALS)
@blueprint.doc(operationId="putOrganisation")
def put_organisation(given: dict[str, Any], external_id: str) -> Any:
    """Create or change an organisation"""
    return _put(ScopeState("organisation", _read_id(external_id), given["name"], given["active"]))


@blueprint.route("/v1/directory/clinics/<external_id>", methods=["PUT"], parameters=_ID)
@lambda view: guards.guarded(view, "platform administrator", _identify)
@blueprint.arguments(schemas.ClinicIn)
@blueprint.response(200, schemas.ChangedClinicOut, description="Changed, or as it was.")
@blueprint.alt_response(201, schema=schemas.ChangedClinicOut, description="Created.")
@blueprint.refuses(*_REFUSALS)
@blueprint.doc(operationId="putClinic")
def put_clinic(given: dict[str, Any], external_id: str) -> Any:
    """Create or change a clinic"""
    return _put(
        ScopeState("clinic", _read_id(external_id), given["name"], given["active"], parent=given["organisation"])
    )


def _read_id(external_id: str) -> str:
    try:
        return str(schemas.Value(values.EXTERNAL_ID).deserialize(external_id))
    except marshmallow.ValidationError as error:
        raise errors.validation_failed({"external_id": error.messages}) from None


def _put(scope: ScopeState) -> Any:
    hub = flask.current_app.extensions["hub"]
    done = actions.put_scope(hub.engine, client=scim_requests.client(), scope=scope)
    answer = {
        "id": scope.external_id,
        "name": scope.name,
        "active": scope.active,
        "organisation": scope.parent,
        "directory_version": done.directory_version,
    }
    return answer, 201 if done.is_new else 200
