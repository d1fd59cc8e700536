"""What workers report through Redis, for metrics and `message-hub status`: which of them live, how often tasks failed, and how long
messages took.

Workers have no HTTP port. In Redis, and not in PostgreSQL, because tasks that fail while PostgreSQL is away have to be counted too;
workers need Redis to get a task at all. In a Redis that is emptied the counts begin at 0 again, as those of a restarted process do.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import redis

from shared import logging, redis_client

# The name of every connection that a worker has through Celery; what follows is the worker's own.
CONNECTION_NAME = "message_hub_worker:"
# A worker's event loop asks Redis for something at least every ten seconds.
_LIVE_S = 30
_COUNTS_KEY = "message_hub:worker_counts"
_FAILURES, _SENT, _SENT_SECONDS = "task_failures", "sent:", "sent_seconds"
SENT_BUCKETS_S = ("1.0", "2.5", "5.0", "10.0", "30.0", "60.0", "120.0", "300.0", "600.0", "+Inf")
_logger = logging.get_logger(__name__)


@dataclass(frozen=True)
class Report:
    """`live_workers` is None where this user may not list connections. `sent` has the messages of each bucket, those before included."""

    live_workers: int | None
    task_failures: int
    sent: Sequence[tuple[str, int]]
    sent_seconds: float


class Reporter:
    """Counts for the other services. Never raises: work is not undone because it could not be counted."""

    def __init__(self, client: redis.Redis | None = None) -> None:
        self._client = client

    def count_failure(self) -> None:
        self._add(_FAILURES)

    def observe_sent(self, seconds: float) -> None:
        """A message is sent, so long after it was accepted."""
        bucket = next(one for one in SENT_BUCKETS_S if seconds <= float(one))
        self._add(f"{_SENT}{bucket}", seconds=max(0.0, seconds))

    def _add(self, name: str, *, seconds: float = 0.0) -> None:
        if self._client is None:
            return
        pipeline = self._client.pipeline(transaction=False)
        pipeline.hincrby(_COUNTS_KEY, name, 1)
        pipeline.hincrbyfloat(_COUNTS_KEY, _SENT_SECONDS, seconds)
        try:
            pipeline.execute()
        except redis_client.UNAVAILABLE as error:
            _logger.warning("not counted", count=name, reason=type(error).__name__)


def read(client: redis.Redis) -> Report:
    """Raises `redis.RedisError`."""
    names = [_FAILURES, _SENT_SECONDS, *(f"{_SENT}{bucket}" for bucket in SENT_BUCKETS_S)]
    failures, seconds, *sent = client.hmget(_COUNTS_KEY, names)
    totals = itertools.accumulate(int(count or 0) for count in sent)
    return Report(
        live_workers=_count_live(client),
        task_failures=int(failures or 0),
        sent=list(zip(SENT_BUCKETS_S, totals, strict=True)),
        sent_seconds=float(seconds or 0),
    )


def _count_live(client: redis.Redis) -> int | None:
    try:
        connections = client.client_list()
    except redis.ResponseError:
        return None
    live = (one["name"] for one in connections if int(one["idle"]) <= _LIVE_S)
    return len({name for name in live if name.startswith(CONNECTION_NAME)})
