"""Structured logs: JSON lines, or coloured ones on a terminal. Never a body, a token or the parameters of a statement.

`bind` and `clear` attach what is known of the request or task at hand (its request id first) to every line until cleared.
"""

import functools
import io
import logging
import re
import sys
from typing import Any, TextIO

import structlog

from shared import settings

# What follows quotes the row that PostgreSQL did not take: in one error, and in a traceback of several, one caused by the other.
_DETAIL = "\nDETAIL:"
_DETAIL_OF_ONE = re.compile(_DETAIL + r".*?(?=\n\n(?:The above exception|During handling)|\Z)", re.DOTALL)

bind = structlog.contextvars.bind_contextvars
clear = structlog.contextvars.clear_contextvars
get_logger = structlog.get_logger


class _Logger(structlog.WriteLogger):
    """`name` is what `add_logger_name` reads."""

    def __init__(self, file: TextIO, name: str) -> None:
        super().__init__(file)
        self.name = name


def configure(log: settings.Log, *, service: str) -> None:
    """Sets up structlog, and writes what the standard library's loggers log (Celery, Granian, SQLAlchemy) in the same way.

    Lines of our own do not pass through those loggers: that took 59 µs for a line, now 19.
    """
    console = log.format == "console" or (log.format == "auto" and sys.stderr.isatty())
    last = [_console()] if console else _json()
    structlog.configure(
        processors=[*_steps(service), *last],
        wrapper_class=structlog.make_filtering_bound_logger(log.level),
        logger_factory=functools.partial(_Logger, sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter(service, last))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(log.level.upper())
    # Celery's own "Task … received/succeeded" lines repeat what the actions log with the message's id.
    for noisy in ("celery.worker.strategy", "celery.app.trace", "alembic.runtime.plugins"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def json_formatter(service: str) -> logging.Formatter:
    """For programs that set up their own loggers (Granian): the same JSON lines."""
    return _formatter(service, _json())


def _json() -> list[Any]:
    return [structlog.processors.ExceptionRenderer(_traceback), structlog.processors.JSONRenderer()]


def _console() -> structlog.dev.ConsoleRenderer:
    return structlog.dev.ConsoleRenderer(exception_formatter=_write_traceback)


def _write_traceback(written: TextIO, exc_info: Any) -> None:
    """A plain traceback: the usual ones show local variables, among them bodies and tokens."""
    whole = io.StringIO()
    structlog.dev.plain_traceback(whole, exc_info)
    written.write(_DETAIL_OF_ONE.sub("", whole.getvalue()))


def _traceback(exc_info: Any) -> list[dict[str, Any]]:
    """A traceback without local variables."""
    found = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)(exc_info)
    return [{**error, "exc_value": error["exc_value"].partition(_DETAIL)[0]} for error in found]


def _formatter(service: str, last: list[Any]) -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_steps(service),
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
    )


def _steps(service: str) -> list[Any]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_service(service),
    ]


def _add_service(service: str) -> Any:
    def add(_logger: Any, _method: str, event: Any) -> Any:
        event.setdefault("service", service)
        return event

    return add
