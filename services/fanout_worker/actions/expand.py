"""Cuts a message's audience into batches. Called by the task expand_message until the whole audience is cut.

Each run cuts for at most one step (50 ms) and then publishes the task again at the end of the queue, so that a small message never
waits for the cutting of a large one. The batches in fanout_batches are the only record of the progress.
"""

import time
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import Connection

from services.fanout_worker.actions import complete
from services.fanout_worker.actions.context import Context
from services.fanout_worker.domain import batching
from services.fanout_worker.domain.model import Batch, Message, Progress
from services.fanout_worker.store import batches as batch_store
from services.fanout_worker.store import messages
from shared import audience, contracts, db, logging

_logger = logging.get_logger(__name__)


def expand_message(context: Context, *, message_id: uuid.UUID) -> None:
    """Cuts the next step of the audience. Delivers an audience of one batch at once."""
    with context.engine.begin() as connection:
        if not db.try_lock(connection, purpose="expand", key=message_id):
            return  # another worker expands it
        message = messages.find_message(connection, message_id=message_id)
        if message is None or message.is_recalled or message.recipient_count is not None:
            return
        progress = batch_store.get_progress(connection, message_id=message_id)
        cut = _cut(context, connection, message, progress)
        batches = cut.batches
        now = messages.get_time(connection)
        total = progress.recipient_count + sum(batch.recipient_count for batch in batches)
        delivered_here = cut.is_whole and not progress.batch_count and len(batches) <= 1
        if delivered_here:
            _deliver_here(connection, message, batches, now)
        else:
            batch_store.insert_batches(connection, message_id=message_id, batches=batches, now=now)
            counted = total if cut.is_whole else None
            messages.mark_sending(connection, message_id=message_id, recipient_count=counted, now=now)
    if delivered_here:
        context.reporter.observe_sent((now - message.sent_at).total_seconds())
        _logger.info("message sent", message_id=str(message_id), recipients=total)
        return
    request_id = message.request_id
    tasks: list[contracts.Contract] = [
        contracts.DeliverBatch(message_id=str(message_id), seq=batch.seq, request_id=request_id, published_at=now)
        for batch in batches
    ]
    if not cut.is_whole:
        tasks.append(contracts.ExpandMessage(message_id=str(message_id), request_id=request_id, published_at=now))
    context.publish_all(tasks)
    if cut.is_whole:
        _logger.info(
            "audience cut", message_id=str(message_id), recipients=total, batches=progress.batch_count + len(batches)
        )
        complete.complete_message(context, message_id=message_id)  # all batches may be delivered already


def _cut(context: Context, connection: Connection, message: Message, progress: Progress) -> batching.Cut:
    return batching.cut(
        lambda after, up_to, limit: messages.count_slice(
            connection, of=message.audience, after_user_id=after, up_to_user_id=up_to, limit=limit
        ),
        first_seq=progress.batch_count + 1,
        after_user_id=progress.up_to_user_id,
        last_user_id=messages.get_last_user_id(connection),
        batch_size=batching.size(
            messages.estimate_recipients(connection, message_id=message.id), largest=context.settings.batch_size
        ),
        is_time_up=_timer(context.settings.expand_step_ms),
        widest=audience.LAST_USER if message.audience.follow_up_id is None else context.settings.batch_size,
    )


def _timer(milliseconds: int) -> Callable[[], bool]:
    end = time.monotonic() + milliseconds / 1000
    return lambda: time.monotonic() >= end


def _deliver_here(connection: Connection, message: Message, batches: Sequence[Batch], now: datetime) -> None:
    """Writes an audience of at most one batch in the open transaction: entries, batch and status."""
    for batch in batches:
        written = batch_store.insert_entries(
            connection, message_id=message.id, sent_at=message.sent_at, of=message.audience, batch=batch
        )
        batching.check_written(batch, written)
    batch_store.insert_batches(connection, message_id=message.id, batches=batches, now=now, delivered_at=now)
    messages.delete_inflight_targets(connection, message_id=message.id)
    total = sum(batch.recipient_count for batch in batches)
    messages.mark_sent(connection, message_id=message.id, recipient_count=total, now=now)
