import dataclasses
from datetime import UTC, datetime, timedelta

import pytest

from services.fanout_worker import queues
from shared import broker, contracts, redis_client

TASK = contracts.DeliverBatch(message_id="0", seq=1, request_id="request")


def test_redis_counts_as_emptied_until_a_sweep_has_marked_it(redis_url: str) -> None:
    client = redis_client.make(redis_url)
    view = queues.Queues(client)
    assert view.was_emptied()
    view.mark_filling()
    assert view.was_emptied(), "a sweep that died half-way has not published everything"
    view.mark_filled()
    assert not view.was_emptied()
    client.flushall()
    assert view.was_emptied()


def test_redis_emptied_while_a_sweep_fills_it_counts_as_emptied(redis_url: str) -> None:
    client = redis_client.make(redis_url)
    view = queues.Queues(client)
    view.mark_filling()
    client.flushall()
    view.mark_filled()
    assert view.was_emptied()


def test_nothing_waits_in_an_empty_queue(redis_url: str) -> None:
    assert queues.Queues(redis_client.make(redis_url)).waiting_since(contracts.DELIVER_QUEUE) is None


def test_the_oldest_task_in_a_queue_tells_since_when_it_waits(redis_url: str) -> None:
    app = broker.make_celery(redis_url)
    view = queues.Queues(redis_client.make(redis_url))
    published_at = datetime(2031, 1, 1, 12, 0, 0, 123_457, UTC)
    broker.publish(app, dataclasses.replace(TASK, published_at=published_at))
    broker.publish(app, dataclasses.replace(TASK, published_at=published_at + timedelta(seconds=1)))
    assert view.waiting_since(contracts.DELIVER_QUEUE) == published_at, (
        "as PostgreSQL has it, whatever this host's clock says"
    )
    assert view.waiting_since(contracts.EXPAND_QUEUE) is None, "a task goes to its own queue only"
    app.close()


def test_a_task_without_our_header_counts_as_waiting_for_ever(redis_url: str) -> None:
    client = redis_client.make(redis_url)
    client.rpush(contracts.DELIVER_QUEUE, '{"headers": {}}')
    assert queues.Queues(client).waiting_since(contracts.DELIVER_QUEUE) == datetime.fromtimestamp(0, UTC)


@pytest.mark.parametrize(
    "task", ["not JSON", "[]", "1", '{"headers": null}', '{"headers": {"hub_published_at": "soon"}}']
)
def test_what_nobody_can_read_in_a_queue_counts_as_waiting_for_ever(redis_url: str, task: str) -> None:
    client = redis_client.make(redis_url)
    client.rpush(contracts.DELIVER_QUEUE, task)
    assert queues.Queues(client).waiting_since(contracts.DELIVER_QUEUE) == datetime.fromtimestamp(0, UTC)
