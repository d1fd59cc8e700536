"""Writes the entries of one batch. Called by the task deliver_batch."""

import uuid

from services.fanout_worker.actions import complete
from services.fanout_worker.actions.context import Context
from services.fanout_worker.domain import batching
from services.fanout_worker.store import batches, messages
from shared import logging

_logger = logging.get_logger(__name__)


def deliver_batch(context: Context, *, message_id: uuid.UUID, seq: int) -> None:
    """Claims the batch, writes its entries and marks it delivered in one transaction, so a batch is written exactly once.

    Does nothing if the batch is delivered or locked by another worker, or if the message is recalled.
    """
    with context.engine.begin() as connection:
        batch = batches.claim_batch(connection, message_id=message_id, seq=seq)
        message = messages.find_message(connection, message_id=message_id)
        if batch is not None and message is not None and not message.is_recalled:
            written = batches.insert_entries(
                connection, message_id=message_id, sent_at=message.sent_at, of=message.audience, batch=batch
            )
            batching.check_written(batch, written)
            batches.mark_delivered(connection, message_id=message_id, seq=seq)
            _logger.debug("batch delivered", message_id=str(message_id), seq=seq, recipients=written)
    complete.complete_message(context, message_id=message_id)
