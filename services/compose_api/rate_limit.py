"""How many messages somebody may send: a guard against a script that has run away, not a policy.

Counted in Redis, for all processes together, by a sliding window. While Redis is away each process counts by itself, so the guard
stands and nobody waits for it. Called by the routes, who know the caller; the action decides when it matters.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import limits
import prometheus_client
import redis
from limits import storage, strategies

from shared import breaker, errors, logging, redis_client
from shared.auth.store import Caller

# One trip to Redis takes less than a millisecond; who waits this long waits for nothing.
_WITHIN_S = 0.1
_SOCKET_TIMEOUT_S = 0.25
_PREFIX = "message_hub:rate"
_logger = logging.get_logger(__name__)

Strategy = strategies.SlidingWindowCounterRateLimiter
Hit = Callable[[Caller], "Verdict"]


@dataclass(frozen=True)
class Verdict:
    """Whether one more request is too many, and then in how many seconds another will not be."""

    retry_after_s: int | None = None

    def check(self) -> None:
        """Raises `HubError` rate-limited."""
        if self.retry_after_s is not None:
            raise errors.rate_limited("You send more messages than allowed.", retry_after_s=self.retry_after_s)


class Limiter:
    """Counts each sender's requests. With no `item` everything is allowed."""

    def __init__(self, item: limits.RateLimitItem | None, shared: Strategy, redis_breaker: breaker.Breaker) -> None:
        self._item = item
        self._shared = shared
        self._own = Strategy(storage.MemoryStorage())
        self._breaker = redis_breaker
        self._limited = prometheus_client.Counter(
            "message_hub_rate_limited", "Requests to send a message that were too many.", registry=None
        )
        self._by_itself = prometheus_client.Counter(
            "message_hub_rate_limit_local",
            "Requests that this process counted by itself, without Redis.",
            registry=None,
        )

    def register(self, registry: prometheus_client.CollectorRegistry) -> None:
        registry.register(self._limited)
        registry.register(self._by_itself)

    def hit(self, caller: Caller) -> Verdict:
        """Counts one more request of this caller. Never raises, and takes a tenth of a second at most."""
        if self._item is None:
            return Verdict()
        verdict = self._ask(self._item, (str(caller.platform_id), str(caller.user_id)))
        if verdict.retry_after_s is not None:
            self._limited.inc()
        return verdict

    def _ask(self, item: limits.RateLimitItem, who: tuple[str, ...]) -> Verdict:
        try:
            return self._breaker.call(lambda: _hit(self._shared, item, who), within_s=_WITHIN_S)
        except breaker.OpenError:
            pass  # the breaker has said so
        except redis.RedisError as error:
            _logger.warning("redis does not count", reason=type(error).__name__)
        self._by_itself.inc()
        return _hit(self._own, item, who)


def allow(_caller: Caller) -> Verdict:
    """Stands where nothing is counted."""
    return Verdict()


def make(limit: str, *, url: str, redis_breaker: breaker.Breaker) -> Limiter:
    """A limiter over the Redis at `url`; `limit` as `parse` takes it."""
    counted = storage.RedisStorage(
        url,
        key_prefix=_PREFIX,
        socket_timeout=_SOCKET_TIMEOUT_S,
        socket_connect_timeout=_SOCKET_TIMEOUT_S,
        retry=redis_client.no_retry(),  # type: ignore[arg-type]
    )
    return Limiter(parse(limit), Strategy(counted), redis_breaker)


def parse(limit: str) -> limits.RateLimitItem | None:
    """`3000 per minute`, `50/second`, `100 per 5 minutes`; empty is none. Raises `ValueError`."""
    if not limit.strip():
        return None
    found = limits.parse_many(limit)
    if len(found) != 1 or found[0].amount < 1 or found[0].get_expiry() < 1:
        raise ValueError(limit)
    return found[0]


def _hit(strategy: Strategy, item: limits.RateLimitItem, who: tuple[str, ...]) -> Verdict:
    if strategy.hit(item, *who):
        return Verdict()
    free_at = strategy.get_window_stats(item, *who).reset_time
    return Verdict(max(1, math.ceil(free_at - time.time())))
