"""The periodic repair: publishes again what was lost, says what is finished, looks after partitions. Called by the task sweep.

Safe to run many times at once: it only publishes tasks that may run twice, and calls actions that do nothing the second time.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import TypeVar

import sqlalchemy.exc

from services.fanout_worker.actions import complete
from services.fanout_worker.actions.context import Context
from services.fanout_worker.store import counters, messages, upkeep
from shared import contracts, logging

# How many are taken in one transaction.
_LIMIT = 1_000
MONTHS_AHEAD = 3
_PUBLISHED_AGAIN = {
    contracts.ExpandMessage: counters.MESSAGES_PUBLISHED_AGAIN,
    contracts.DeliverBatch: counters.BATCHES_PUBLISHED_AGAIN,
}
Due = TypeVar("Due", upkeep.DueMessage, upkeep.DueBatch)
_logger = logging.get_logger(__name__)


def sweep_if_due(context: Context) -> None:
    """Sweeps unless another sweep began within half a period: sweeps that waited together in the queue are one."""
    with context.engine.begin() as connection:
        is_due = counters.begin_sweep(connection, period_s=context.settings.sweep_seconds / 2)
    if is_due:
        sweep(context)


def sweep(context: Context) -> None:
    """One round of everything."""
    with context.engine.connect() as connection:
        now = messages.get_time(connection)
    at_once = context.broker.was_emptied()
    if at_once:
        context.broker.mark_filling()
    _publish_due(context, upkeep.claim_due_messages, _expand, contracts.ExpandMessage, now=now, at_once=at_once)
    _publish_due(context, upkeep.claim_due_batches, _deliver, contracts.DeliverBatch, now=now, at_once=at_once)
    if at_once:
        context.broker.mark_filled()
    _finish(context)
    keep_partitions(context)
    with context.engine.begin() as connection:
        counters.add(connection, name=counters.SWEEPS)


def keep_partitions(context: Context) -> None:
    """This month's partitions and three more exist; those past the retention are gone."""
    with context.engine.connect() as connection:
        today = messages.get_time(connection).date()
    for ahead in range(MONTHS_AHEAD + 1):
        _change_partitions(context, upkeep.create_partitions, _month(today, ahead))
    _change_partitions(context, upkeep.drop_partitions, _month(today, -context.settings.retention_months))


def _change_partitions(context: Context, change: Callable[..., int], month: date) -> None:
    try:
        with context.engine.begin() as connection:
            count = change(connection, month=month)
    except sqlalchemy.exc.OperationalError as error:
        # Somebody reads the table for long: the next sweep tries again, so that readers never queue behind the lock.
        _logger.warning(
            "partitions must wait", change=change.__name__, month=str(month), reason=type(error.orig).__name__
        )
    else:
        if count:
            _logger.info("partitions changed", change=change.__name__, month=str(month), count=count)


def _publish_due(
    context: Context,
    claim: Callable[..., Sequence[Due]],
    as_task: Callable[[Due], contracts.ExpandMessage | contracts.DeliverBatch],
    kind: type[contracts.ExpandMessage | contracts.DeliverBatch],
    *,
    now: datetime,
    at_once: bool,
) -> None:
    """Publishes again all that `claim` finds due and whose task, of this `kind`, does not merely wait in its queue."""
    waiting_since = context.broker.waiting_since(kind.queue)
    while True:
        with context.engine.begin() as connection:
            due = claim(connection, now=now, waiting_since=waiting_since, at_once=at_once, limit=_LIMIT)
            if due:
                counters.add(connection, name=_PUBLISHED_AGAIN[kind], count=len(due))
        tasks = [as_task(one) for one in due]
        for task in tasks:
            _logger.warning("publishing again what was lost", task=task.task, **contracts.arguments(task))
        context.publish_all(tasks)
        if len(due) < _LIMIT:
            return


def _expand(due: upkeep.DueMessage) -> contracts.ExpandMessage:
    return contracts.ExpandMessage(message_id=str(due.message_id), request_id=due.request_id)


def _deliver(due: upkeep.DueBatch) -> contracts.DeliverBatch:
    return contracts.DeliverBatch(message_id=str(due.message_id), seq=due.seq, request_id=due.request_id)


def _finish(context: Context) -> None:
    with context.engine.begin() as connection:
        finished = upkeep.find_finished(connection, limit=_LIMIT)
        for message_id in upkeep.find_recalled_in_flight(connection, limit=_LIMIT):
            messages.delete_inflight_targets(connection, message_id=message_id)
    completed = [complete.complete_message(context.engine, message_id=message_id) for message_id in finished]
    if any(completed):
        with context.engine.begin() as connection:
            counters.add(connection, name=counters.MESSAGES_COMPLETED, count=sum(completed))


def _month(day: date, ahead: int) -> date:
    months = day.year * 12 + day.month - 1 + ahead
    return date(months // 12, months % 12 + 1, 1)
