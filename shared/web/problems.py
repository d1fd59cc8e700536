"""Turns every error into `application/problem+json` (RFC 9457). The one place where that happens; an unknown error leaks nothing."""

import json

import flask
import psycopg
import sqlalchemy.exc
from werkzeug import exceptions

from shared import errors, logging
from shared.web import parsing

MEDIA_TYPE = "application/problem+json"
_TYPE_PREFIX = "urn:message-hub:error:"
_BY_STATUS = {
    400: "bad-request",
    404: "not-found",
    405: "method-not-allowed",
    413: "payload-too-large",
    415: "unsupported-media-type",
}
# Where Flask's own words are for people in front of a browser.
_DETAILS = {
    404: errors.nowhere().detail,
    413: f"Send at most {parsing.MAX_BODY_BYTES // 1024} KiB.",
}
# A standby that is not promoted yet, and a transaction that the server ended because nothing came for too long.
_PASSING = (psycopg.errors.ReadOnlySqlTransaction, psycopg.errors.IdleInTransactionSessionTimeout)
_logger = logging.get_logger(__name__)


def register(app: flask.Flask) -> None:
    app.register_error_handler(errors.HubError, _from_hub_error)
    app.register_error_handler(exceptions.HTTPException, _from_http_exception)
    app.register_error_handler(sqlalchemy.exc.TimeoutError, _from_full_pool)
    app.register_error_handler(sqlalchemy.exc.OperationalError, _from_database)
    app.register_error_handler(psycopg.OperationalError, _from_driver)
    app.register_error_handler(sqlalchemy.exc.InternalError, _from_session)
    app.register_error_handler(Exception, _from_unknown)


class Answer(flask.Response):
    """A refusal; `code` is its code of the catalogue."""

    code = ""


def response(error: errors.HubError) -> Answer:
    body = {
        "type": _TYPE_PREFIX + error.code,
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "code": error.code,
    }
    if error.errors is not None:
        body["errors"] = error.errors
    # In plain ASCII: a client's own field names stand in it, and half of a surrogate pair could not be sent otherwise.
    answer = Answer(json.dumps(body), status=error.status, mimetype=MEDIA_TYPE)
    answer.code = error.code
    answer.headers.update(error.headers)
    answer.headers["Cache-Control"] = "no-store"
    if error.status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def _from_hub_error(error: errors.HubError) -> flask.Response:
    return response(error)


def _from_http_exception(error: exceptions.HTTPException) -> flask.typing.ResponseReturnValue:
    status = error.code or 500
    if status < 400:
        return error.get_response()  # a redirect that werkzeug made is already an answer
    if status >= 500:
        return _from_unknown(error)
    known = errors.HubError(_BY_STATUS.get(status, "bad-request"), _DETAILS.get(status, str(error.description)))
    known.status = status
    answer = response(known)
    if isinstance(error, exceptions.MethodNotAllowed) and error.valid_methods:
        answer.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return answer


def _from_full_pool(_error: sqlalchemy.exc.TimeoutError) -> flask.Response:
    _logger.warning("no database connection was free in time")
    return response(errors.unavailable("All database connections are busy."))


def _from_database(error: sqlalchemy.exc.DBAPIError) -> flask.Response:
    return _from_driver(error.orig)


def _from_driver(error: BaseException | None) -> flask.Response:
    # Away, restarting, too slow, or a lock not free in time: all pass by themselves. The driver's text names no values.
    _logger.error("the database did not serve a request", reason=_first_line(error))
    return response(errors.unavailable("The database cannot serve this right now."))


def _from_session(error: sqlalchemy.exc.InternalError) -> flask.Response:
    if isinstance(error.orig, _PASSING):
        return _from_database(error)
    return _from_unknown(error)


def _from_unknown(_error: Exception) -> flask.Response:
    _logger.exception("a request failed")
    return response(
        errors.HubError("internal-error", "The request failed; its X-Request-ID finds the reason in the logs.")
    )


def _first_line(error: BaseException | None) -> str:
    if isinstance(error, psycopg.Error) and error.sqlstate:
        return f"{type(error).__name__} {error.sqlstate}"
    return str(error).partition("\n")[0]
