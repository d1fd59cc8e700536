"""What this SCIM service can do: ServiceProviderConfig, ResourceTypes, Schemas."""

from collections.abc import Sequence
from typing import Any

import flask
import scim2_models
from scim2_models import Context

from services.directory.routes import scim_requests
from services.directory.scim import resources

blueprint = flask.Blueprint("scim_discovery", __name__)


@blueprint.get("/ServiceProviderConfig")
@scim_requests.guarded
def get_config() -> flask.Response:
    return _one(resources.PROVIDER.config, "/ServiceProviderConfig")


@blueprint.get("/ResourceTypes")
@scim_requests.guarded
def list_resource_types() -> flask.Response:
    return _list(resources.PROVIDER.resource_types, "/ResourceTypes")


@blueprint.get("/ResourceTypes/<name>")
@scim_requests.guarded
def get_resource_type(name: str) -> flask.Response:
    found = next((one for one in resources.PROVIDER.resource_types if one.id == name), None)
    return _one(found, f"/ResourceTypes/{name}")


@blueprint.get("/Schemas")
@scim_requests.guarded
def list_schemas() -> flask.Response:
    return _list(resources.published_schemas(), "/Schemas")


@blueprint.get("/Schemas/<name>")
@scim_requests.guarded
def get_schema(name: str) -> flask.Response:
    found = next((one for one in resources.published_schemas() if str(one.id).casefold() == name.casefold()), None)
    return _one(found, f"/Schemas/{name}")


def _one(found: scim2_models.Resource[Any] | None, path: str) -> flask.Response:
    if found is None:
        raise scim2_models.NotFoundException(detail="There is no such description.")
    return scim_requests.respond(_dump(found, path))


def _list(found: Sequence[scim2_models.Resource[Any]], path: str) -> flask.Response:
    if "filter" in flask.request.args:
        # RFC 7644, 4: a client must not take a filtered list for all of it.
        raise scim2_models.ForbiddenException(detail="Descriptions cannot be filtered.")
    listed = [_dump(one, f"{path}/{one.id}") for one in found]
    return scim_requests.respond(resources.list_response(listed, total=len(listed), start=1))


def _dump(found: scim2_models.Resource[Any], path: str) -> dict[str, Any]:
    meta = {"resourceType": type(found).__name__, "location": scim_requests.base_url() + path}
    return {**found.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE), "meta": meta}
