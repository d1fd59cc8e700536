"""Structured logs: JSON lines, or coloured ones on a terminal. Never a body, a token or the parameters of a statement.

`bind` and `clear` attach what is known of the request or task at hand (its request id first) to every line until cleared.
"""

import logging
import sys
from typing import Any

import structlog

from shared import settings

bind = structlog.contextvars.bind_contextvars
clear = structlog.contextvars.clear_contextvars
get = structlog.get_logger


def configure(log: settings.Log, *, service: str) -> None:
    """Sets up structlog and routes the standard library's loggers (Celery, Granian, SQLAlchemy) through it."""
    console = log.format == "console" or (log.format == "auto" and sys.stderr.isatty())
    shared_steps: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_service(service),
    ]
    last: list[Any] = (
        [structlog.dev.ConsoleRenderer()]
        if console
        else [structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer()]
    )
    structlog.configure(
        processors=[*shared_steps, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared_steps,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(log.level.upper())
    # Celery's own "Task … received/succeeded" lines repeat what the actions log with the message's id.
    for noisy in ("celery.worker.strategy", "celery.app.trace", "alembic.runtime.plugins"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _add_service(service: str) -> Any:
    def add(_logger: Any, _method: str, event: Any) -> Any:
        event.setdefault("service", service)
        return event

    return add
