"""The tasks, declared whole: name, arguments, limits (the queue is part of the contract). Each body is one call to an action.

Arguments that this release does not know are ignored; a contract version that it does not know is refused and written down.
"""

import uuid
from collections.abc import Callable
from typing import Any

import celery
import kombu.exceptions
import psycopg
import redis
import sqlalchemy.exc

from services.fanout_worker.actions import deliver, expand, failure
from services.fanout_worker.actions import sweep as sweeping
from services.fanout_worker.actions.context import Context
from shared import contracts, log

# What passes by itself: tried again a few times, then left to the sweep, which never gives up.
TRANSIENT = (
    sqlalchemy.exc.OperationalError,
    psycopg.OperationalError,
    sqlalchemy.exc.TimeoutError,
    kombu.exceptions.OperationalError,
    redis.RedisError,
)

OPTIONS: dict[str, Any] = {
    "shared": False,  # of this app only, not of every Celery app in the process
    "acks_late": True,
    "reject_on_worker_lost": True,
    "autoretry_for": TRANSIENT,
    "max_retries": 5,
    "retry_backoff": 1,
    "retry_backoff_max": 30,
    "retry_jitter": True,
    "soft_time_limit": 70,
    "time_limit": 90,
    "ignore_result": True,
}


class UnknownVersionError(Exception):
    """A task of a newer release than this worker; the sweep publishes it again as this release knows it."""


def register(app: celery.Celery, context: Callable[[], Context]) -> None:
    """Declares the tasks on `app`. `context` answers what this process works with."""

    @app.task(name=contracts.ExpandMessage.task, **OPTIONS)
    def expand_message(*, message_id: str, request_id: str, version: int, **_future: Any) -> None:
        _run(context(), expand.expand_message, message_id, None, request_id, version)

    @app.task(name=contracts.DeliverBatch.task, **OPTIONS)
    def deliver_batch(*, message_id: str, seq: int, request_id: str, version: int, **_future: Any) -> None:
        _run(context(), deliver.deliver_batch, message_id, seq, request_id, version)

    @app.task(name=contracts.Sweep.task, **{**OPTIONS, "autoretry_for": ()})
    def sweep(**_future: Any) -> None:
        log.clear()
        sweeping.sweep(context())


def _run(
    context: Context, action: Callable[..., None], message_id: str, seq: int | None, request_id: str, version: int
) -> None:
    log.clear()
    log.bind(request_id=request_id)
    which = {"message_id": uuid.UUID(message_id)} | ({} if seq is None else {"seq": seq})
    try:
        if version != contracts.VERSION:
            raise UnknownVersionError(f"contract version {version}, this worker knows {contracts.VERSION}")
        action(context, **which)
    except Exception as error:
        failure.note_failure(context.engine, message_id=uuid.UUID(message_id), seq=seq, error=error)
        raise
