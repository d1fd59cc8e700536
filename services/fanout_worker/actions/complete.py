"""Says that a message is sent, once that is true. Called after a commit that may have been the last one missing."""

import uuid

from sqlalchemy import Engine

from services.fanout_worker.store import batches, messages
from shared import db, logging

_logger = logging.get_logger(__name__)


def complete_message(engine: Engine, *, message_id: uuid.UUID) -> bool:
    """Whether the message became `sent` here.

    A transaction of its own: inside the one that wrote the last batch, two last batches would each see the other undone.
    The UPDATE comes last, because on Citus it blocks every other write to messages. Nearly always a batch is left, and one
    small statement has told so.
    """
    with db.autocommit(engine) as driver:
        if batches.has_undelivered(driver, message_id=message_id):
            return False
    with engine.begin() as connection:
        message = messages.find_message(connection, message_id=message_id)
        if message is None or message.is_recalled or message.status != "sending" or message.recipient_count is None:
            return False
        totals = batches.get_totals(connection, message_id=message_id)
        if totals.undelivered:
            return False
        messages.delete_inflight_targets(connection, message_id=message_id)
        completed = messages.mark_sent(
            connection,
            message_id=message_id,
            recipient_count=totals.recipient_count,
            now=messages.get_time(connection),
        )
    if completed:
        _logger.info("message sent", message_id=str(message_id), recipients=totals.recipient_count)
    return completed
