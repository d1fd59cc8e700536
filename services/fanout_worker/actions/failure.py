"""Writes down why a task failed, where `message-hub status` shows it. Called by the tasks when an action raised."""

import uuid

import sqlalchemy.exc
from sqlalchemy import Engine

from services.fanout_worker.store import batches, counters, messages
from shared import log

_MAX_LENGTH = 500
_logger = log.get(__name__)


def note_failure(engine: Engine, *, message_id: uuid.UUID, seq: int | None, error: BaseException) -> None:
    """Keeps the reason with the batch, or with the message where `seq` is None. The log has it when the database is away."""
    reason = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"[:_MAX_LENGTH]
    _logger.error("a task failed", message_id=str(message_id), seq=seq, reason=reason)
    try:
        with engine.begin() as connection:
            if seq is None:
                messages.note_error(connection, message_id=message_id, error=reason)
            else:
                batches.note_error(connection, message_id=message_id, seq=seq, error=reason)
            counters.add(connection, name=counters.TASKS_FAILED)
    except sqlalchemy.exc.SQLAlchemyError as second:
        _logger.warning("the reason could not be stored", reason=type(second).__name__)
