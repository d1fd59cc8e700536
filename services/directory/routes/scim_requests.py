"""What the SCIM routes share: who calls, the body and the parameters of a request, and answers."""

import functools
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar, cast

import flask
import scim2_models

from services.directory.actions import scim_tokens
from services.directory.provisioned import Client, Page, is_id
from services.directory.routes import scim_errors
from services.directory.scim import filters, resources
from shared import errors, logging
from shared.auth import authenticator, tokens
from shared.web import fairness, guards, parsing, request_log

View = TypeVar("View", bound=Callable[..., Any])
# A group of 20,000 members takes 1.3 MB.
MAX_BODY_BYTES = 2 * 1024 * 1024
_DEFAULT_COUNT = 100
_LAST_START = 2**62
_PARAMETERS = ("attributes", "excludedAttributes", "filter", "startIndex", "count")
_MEDIA_TYPES = (scim_errors.MEDIA_TYPE, "application/json")


def guarded(view: View) -> View:
    """Only a directory token may call this route; it decides the platform."""

    @functools.wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        flask.g.caller = authenticate()
        with resources.PROVIDER:
            return view(*args, **kwargs)

    setattr(wrapper, guards.GUARD, "directory token")
    return cast(View, wrapper)


def authenticate() -> Client:
    """The client that the request's token belongs to. Raises the 401 errors, and unavailable beyond its share of the threads."""
    token = authenticator.read_token(flask.request.headers.get("Authorization", ""))
    found = scim_tokens.find_client(
        flask.current_app.extensions["hub"].engine,
        token=token,
        request_id=request_log.request_id(),
        address=request_log.client_address(),
        request=f"{flask.request.method} {flask.request.path.removeprefix('/scim/v2')}",
    )
    if found is None:
        raise errors.HubError("token-invalid", "The directory token is unknown, revoked or expired.")
    logging.bind(platform=found.platform_key, token=found.token_id)
    fairness.acquire(tokens.Identity(found.platform_key, str(found.actor.operator), None))
    return found


def client() -> Client:
    """The client behind the request being served."""
    return cast(Client, flask.g.caller)


def read_body() -> dict[str, Any]:
    """The JSON object of the request. Raises 413, 415 and 400 invalidSyntax."""
    request = flask.request
    request.max_content_length = MAX_BODY_BYTES + 1
    body = parsing.read_body(request)
    if request.mimetype not in _MEDIA_TYPES:
        raise errors.HubError("unsupported-media-type", f"Send the request with Content-Type: {_MEDIA_TYPES[0]}.")
    value, _repeated = parsing.load_json(request, body)
    if not isinstance(value, dict):
        raise errors.HubError("malformed-json", "The body must be a JSON object.")
    return value


def respond(
    content: dict[str, Any], *, status: int = 200, tag: str | None = None, location: str | None = None
) -> flask.Response:
    """A SCIM answer, or 304 where the client has this version."""
    answer = flask.Response(json.dumps(content), status=status, mimetype=scim_errors.MEDIA_TYPE)
    if tag is not None:
        if flask.request.method == "GET" and flask.request.if_none_match.contains_weak(tag):
            answer = flask.Response(status=304)
        answer.set_etag(tag, weak=True)
    if location is not None:
        answer.headers["Location"] = location
    return answer


def check_tag(tag: str) -> None:
    """Raises 412 if the request is for another version of the resource."""
    given = flask.request.if_match
    if given and not given.contains_weak(tag):
        raise scim2_models.PreconditionFailedException(detail="The resource has changed since this version.")


def read_id(value: str, what: str) -> int:
    """The id in a path. Raises 404 for what cannot be one."""
    if not is_id(value):
        raise scim2_models.NotFoundException(detail=f"There is no such {what}.")
    return int(value)


def read_search(kind: type[scim2_models.SearchRequest[Any]]) -> scim2_models.SearchRequest[Any]:
    """Filter, page and attributes from the query. Unknown parameters are ignored: clients add their own."""
    given = {name: value for name, value in flask.request.args.items() if name in _PARAMETERS}
    for name in ("startIndex", "count"):
        if name in given and not given[name].lstrip("-").isdecimal():
            raise scim2_models.InvalidValueException(detail=f"{name} must be a whole number")
    return kind.model_validate(given)


def read_posted_search(kind: type[scim2_models.SearchRequest[Any]]) -> scim2_models.SearchRequest[Any]:
    """The same as `read_search`, from the body of a POST to `.search`."""
    return kind.model_validate(read_body(), scim_ctx=scim2_models.Context.SEARCH_REQUEST)


def read_page(search: scim2_models.SearchRequest[Any], conditions: filters.Conditions) -> Page:
    count = _DEFAULT_COUNT if search.count is None else min(search.count, resources.MAX_RESULTS)
    return Page(min(search.start_index or 1, _LAST_START), count, conditions)


def meta(kind: str, path: str, tag: str, created_at: datetime | None, changed_at: datetime | None) -> dict[str, Any]:
    """Of a resource; times only of what the client wrote."""
    known = {"created": created_at, "lastModified": changed_at}
    times = {name: value.isoformat() for name, value in known.items() if value}
    return {"resourceType": kind, "location": base_url() + path, "version": f'W/"{tag}"', **times}


def base_url() -> str:
    """Where the endpoints are, as this client sees it; without a slash at the end."""
    return f"{flask.request.url_root}scim/v2"
