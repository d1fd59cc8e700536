"""Records why a task failed, for `message-hub status`. Called by the tasks when an action raises, and by the worker for tasks that it
does not know.
"""

import uuid
from collections.abc import Mapping
from typing import Any

import sqlalchemy.exc
from sqlalchemy import Engine

from services.fanout_worker.actions.context import Context
from services.fanout_worker.store import batches, counters, messages
from shared import contracts, logging

_MAX_LENGTH = 500
_REFUSALS = (contracts.UnknownVersionError, contracts.UnreadableError)
_logger = logging.get_logger(__name__)


def record_failure(context: Context, *, task: str, given: Mapping[str, Any], error: BaseException) -> None:
    """Stores the reason with the batch or message that the arguments `given` name, also those of another release.

    A task that was refused is also counted as refused. If PostgreSQL is unavailable, the reason is in the log only.
    """
    reason = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"[:_MAX_LENGTH]
    message_id, seq = _message_id(given), given.get("seq")
    _logger.error("a task failed", task=task, message_id=message_id and str(message_id), seq=seq, reason=reason)
    try:
        with context.engine.begin() as connection:
            if message_id is not None and type(seq) is int:
                batches.mark_failed(connection, message_id=message_id, seq=seq, error=reason)
            elif message_id is not None:
                messages.mark_failed(connection, message_id=message_id, error=reason)
            if isinstance(error, _REFUSALS):
                counters.bump(connection, name=counters.TASKS_REFUSED, detail=f"{task}, {reason}")
    except sqlalchemy.exc.SQLAlchemyError as second:
        _logger.warning("the reason could not be stored", reason=type(second).__name__)


def record_refusal(engine: Engine, *, what: str, reason: str) -> None:
    """Counts a task of an unknown name, or an item of a queue that is no message."""
    try:
        with engine.begin() as connection:
            counters.bump(connection, name=counters.TASKS_REFUSED, detail=f"{what}, {reason}"[:_MAX_LENGTH])
    except sqlalchemy.exc.SQLAlchemyError as error:
        _logger.warning("the refusal could not be counted", reason=type(error).__name__)


def _message_id(given: Mapping[str, Any]) -> uuid.UUID | None:
    try:
        return uuid.UUID(given["message_id"])
    except (KeyError, ValueError, TypeError, AttributeError):
        return None
