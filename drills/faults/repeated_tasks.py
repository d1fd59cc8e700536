"""Every task comes twice or more, late and in any order; those of messages that are long sent come again too."""

import json
import random
import uuid
from collections import deque
from typing import cast

import celery
import redis
import sqlalchemy

from drills import triggers, world
from drills.stage import Stage
from shared import broker, contracts, redis_client

_QUEUES = (contracts.EXPAND_QUEUE, contracts.DELIVER_QUEUE)
_KEPT = 500
# So many of a queue are copied at once: copies are copied too.
_MOST = 60
_TASKS = sqlalchemy.text("""
    SELECT m.id, COALESCE(max(b.seq), 0) AS batches FROM messages m LEFT JOIN fanout_batches b ON b.message_id = m.id
    GROUP BY m.id ORDER BY md5(m.id::text || :salt) LIMIT :limit
""")


def drill(stage: Stage) -> None:
    app = broker.make_celery(stage.hub.environment["HUB_REDIS_URL"])
    kept: deque[tuple[str, bytes]] = deque(maxlen=_KEPT)
    try:
        with redis_client.make(stage.hub.environment["HUB_REDIS_URL"]) as client:
            while True:
                copied(stage, client, kept)
                again(stage, app)
                while_a_batch_is_written(stage, app)
                if stage.is_over:
                    return
                stage.pause(0.1, 1.0)
    finally:
        app.close()


def copied(stage: Stage, client: redis.Redis, kept: deque[tuple[str, bytes]]) -> None:
    """What waits in the queues while no worker takes anything is there twice afterwards, with tasks of earlier in between."""
    with stage.hub.paused(*stage.hub.running_workers):
        stage.pause(0.3, 1.0)
        for queue in _QUEUES:
            waiting = cast("list[bytes]", client.lrange(queue, 0, _MOST - 1))
            copies = [*waiting, *(_renamed(one) for one in waiting)]
            copies += [one for where, one in stage.rng.sample(list(kept), min(20, len(kept))) if where == queue]
            kept.extend((queue, one) for one in waiting)
            stage.rng.shuffle(copies)
            half = len(copies) // 2
            if copies[:half]:
                client.rpush(queue, *copies[:half])  # taken next
            if copies[half:]:
                client.lpush(queue, *copies[half:])  # taken last
            stage.note("tasks copied in the queue", len(copies))


def again(stage: Stage, app: celery.Celery) -> None:
    """All tasks that some messages ever had, most of them sent by now, in any order."""
    with stage.engine.connect() as connection:
        found = connection.execute(_TASKS, {"salt": str(stage.rng.random()), "limit": 15}).all()
    tasks = [task for message_id, batches in found for task in _tasks(message_id, batches)]
    stage.rng.shuffle(tasks)
    _publish(app, tasks)
    stage.note("tasks published again", len(tasks))


def while_a_batch_is_written(stage: Stage, app: celery.Celery) -> None:
    """The same deliveries, while workers have written the entries of some and committed nothing."""
    with triggers.holding(stage.engine, at="written") as hold:
        post = stage.post(world.LARGE)
        hold.wait()
        for message_id in post.accepted_ids:
            with stage.engine.connect() as connection:
                statement = sqlalchemy.text("SELECT count(*) FROM fanout_batches WHERE message_id = :id")
                batches = int(connection.execute(statement, {"id": message_id}).scalar_one())
            _publish(app, _tasks(message_id, batches) * 2)
            stage.note("tasks repeated while they run", 2 * batches + 2)
        stage.pause(0.1, 0.5)


def _tasks(message_id: uuid.UUID, batches: int) -> list[contracts.Contract]:
    expansion = contracts.ExpandMessage(message_id=str(message_id), request_id="drill")
    deliveries = [
        contracts.DeliverBatch(message_id=str(message_id), seq=seq, request_id="drill") for seq in range(1, batches + 1)
    ]
    return [expansion, *deliveries]


def _publish(app: celery.Celery, tasks: list[contracts.Contract]) -> None:
    for task in tasks:
        broker.publish(app, task)


def _renamed(task: bytes) -> bytes:
    """A copy with a delivery tag of its own, as another publisher would make it; with the same tag it is as if put back."""
    document = json.loads(task)
    document["properties"]["delivery_tag"] = str(uuid.UUID(int=random.getrandbits(128)))
    return json.dumps(document).encode()
