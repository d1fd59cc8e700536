"""Errors as problem details (RFC 9457), without a web framework. shared/web and the live stream make their responses with it."""

import json
from typing import Any

import psycopg
import sqlalchemy.exc

from shared import errors, logging

MEDIA_TYPE = "application/problem+json"
_TYPE_PREFIX = "urn:message-hub:error:"
# A standby that is not promoted yet, and a transaction that the server ended because it was idle for too long.
_PASSING = (psycopg.errors.ReadOnlySqlTransaction, psycopg.errors.IdleInTransactionSessionTimeout)
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
        case sqlalchemy.exc.OperationalError() | psycopg.OperationalError():
            return _database_unavailable(error)
        case sqlalchemy.exc.InternalError(orig=orig) if isinstance(orig, _PASSING):
            return _database_unavailable(error)
    _logger.error("a request failed", exc_info=error)
    return errors.HubError("internal-error", "The request failed; its X-Request-ID finds the reason in the logs.")


def _database_unavailable(error: Exception) -> errors.HubError:
    # Unreachable, restarting, too slow, or a lock not free in time: a retry may succeed. The driver's text names no values.
    original = getattr(error, "orig", error)
    state = getattr(original, "sqlstate", None)
    reason = f"{type(original).__name__} {state}" if state else str(original).partition("\n")[0]
    _logger.error("the database did not serve a request", reason=reason)
    return errors.unavailable("The database cannot serve this right now.")
