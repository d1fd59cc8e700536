"""Answers every exception of a Flask app with problem details."""

import flask
from werkzeug import exceptions

from shared import errors, problem_details

_BY_STATUS = {
    400: "bad-request",
    404: "not-found",
    405: "method-not-allowed",
    413: "payload-too-large",
    415: "unsupported-media-type",
}
# Flask's own descriptions are for people in front of a browser.
_DETAILS = {404: errors.nowhere().detail}


class ProblemResponse(flask.Response):
    """Problem details; `code` is their code of the catalogue, `detail` their sentence."""

    code = detail = ""


def register(app: flask.Flask) -> None:
    app.register_error_handler(exceptions.HTTPException, _from_http_exception)
    app.register_error_handler(Exception, _from_exception)


def response(error: errors.HubError) -> ProblemResponse:
    made = ProblemResponse(
        problem_details.body(error),
        status=error.status,
        mimetype=problem_details.MEDIA_TYPE,
        headers=problem_details.headers(error),
    )
    made.code, made.detail = error.code, error.detail
    return made


def _from_exception(error: Exception) -> flask.Response:
    return response(problem_details.from_exception(error))


def _from_http_exception(error: exceptions.HTTPException) -> flask.typing.ResponseReturnValue:
    status = error.code or 500
    if status < 400:
        return error.get_response()  # a redirect that werkzeug made
    if status >= 500:
        return _from_exception(error)
    detail = _DETAILS.get(status, str(error.description))
    if status == 413 and (limit := flask.request.max_content_length):
        detail = f"Send at most {limit // 1024} KiB."
    known = errors.HubError(_BY_STATUS.get(status, "bad-request"), detail)
    known.status = status
    made = response(known)
    if isinstance(error, exceptions.MethodNotAllowed) and error.valid_methods:
        made.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return made
