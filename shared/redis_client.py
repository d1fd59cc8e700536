"""Redis itself, for what is not Celery's: a client with limits. Called by the entry files."""

import redis
from redis import backoff, retry

CONNECT_TIMEOUT_S = 1.0
SOCKET_TIMEOUT_S = 5.0


def make(url: str) -> redis.Redis:
    """A plain Redis client with the same limits, for what Celery does not do. What fails is not tried again: callers know better."""
    return redis.Redis.from_url(
        url, socket_timeout=SOCKET_TIMEOUT_S, socket_connect_timeout=CONNECT_TIMEOUT_S, retry=no_retry()
    )


def no_retry() -> retry.Retry:
    """By itself the library tries three times, with pauses."""
    return retry.Retry(backoff.NoBackoff(), 0)
