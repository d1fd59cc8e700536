"""The tasks: name, arguments, limits (the queue is part of the contract). Each body is one call to an action.

Unknown arguments are ignored; an unknown contract version is refused and recorded.
"""

import contextlib
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import celery
import kombu.exceptions
import redis
from celery import exceptions

from services.fanout_worker.actions import deliver, expand, failure
from services.fanout_worker.actions import sweep as sweeping
from services.fanout_worker.actions.context import Context
from shared import contracts, database_errors, logging

# Errors that pass: Celery retries a few times, then the sweep publishes the task again, without end.
TRANSIENT = (*database_errors.CLASSES, kombu.exceptions.OperationalError, redis.RedisError)

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


def register(app: celery.Celery, context: Callable[[], Context]) -> None:
    """Declares the tasks on `app`. `context` returns this process's dependencies.

    The tasks accept any arguments and check them themselves, so that a task of another release fails where an operator sees it.
    """

    @app.task(name=contracts.ExpandMessage.task, **OPTIONS)
    def expand_message(**given: Any) -> None:
        errors = [_expand(context(), one) for one in given.get(contracts.EACH, [given])]
        for error in filter(None, errors):
            raise error

    @app.task(name=contracts.DeliverBatch.task, **OPTIONS)
    def deliver_batch(**given: Any) -> None:
        with _recording(context(), contracts.DeliverBatch, given) as task:
            deliver.deliver_batch(context(), message_id=uuid.UUID(task.message_id), seq=task.seq)

    @app.task(name=contracts.Sweep.task, **{**OPTIONS, "autoretry_for": ()})
    def sweep(**_given: Any) -> None:
        # Of any version: a sweep has no arguments that matter.
        logging.clear()
        with database_errors.logged("the sweep waits for the database"), _counting(context()):
            sweeping.sweep_if_due(context())


def _expand(context: Context, given: dict[str, Any]) -> Exception | None:
    """Returns an error, so that the other messages of the same task are expanded all the same."""
    try:
        with _recording(context, contracts.ExpandMessage, given) as task:
            expand.expand_message(context, message_id=uuid.UUID(task.message_id))
    except exceptions.SoftTimeLimitExceeded:
        raise
    except Exception as error:
        return error
    return None


@contextlib.contextmanager
def _recording(context: Context, contract: type[contracts.Some], given: dict[str, Any]) -> Iterator[contracts.Some]:
    """The task as this release reads it. An error is recorded and raised again."""
    logging.clear()
    logging.bind(request_id=given.get("request_id"))
    with _counting(context):
        try:
            yield contracts.read(contract, given)
        except Exception as error:
            failure.record_failure(context, task=contract.task, given=given, error=error)
            raise


@contextlib.contextmanager
def _counting(context: Context) -> Iterator[None]:
    """Counts an attempt that raises, whether the task is retried at once or left to the sweep."""
    try:
        yield
    except Exception:
        context.reporter.count_failure()
        raise
