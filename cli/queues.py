"""What an operator can see of the broker: how long its queues are, and when a sweep last ran."""

from dataclasses import dataclass

import redis

from services.fanout_worker import queues as worker_queues
from shared import contracts

# Where Celery's Redis transport keeps what workers have taken and not finished.
_TAKEN_KEY = "unacked"


@dataclass(frozen=True)
class Queues:
    """Tasks waiting by queue, tasks that workers hold, and when (seconds since 1970) a sweep last ran."""

    waiting: dict[str, int]
    taken: int
    swept_at: float | None


def read(client: "redis.Redis") -> Queues:
    """Raises `redis.RedisError` when the broker cannot be reached."""
    pipeline = client.pipeline(transaction=False)
    for name in contracts.QUEUES:
        pipeline.llen(name)
    pipeline.hlen(_TAKEN_KEY)
    pipeline.get(worker_queues.SWEPT_AT_KEY)
    *lengths, taken, swept_at = pipeline.execute()
    return Queues(
        waiting=dict(zip(contracts.QUEUES, lengths, strict=True)),
        taken=taken,
        swept_at=None if swept_at is None else float(swept_at),
    )
