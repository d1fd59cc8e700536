"""Errors as problem details (RFC 9457), without a web framework. shared/web and the live stream make their responses with it."""

import json
from typing import Any

import sqlalchemy.exc

from shared import database_errors, errors, logging

MEDIA_TYPE = "application/problem+json"
_TYPE_PREFIX = "urn:message-hub:error:"
_logger = logging.get_logger(__name__)


def body(error: errors.HubError) -> str:
    """The JSON of the response. In ASCII: it may repeat a client's field names, and half a surrogate pair is not UTF-8."""
    content: dict[str, Any] = {
        "type": _TYPE_PREFIX + error.code,
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "code": error.code,
    }
    if error.errors is not None:
        content["errors"] = error.errors
    if error.message_id is not None:
        content["message_id"] = error.message_id
    return json.dumps(content)


def headers(error: errors.HubError) -> dict[str, str]:
    """The headers of the response, beside Content-Type."""
    authenticate = {"WWW-Authenticate": "Bearer"} if error.status == 401 else {}
    return {**error.headers, "Cache-Control": "no-store", **authenticate}


def from_exception(error: Exception) -> errors.HubError:
    """The error to answer with; logs what an operator has to know. Nothing of an unknown exception gets into the response."""
    match error:
        case errors.HubError():
            return error
        case sqlalchemy.exc.TimeoutError():
            _logger.warning("no database connection was free in time")
            return errors.unavailable("All database connections are busy.")
        case _ if database_errors.sqlstate(error) == database_errors.CLOCK_IS_WRONG:
            _logger.error("PostgreSQL's clock is wrong, so no message is accepted")
            return errors.unavailable("The clock of the hub is wrong; an operator has to correct it.", retry_after_s=60)
        case _ if database_errors.is_passing(error):
            _logger.error("the database did not serve a request", reason=database_errors.reason(error))
            return errors.unavailable("The database cannot serve this right now.")
    _logger.error("a request failed", exc_info=error)
    return errors.HubError("internal-error", "The request failed; its X-Request-ID finds the reason in the logs.")
