"""Every task comes twice or more, late and in any order; those of messages that were sent long ago come again too."""

import json
import random
import uuid
from collections import deque
from functools import partial
from typing import cast

import celery
import redis
import sqlalchemy

from drills import platforms, triggers
from drills.scenario import Scenario
from shared import broker, contracts, redis_client

# So many of a queue are copied at once: copies are copied too.
_MAX_COPIES = 60
_TASKS = sqlalchemy.text("""
    SELECT m.id, COALESCE(max(b.seq), 0) AS batches FROM messages m LEFT JOIN fanout_batches b ON b.message_id = m.id
    GROUP BY m.id ORDER BY md5(m.id::text || :salt) LIMIT :limit
""")
_BATCHES = "SELECT count(*) FROM fanout_batches WHERE message_id = :id"


def drill(scenario: Scenario) -> None:
    url = scenario.hub.environment["HUB_REDIS_URL"]
    app = broker.make_celery(url)
    earlier: deque[tuple[str, bytes]] = deque(maxlen=500)
    try:
        with redis_client.make(url) as client:
            scenario.inject(
                partial(copied, client=client, earlier=earlier),
                partial(published_again, app=app),
                partial(repeated_while_they_run, app=app),
                least=0.1,
                most=0.5,
            )
    finally:
        app.close()


def copied(scenario: Scenario, client: redis.Redis, earlier: deque[tuple[str, bytes]]) -> None:
    """The tasks that wait in the queues are copied while the workers are paused, with earlier tasks in between."""
    with scenario.hub.paused(*scenario.hub.running_workers):
        scenario.pause(0.3, 1.0)
        for queue in (contracts.EXPAND_QUEUE, contracts.DELIVER_QUEUE):
            waiting = cast("list[bytes]", client.lrange(queue, 0, _MAX_COPIES - 1))
            copies = [*waiting, *(_with_another_tag(one) for one in waiting)]
            chosen = scenario.rng.sample(list(earlier), min(20, len(earlier)))
            copies += [task for where, task in chosen if where == queue]
            earlier.extend((queue, one) for one in waiting)
            scenario.rng.shuffle(copies)
            half = len(copies) // 2
            if copies[:half]:
                client.rpush(queue, *copies[:half])  # taken next
            if copies[half:]:
                client.lpush(queue, *copies[half:])  # taken last
            scenario.note("tasks copied in the queue", len(copies))


def published_again(scenario: Scenario, app: celery.Celery) -> None:
    """All tasks that some messages ever had, in any order; most of these messages are sent."""
    with scenario.engine.connect() as connection:
        found = connection.execute(_TASKS, {"salt": str(scenario.rng.random()), "limit": 15}).all()
    tasks = [task for message_id, batches in found for task in _tasks(message_id, batches)]
    scenario.rng.shuffle(tasks)
    _publish(app, tasks)
    scenario.note("tasks published again", len(tasks))


def repeated_while_they_run(scenario: Scenario, app: celery.Celery) -> None:
    """The same deliveries, while workers have written entries and not committed them."""
    with triggers.holding(scenario.engine, at="written") as hold:
        post = scenario.post(platforms.LARGE)
        hold.wait()
        tasks = _tasks(post.message_id, scenario.count(_BATCHES, id=post.message_id)) * 2
        _publish(app, tasks)
        scenario.note("tasks repeated while they run", len(tasks))
        scenario.pause(0.1, 0.5)


def _tasks(message_id: uuid.UUID, batches: int) -> list[contracts.Contract]:
    expansion = contracts.ExpandMessage(message_id=str(message_id), request_id="drill")
    deliveries = [
        contracts.DeliverBatch(message_id=str(message_id), seq=seq, request_id="drill") for seq in range(1, batches + 1)
    ]
    return [expansion, *deliveries]


def _publish(app: celery.Celery, tasks: list[contracts.Contract]) -> None:
    for task in tasks:
        broker.publish(app, task)


def _with_another_tag(task: bytes) -> bytes:
    """A copy with a delivery tag of its own, as another publisher would make it; kombu takes the same tag for a redelivery."""
    document = json.loads(task)
    document["properties"]["delivery_tag"] = str(uuid.UUID(int=random.getrandbits(128)))
    return json.dumps(document).encode()
