"""Which errors of PostgreSQL pass by themselves: a later attempt may succeed. APIs answer them with 503, workers retry."""

import contextlib
from collections.abc import Iterator

import psycopg
import sqlalchemy.exc

from shared import logging

# The classes of exceptions that may pass, of SQLAlchemy and of the driver.
CLASSES = (
    sqlalchemy.exc.TimeoutError,  # no connection of the pool was free in time
    sqlalchemy.exc.OperationalError,
    sqlalchemy.exc.InterfaceError,
    sqlalchemy.exc.InternalError,
    psycopg.OperationalError,
    psycopg.InterfaceError,
    psycopg.InternalError,
)
# SQLSTATEs and their first two characters (PostgreSQL, appendix A).
_PASSING = {
    "08": "the connection failed",
    "25006": "the server is a standby, or default_transaction_read_only is on",
    "25P03": "the transaction was idle for too long",
    "25P04": "the transaction took too long",
    "40": "a deadlock, or a conflict with another transaction",
    "53": "no disk space, memory or connection is left",
    "55": "a lock was not free in time, or an object is in use",
    "57": "the server stops or starts, or the statement took too long",
    "58": "the server's system failed",
}
# Of class 55; next_sent_at raises it.
CLOCK_IS_WRONG = "55CLK"

_logger = logging.get_logger(__name__)


def is_passing(error: BaseException) -> bool:
    state = sqlstate(error)
    if state == psycopg.errors.CheckViolation.sqlstate:
        # Without the name of a constraint, the month of the message has no partition: the next sweep creates it.
        return getattr(error, "orig", error).diag.constraint_name is None  # type: ignore[union-attr]
    if state is not None:
        return state in _PASSING or state[:2] in _PASSING
    return isinstance(error, CLASSES) and not isinstance(error, sqlalchemy.exc.InternalError | psycopg.InternalError)


def sqlstate(error: BaseException) -> str | None:
    """The five characters with which PostgreSQL names an error; None where the error is the driver's."""
    return getattr(getattr(error, "orig", error), "sqlstate", None)


def reason(error: BaseException) -> str:
    """For a log line: the driver's class and the SQLSTATE, else the driver's own text, which names no values."""
    original = getattr(error, "orig", None) or error
    state = sqlstate(error)
    return f"{type(original).__name__} {state}" if state else str(original).partition("\n")[0]


@contextlib.contextmanager
def logged(event: str) -> Iterator[None]:
    """An error that passes ends the block with one log line instead of an exception."""
    try:
        yield
    except CLASSES as error:
        if not is_passing(error):
            raise
        _logger.warning(event, reason=reason(error))
