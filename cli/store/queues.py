"""What an operator can see of the broker: how long its queues are, and when a sweep last ran."""

from dataclasses import dataclass

import redis

from services.fanout_worker import queues as worker_queues
from shared import contracts

# Where Celery's Redis transport keeps what workers have taken and not finished.
_TAKEN_KEY = "unacked"


@dataclass(frozen=True)
class Refused:
    """Tasks that workers refused until a day ago, and the last of them. `at` is in seconds since 1970."""

    count: int
    task: str
    reason: str
    at: float


@dataclass(frozen=True)
class Queues:
    """Tasks waiting by queue, tasks that workers hold, when (seconds since 1970) a sweep last ran, and what was refused."""

    waiting: dict[str, int]
    taken: int
    swept_at: float | None
    refused: Refused | None


def read(client: "redis.Redis") -> Queues:
    """Raises `redis.RedisError` when the broker cannot be reached."""
    pipeline = client.pipeline(transaction=False)
    for name in contracts.QUEUES:
        pipeline.llen(name)
    pipeline.hlen(_TAKEN_KEY)
    pipeline.get(worker_queues.SWEPT_AT_KEY)
    pipeline.hgetall(worker_queues.REFUSED_KEY)
    *lengths, taken, swept_at, refused = pipeline.execute()
    return Queues(
        waiting=dict(zip(contracts.QUEUES, lengths, strict=True)),
        taken=taken,
        swept_at=None if swept_at is None else float(swept_at),
        refused=_refused({key.decode(): value.decode() for key, value in refused.items()}),
    )


def _refused(found: dict[str, str]) -> Refused | None:
    if not found:
        return None
    return Refused(count=int(found["count"]), task=found["task"], reason=found["reason"], at=float(found["at"]))
