"""The periodic work, called by the task sweep: publishes lost tasks again, completes messages, counts acknowledgements, creates and drops
partitions.

Many sweeps may run at once: the tasks they publish may run twice, and the actions they call do nothing the second time.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime

import sqlalchemy.exc

from services.fanout_worker.actions import complete, count
from services.fanout_worker.actions.context import Context
from services.fanout_worker.store import counters, messages
from services.fanout_worker.store import sweep as store
from shared import contracts, logging

# Rows per transaction.
_LIMIT = 1_000
MONTHS_AHEAD = 3
_PUBLISHED_AGAIN = {
    contracts.ExpandMessage: counters.MESSAGES_PUBLISHED_AGAIN,
    contracts.DeliverBatch: counters.BATCHES_PUBLISHED_AGAIN,
}
_logger = logging.get_logger(__name__)


def sweep_if_due(context: Context) -> None:
    """Sweeps unless another sweep began within half a period, so that sweeps that waited in the queue run once."""
    with context.engine.begin() as connection:
        is_due = counters.claim_sweep(connection, period_s=context.settings.sweep_seconds / 2)
    if is_due:
        sweep(context)


def sweep(context: Context) -> None:
    """Runs one sweep."""
    with context.engine.begin() as connection:
        now = messages.get_time(connection)
        store.keep_known_time(connection, now=now)
    at_once = context.broker.was_emptied()
    if at_once:
        context.broker.mark_filling()
    _publish_due(context, store.claim_due_messages, contracts.ExpandMessage, now=now, at_once=at_once)
    _publish_due(context, store.claim_due_batches, contracts.DeliverBatch, now=now, at_once=at_once)
    if at_once:
        context.broker.mark_filled()
    _finish(context)
    count.count_acknowledgements(context)
    keep_partitions(context)
    with context.engine.begin() as connection:
        counters.bump(connection, name=counters.SWEEPS)


def keep_partitions(context: Context) -> None:
    """Creates the partitions of this month, the next three and of every accepted message, and drops those past the retention.

    By the plausible time: a clock that jumped ahead drops nothing.
    """
    with context.engine.connect() as connection:
        today = store.get_plausible_time(connection).date()
        needed = store.list_needed_months(connection)
    for month in sorted({*needed, *(_month(today, ahead) for ahead in range(MONTHS_AHEAD + 1))}):
        _change_partitions(context, store.create_partitions, month=month)
    _change_partitions(
        context,
        store.drop_partitions,
        month=_month(today, -context.settings.retention_months),
        acknowledgement_month=_month(today, -context.settings.acknowledgement_months),
    )


def _change_partitions(context: Context, change: Callable[..., int], **months: date) -> None:
    try:
        with context.engine.begin() as connection:
            count = change(connection, **months)
    except sqlalchemy.exc.OperationalError as error:
        # A long read holds the table. The next sweep retries, so that other readers never queue behind this lock.
        _logger.warning(
            "partitions must wait", change=change.__name__, month=str(months["month"]), reason=type(error.orig).__name__
        )
    else:
        if count:
            _logger.info("partitions changed", change=change.__name__, month=str(months["month"]), count=count)


def _publish_due(
    context: Context,
    claim: Callable[..., Sequence[contracts.ExpandMessage | contracts.DeliverBatch]],
    kind: type[contracts.ExpandMessage | contracts.DeliverBatch],
    *,
    now: datetime,
    at_once: bool,
) -> None:
    """Publishes the lost tasks of this `kind` again."""
    waiting_since = context.broker.waiting_since(kind.queue)
    while True:
        with context.engine.begin() as connection:
            tasks = claim(connection, now=now, waiting_since=waiting_since, at_once=at_once, limit=_LIMIT)
            if tasks:
                counters.bump(connection, name=_PUBLISHED_AGAIN[kind], count=len(tasks))
        for task in tasks:
            _logger.warning("publishing a lost task again", task=task.task, **contracts.arguments(task))
        context.publish_all(tasks)
        if len(tasks) < _LIMIT:
            return


def _finish(context: Context) -> None:
    with context.engine.begin() as connection:
        finished = store.list_finished(connection, limit=_LIMIT)
        for message_id in store.list_recalled_in_flight(connection, limit=_LIMIT):
            messages.delete_inflight_targets(connection, message_id=message_id)
    completed = [complete.complete_message(context, message_id=message_id) for message_id in finished]
    if any(completed):
        with context.engine.begin() as connection:
            counters.bump(connection, name=counters.MESSAGES_COMPLETED, count=sum(completed))


def _month(day: date, ahead: int) -> date:
    months = day.year * 12 + day.month - 1 + ahead
    return date(months // 12, months % 12 + 1, 1)
