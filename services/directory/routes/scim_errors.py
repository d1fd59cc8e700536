"""Answers all errors under /scim/ as SCIM does (RFC 7644, 3.12), those of shared/web too: `application/scim+json`."""

import json
from typing import Any

import flask
import pydantic
import scim2_models

from services.directory import errors
from services.directory.actions import refusals
from services.directory.provisioned import Client
from shared import problem_details
from shared.web import error_handlers

PREFIX = "/scim/"
MEDIA_TYPE = "application/scim+json"
_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:Error"
# Of the hub's codes, those that SCIM has a keyword for.
_SCIM_TYPES = {"malformed-json": "invalidSyntax"}


def register(app: flask.Flask) -> None:
    app.register_error_handler(errors.ScimError, _from_scim_error)
    app.register_error_handler(scim2_models.SCIMException, _from_library)
    app.register_error_handler(pydantic.ValidationError, _from_validation)

    @app.after_request
    def translate(response: flask.Response) -> flask.Response:
        if isinstance(response, error_handlers.ProblemResponse) and flask.request.path.startswith(PREFIX):
            if response.mimetype == problem_details.MEDIA_TYPE:
                response.mimetype = MEDIA_TYPE
                scim_type = _SCIM_TYPES.get(response.code, "")
                response.set_data(_body(response.status_code, response.detail, scim_type))
            _record(response)
        return response


def _record(response: error_handlers.ProblemResponse) -> None:
    """Keeps what a client with a valid token was refused; failures of ours are in the log."""
    client = flask.g.get("caller")
    if isinstance(client, Client) and response.status_code < 500:
        refusals.record(
            flask.current_app.extensions["hub"].engine,
            client=client,
            status=response.status_code,
            code=response.code,
            detail=response.detail,
        )


def _answer(
    status: int, detail: str, scim_type: str, *, code: str, headers: dict[str, str] | None = None
) -> error_handlers.ProblemResponse:
    made = error_handlers.ProblemResponse(_body(status, detail, scim_type), status=status, mimetype=MEDIA_TYPE)
    made.headers.update({"Cache-Control": "no-store", **(headers or {})})
    made.code, made.detail = code, detail
    return made


def _body(status: int, detail: str, scim_type: str) -> str:
    content: dict[str, Any] = {"schemas": [_SCHEMA], "status": str(status), "detail": detail}
    if scim_type:
        content["scimType"] = scim_type
    return json.dumps(content)


def _from_scim_error(error: errors.ScimError) -> flask.Response:
    code = error.scim_type or error.code
    return _answer(error.status, str(error), error.scim_type, code=code, headers=error.headers)


def _from_library(error: scim2_models.SCIMException) -> flask.Response:
    return _answer(error.status, error.detail, error.scim_type, code=error.scim_type or "refused")


def _from_validation(error: pydantic.ValidationError) -> flask.Response:
    """The first thing that is wrong. Values are left out: they may be personal."""
    found = scim2_models.Error.from_validation_errors(error.errors(include_input=False, include_url=False))[0]
    scim_type = found.scim_type or ""
    return _answer(found.status or 400, found.detail or "", scim_type, code=scim_type or "refused")
