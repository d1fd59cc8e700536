"""What an operator can see of the broker: how long its queues are, and when a sweep last ran."""

from dataclasses import dataclass

import redis

from shared import contracts

# Where Celery's Redis transport keeps what workers have taken and not finished.
_TAKEN_KEY = "unacked"


@dataclass(frozen=True)
class Queues:
    """Tasks waiting by queue, and tasks that workers hold."""

    waiting: dict[str, int]
    taken: int


def read(client: "redis.Redis") -> Queues:
    """Raises `redis.RedisError` when the broker cannot be reached."""
    pipeline = client.pipeline(transaction=False)
    for name in contracts.QUEUES:
        pipeline.llen(name)
    pipeline.hlen(_TAKEN_KEY)
    *lengths, taken = pipeline.execute()
    return Queues(
        waiting=dict(zip(contracts.QUEUES, lengths, strict=True)),
        taken=taken,
    )
