"""Publishing: what lies in Redis afterwards, and how soon a broker that is away is noticed."""

import base64
import json
import time
from datetime import UTC, datetime, timedelta

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


def test_several_tasks_travel_as_one_that_waits_since_the_first(redis_url: str) -> None:
    began_at = datetime(2031, 1, 1, tzinfo=UTC)
    tasks = [
        contracts.ExpandMessage(message_id=f"m{n}", request_id="r", published_at=began_at + timedelta(seconds=abs(n)))
        for n in (2, -1, 3)
    ]
    app = broker.make_celery(redis_url)
    broker.publish(app, *tasks)
    with redis_client.make(redis_url) as client:
        (message,) = (json.loads(one) for one in client.lrange(contracts.EXPAND_QUEUE, 0, -1))
    _, arguments, _ = json.loads(base64.b64decode(message["body"]))
    assert arguments == {contracts.EACH: [contracts.arguments(task) for task in tasks]}
    assert message["headers"][contracts.PUBLISHED_AT_HEADER] == (began_at + timedelta(seconds=1)).isoformat()
    app.close()


def test_publishing_to_a_broker_that_refuses_raises_soon() -> None:
    app = broker.make_celery("redis://127.0.0.1:1/0")
    began_at = time.perf_counter()
    with pytest.raises(Exception, match="refused"):
        broker.publish(app, contracts.Sweep())
    assert time.perf_counter() - began_at < 3
    app.close()
