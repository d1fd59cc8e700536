"""Publishing: what lies in Redis afterwards, and how soon a broker that is away is noticed."""

import time

import pytest

from shared import broker, contracts, redis_client


def test_a_published_task_lies_in_its_queue_as_json(redis_url: str) -> None:
    app = broker.make_celery(redis_url)
    broker.publish(app, contracts.DeliverBatch(message_id="m", seq=3, request_id="r"))
    client = redis_client.make(redis_url)
    try:
        assert client.llen(contracts.DELIVER_QUEUE) == 1
        body = client.lrange(contracts.DELIVER_QUEUE, 0, 0)[0]
        assert b"message_hub.deliver_batch" in body
        assert b"application/json" in body
    finally:
        client.close()
        app.close()


def test_publishing_to_a_broker_that_refuses_raises_soon() -> None:
    app = broker.make_celery("redis://127.0.0.1:1/0")
    began_at = time.perf_counter()
    with pytest.raises(Exception, match="refused"):
        broker.publish(app, contracts.Sweep())
    assert time.perf_counter() - began_at < 3
    app.close()
