"""What an administrator of the platform sees and does about provisioning: `message-hub scim` and `scim-token` over HTTP."""

from datetime import timedelta
from typing import Any

import flask

from services.directory import errors as directory_errors
from services.directory import schemas
from services.directory.actions import provisioning as actions
from services.directory.actions import scim_tokens
from services.directory.provisioned import is_id
from services.directory.routes import administrators, scim_requests
from shared import errors, problem_details
from shared.web import app as frame
from shared.web import error_handlers

blueprint = frame.Blueprint(
    "provisioning", __name__, description="How an identity provider writes the directory (SCIM): state, groups, tokens."
)
_PATH = "/v1/directory/provisioning"
_CHANGES = ("directory-managed-by-csv", "rate-limited")


def _id(name: str) -> list[dict[str, Any]]:
    return [{"in": "path", "name": name, "required": True, "schema": {"type": "string", "pattern": "^[0-9]{1,18}$"}}]


@blueprint.route(_PATH, methods=["GET"])
@administrators.platform_administrator
@blueprint.response(200, schemas.ProvisioningOut, description="The state now.")
@blueprint.doc(operationId="getProvisioning")
def get_provisioning() -> Any:
    """State of provisioning"""
    return _state()


@blueprint.route(f"{_PATH}/resume", methods=["POST"])
@administrators.platform_administrator
@blueprint.arguments(schemas.ResumeIn)
@blueprint.response(200, schemas.ProvisioningOut, description="No deactivation is refused until `released_until`.")
@blueprint.refuses(*_CHANGES)
@blueprint.doc(operationId="resumeDeactivations")
def resume(given: dict[str, Any]) -> Any:
    """Let deactivations through for a while"""
    actions.resume(_engine(), lasts=timedelta(minutes=given["minutes"]), **_changing())
    return _state()


@blueprint.route(f"{_PATH}/groups", methods=["GET"])
@administrators.platform_administrator
@blueprint.arguments(schemas.GroupsQuery, location="query")
@blueprint.response(200, schemas.GroupsOut, description="A page of groups, in the order of their creation.")
@blueprint.refuses("bad-cursor")
@blueprint.doc(operationId="listProvisionedGroups")
def list_groups(query: dict[str, Any]) -> Any:
    """Groups and what they mean"""
    after, limit = query.get("after", "0"), query["limit"]
    if not is_id(after):
        raise errors.HubError("bad-cursor", "Send `after` exactly as it came in `next_cursor`, or leave it out.")
    is_waiting = {"waiting": True, "mapped": False}.get(query["status"])
    found = actions.list_groups(
        _engine(), platform_key=_platform(), is_waiting=is_waiting, after=int(after), limit=limit + 1
    )
    page, has_more = found[:limit], len(found) > limit
    return {"data": page, "has_more": has_more, "next_cursor": str(page[-1].id) if has_more else None}


@blueprint.route(f"{_PATH}/groups/<group_id>/mapping", methods=["PUT"], parameters=_id("group_id"))
@administrators.platform_administrator
@blueprint.arguments(schemas.MappingIn)
@blueprint.response(200, schemas.GroupOut, description="The group, whose members have the role from now on.")
@blueprint.refuses("not-found", *_CHANGES)
@blueprint.doc(operationId="mapGroup")
def put_mapping(given: dict[str, Any], group_id: str) -> Any:
    """Map a group to a scope and a role"""
    target = actions.Target(given["level"], given.get("scope") or _platform(), given["role"])
    return actions.map_group(_engine(), group=_read_id(group_id, "group"), target=target, **_changing())


@blueprint.route(f"{_PATH}/groups/<group_id>/mapping", methods=["DELETE"], parameters=_id("group_id"))
@administrators.platform_administrator
@blueprint.response(200, schemas.GroupOut, description="The group, which means what the identity provider states.")
@blueprint.refuses("not-found", *_CHANGES)
@blueprint.doc(operationId="unmapGroup")
def delete_mapping(group_id: str) -> Any:
    """Remove the mapping of a group"""
    return actions.map_group(_engine(), group=_read_id(group_id, "group"), target=None, **_changing())


@blueprint.route(f"{_PATH}/tokens", methods=["GET"])
@administrators.platform_administrator
@blueprint.response(
    200, schemas.DirectoryTokensOut, description="The valid tokens and the newest others, newest first."
)
@blueprint.doc(operationId="listDirectoryTokens")
def list_tokens() -> Any:
    """Directory tokens"""
    return {"data": scim_tokens.list_tokens(_engine(), platform_key=_platform())[::-1]}


@blueprint.route(f"{_PATH}/tokens", methods=["POST"])
@administrators.platform_administrator
@blueprint.arguments(schemas.DirectoryTokenIn)
@blueprint.response(201, schemas.CreatedDirectoryTokenOut, description="Created. `token` is not shown again.")
@blueprint.refuses("too-many-tokens", "rate-limited")
@blueprint.doc(operationId="createDirectoryToken")
def create_token(given: dict[str, Any]) -> Any:
    """Create a directory token"""
    days = given["expires_in_days"]
    return scim_tokens.create_token(_engine(), expires=timedelta(days=days) if days else None, **_changing())


@blueprint.route(f"{_PATH}/tokens/<token_id>", methods=["DELETE"], parameters=_id("token_id"))
@administrators.platform_administrator
@blueprint.response(200, schemas.DirectoryTokenOut, description="The token, which is refused from now on.")
@blueprint.refuses("not-found", "rate-limited")
@blueprint.doc(operationId="revokeDirectoryToken")
def revoke_token(token_id: str) -> Any:
    """Revoke a directory token"""
    return scim_tokens.revoke_token(_engine(), token_id=_read_id(token_id, "token"), **_changing())


@blueprint.route(f"{_PATH}/refusals", methods=["GET"])
@administrators.platform_administrator
@blueprint.response(200, schemas.RefusalsOut, description="At most 50, newest first.")
@blueprint.doc(operationId="listProvisioningRefusals")
def list_refusals() -> Any:
    """Recently refused requests of the identity provider"""
    return {"data": actions.list_refusals(_engine(), platform_key=_platform())}


def register(app: flask.Flask) -> None:
    """Answers the errors of the actions that the command line shares."""
    app.register_error_handler(directory_errors.DirectoryError, _from_directory_error)


def _from_directory_error(error: directory_errors.DirectoryError) -> Any:
    return error_handlers.response(problem_details.from_exception(_hub_error(error)))


def _hub_error(error: directory_errors.DirectoryError) -> Exception:
    match error:
        case directory_errors.UnknownGroupError():
            return errors.not_found("group")
        case directory_errors.UnknownTokenError():
            return errors.not_found("token")
        case directory_errors.UnknownScopeError():
            return errors.validation_failed({"scope": [str(error)]})
        case directory_errors.ManagedByImportsError() | directory_errors.TooManyTokensError():
            return errors.HubError(error.code, str(error))
    return error


def _state() -> dict[str, Any]:
    status = actions.get_status(_engine(), platform_key=_platform())
    brake = status if status.braked_at else None
    return {**vars(status), "brake": brake, "scim_url": scim_requests.base_url()}


def _changing() -> dict[str, Any]:
    """What the actions need to know of the request. Raises rate-limited."""
    administrators.check_rate(administrators.caller())
    return {"platform_key": _platform(), "actor": administrators.actor()}


def _platform() -> str:
    return administrators.caller().platform_key


def _read_id(value: str, what: str) -> int:
    if not is_id(value):
        raise errors.not_found(what)
    return int(value)


def _engine() -> Any:
    return flask.current_app.extensions["hub"].engine
