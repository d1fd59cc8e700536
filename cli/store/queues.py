"""What an operator can see of the broker: how long its queues are."""

import redis

from shared import contracts

# Where Celery's Redis transport keeps what workers have taken and not finished.
_TAKEN_KEY = "unacked"


def read(client: "redis.Redis") -> tuple[dict[str, int], int]:
    """The tasks that wait, by queue, and how many workers hold. Raises `redis.RedisError`."""
    pipeline = client.pipeline(transaction=False)
    for name in contracts.QUEUES:
        pipeline.llen(name)
    pipeline.hlen(_TAKEN_KEY)
    *lengths, taken = pipeline.execute()
    return dict(zip(contracts.QUEUES, lengths, strict=True)), taken
