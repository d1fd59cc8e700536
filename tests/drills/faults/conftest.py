"""The short version of the drills 5 to 11, without luck: each fault is placed in its window by a lock or a trigger of the test.

Real PostgreSQL and the worker's own code, in threads instead of processes; `hub` is that of the worker's tests.
"""

import contextlib
import threading
import uuid
from collections.abc import Callable, Iterator

import celery
import pytest

from services.fanout_worker import tasks
from shared import broker, contracts
from tests.fanout_worker.conftest import Hub, hub  # noqa: F401 (a fixture)


@pytest.fixture
def app(hub: Hub) -> celery.Celery:
    """The worker's tasks, without a broker."""
    made = broker.make_celery("redis://nobody-listens.invalid:1/0")
    tasks.register(made, lambda: hub.context)
    return made


def call(app: celery.Celery, contract: contracts.Contract, **more: object) -> None:
    """Runs the task's body as a worker does, with the arguments as they travel."""
    app.tasks[contract.task].run(**{**contracts.arguments(contract), **more})


def expansion(message_id: uuid.UUID) -> contracts.ExpandMessage:
    return contracts.ExpandMessage(message_id=str(message_id), request_id="request")


def delivery(message_id: uuid.UUID, seq: int) -> contracts.DeliverBatch:
    return contracts.DeliverBatch(message_id=str(message_id), seq=seq, request_id="request")


@contextlib.contextmanager
def beside(*works: Callable[[], object]) -> Iterator[None]:
    """Runs these beside the block, each in a thread, and waits for their ends; raises what they raised."""
    errors: list[BaseException] = []

    def run(work: Callable[[], object]) -> None:
        try:
            work()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for thread in threads:
            thread.join()
    if errors:
        raise errors[0]


def cut(hub: Hub, *, people: int = 25) -> uuid.UUID:
    """A message to so many people, cut into batches of about 7, of which none is written. No task waits any more."""
    hub.join(count=people - 1)
    message_id = hub.accept()
    hub.expand(message_id)
    hub.published.contracts.clear()
    return message_id
