"""Cuts a message's audience into batches. Called by the task expand_message, as often as it takes.

Each run works for at most a step (50 ms) and then puts itself at the end of the queue, so that a small message never waits
behind the cutting of a large one. Where the cutting stands is in fanout_batches, nowhere else.
"""

import time
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import Connection

from services.fanout_worker import batching
from services.fanout_worker.actions import complete
from services.fanout_worker.actions.context import Context
from services.fanout_worker.store import batches as batch_store
from services.fanout_worker.store import messages
from shared import contracts, db, logging

_logger = logging.get_logger(__name__)


def expand_message(context: Context, *, message_id: uuid.UUID) -> None:
    """Takes the message one step further: nothing to do, delivered whole, cut to the end, or cut a little further."""
    with context.engine.begin() as connection:
        if not db.try_lock(connection, purpose="expand", key=message_id):
            return  # another worker is at it
        message = messages.find_message(connection, message_id=message_id)
        if message is None or message.is_recalled or message.recipient_count is not None:
            return
        progress = batch_store.get_progress(connection, message_id=message_id)
        cut = _cut(context, connection, message, progress.up_to_user_id)
        batches = cut.batches
        now = messages.get_time(connection)
        first_seq = progress.batch_count + 1
        delivered_here = cut.is_whole and first_seq == 1 and len(batches) <= 1
        if delivered_here:
            total = _deliver_here(connection, message, batches, now)
        else:
            batch_store.insert_batches(connection, message_id=message_id, first_seq=first_seq, batches=batches, now=now)
            total = batch_store.get_totals(connection, message_id=message_id).recipient_count
            counted = total if cut.is_whole else None
            messages.mark_sending(connection, message_id=message_id, recipient_count=counted, now=now)
    if delivered_here:
        _logger.info("message sent", message_id=str(message_id), recipients=total)
        return
    request_id = message.request_id
    tasks: list[contracts.Contract] = [
        contracts.DeliverBatch(message_id=str(message_id), seq=seq, request_id=request_id)
        for seq in range(first_seq, first_seq + len(batches))
    ]
    if not cut.is_whole:
        tasks.append(contracts.ExpandMessage(message_id=str(message_id), request_id=request_id))
    context.publish_all(tasks)
    if cut.is_whole:
        _logger.info("audience cut", message_id=str(message_id), recipients=total, batches=first_seq + len(batches) - 1)
        complete.complete_message(context.engine, message_id=message_id)  # every batch may have been quicker than this


def _cut(context: Context, connection: Connection, message: messages.Message, after_user_id: int) -> batching.Cut:
    return batching.cut(
        lambda after, up_to, limit: messages.measure(
            connection, of=message.audience, after_user_id=after, up_to_user_id=up_to, limit=limit
        ),
        after_user_id=after_user_id,
        last_user_id=messages.get_last_user_id(connection),
        batch_size=batching.size(
            messages.estimate_recipients(connection, message_id=message.id), largest=context.settings.batch_size
        ),
        is_time_up=_timer(context.settings.expand_step_ms),
    )


def _timer(milliseconds: int) -> Callable[[], bool]:
    end = time.monotonic() + milliseconds / 1000
    return lambda: time.monotonic() >= end


def _deliver_here(
    connection: Connection, message: messages.Message, batches: Sequence[batching.Batch], now: datetime
) -> int:
    """An audience of at most one batch: entries, batch and status in the one transaction that is open already. How many people."""
    for batch in batches:
        written = batch_store.insert_entries(
            connection, message_id=message.id, sent_at=message.sent_at, of=message.audience, batch=batch
        )
        batching.check_written(batch, written)
        batch_store.insert_batches(
            connection, message_id=message.id, first_seq=1, batches=[batch], now=now, delivered_at=now
        )
    messages.delete_inflight_targets(connection, message_id=message.id)
    total = sum(batch.recipient_count for batch in batches)
    messages.mark_sent(connection, message_id=message.id, recipient_count=total, now=now)
    return total
