"""Sets a message to `sent` once all its entries are written. Called after each commit that may have been the last."""

import uuid

from services.fanout_worker.actions.context import Context
from services.fanout_worker.store import batches, messages
from shared import db, logging

_logger = logging.get_logger(__name__)


def complete_message(context: Context, *, message_id: uuid.UUID) -> bool:
    """Returns whether this call set the message to `sent`.

    Needs a transaction of its own: in the transactions of the last two batches, each would see the other as undelivered. The UPDATE
    comes last, because on Citus it blocks all other writes to messages. Nearly always the first statement finds a batch and ends it.
    """
    with db.autocommit(context.engine) as driver:
        if batches.has_undelivered(driver, message_id=message_id):
            return False
    with context.engine.begin() as connection:
        message = messages.find_message(connection, message_id=message_id)
        if message is None or message.is_recalled or message.status != "sending" or message.recipient_count is None:
            return False
        progress = batches.get_progress(connection, message_id=message_id)
        if progress.undelivered_count:
            return False
        messages.delete_inflight_targets(connection, message_id=message_id)
        now = messages.get_time(connection)
        completed = messages.mark_sent(
            connection, message_id=message_id, recipient_count=progress.recipient_count, now=now
        )
    if completed:
        context.reporter.observe_sent((now - message.sent_at).total_seconds())
        _logger.info("message sent", message_id=str(message_id), recipients=progress.recipient_count)
    return completed
