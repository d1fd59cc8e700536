"""Limits the writing requests of each user, as a guard against runaway scripts.

By a sliding window. compose_api counts in Redis for all its processes together, and in each process while Redis is unavailable; each
process of inbox_api, which needs no Redis, counts by itself.
"""

import math
import time
from dataclasses import dataclass

import environs
import limits
import prometheus_client
from limits import storage, strategies

from shared import errors, redis_client
from shared.auth.store import Caller

Strategy = strategies.SlidingWindowCounterRateLimiter


@dataclass(frozen=True)
class Verdict:
    """Whether a counted request is over the limit, and then in how many seconds another will not be."""

    retry_after_s: int | None = None

    def check(self) -> None:
        """Raises `HubError` rate-limited."""
        if self.retry_after_s is not None:
            raise errors.rate_limited("You send more requests than allowed.", retry_after_s=self.retry_after_s)


class Limiter:
    """Counts each user's requests for each action of the API `name` against `limit` (see `parse`).

    Without a `url` only this process counts.
    """

    def __init__(
        self, limit: str, *, name: str, url: str | None = None, monitor: redis_client.Monitor | None = None
    ) -> None:
        self._item = parse(limit)
        self._local = Strategy(storage.MemoryStorage())
        self._monitor = monitor
        self._shared = None if url is None else Strategy(_redis_storage(url, name))
        self._limited = prometheus_client.Counter(
            "message_hub_rate_limited_requests", "Requests over the rate limit of their user.", registry=None
        )
        self._fallbacks = prometheus_client.Counter(
            "message_hub_rate_limit_fallbacks",
            "Requests that this process counted by itself because Redis was unavailable.",
            registry=None,
        )

    def register(self, registry: prometheus_client.CollectorRegistry) -> None:
        registry.register(self._limited)
        registry.register(self._fallbacks)

    def hit(self, caller: Caller, action: str) -> Verdict:
        """Counts one more request of this caller for this action. Never raises; takes a tenth of a second at most.

        Called before a transaction begins; the action checks the verdict where the documented order of errors says so.
        """
        if self._item is None:
            return Verdict()
        key = (action, str(caller.platform_id), str(caller.user_id))
        verdict = self._hit_shared(self._item, key) or _hit(self._local, self._item, key)
        if verdict.retry_after_s is not None:
            self._limited.inc()
        return verdict

    def _hit_shared(self, item: limits.RateLimitItem, key: tuple[str, ...]) -> Verdict | None:
        if self._shared is None or self._monitor is None:
            return None
        if self._monitor.is_ok:
            try:
                return _hit(self._shared, item, key)
            except redis_client.UNAVAILABLE as error:
                self._monitor.report(error)
        self._fallbacks.inc()
        return None


def read(env: environs.Env, name: str, default: str) -> str:
    """The setting `name`, in the form that `parse` reads."""
    return str(env.str(name, default, validate=_check))


def _check(value: str) -> None:
    try:
        parse(value)
    except ValueError:
        raise environs.ValidationError("Must be like 3000 per minute or 50 per second; empty for none.") from None


def parse(limit: str) -> limits.RateLimitItem | None:
    """`3000 per minute`, `50/second`, `100 per 5 minutes`; empty is none. Raises `ValueError`."""
    if not limit.strip():
        return None
    found = limits.parse_many(limit)
    if len(found) != 1 or found[0].amount < 1 or found[0].get_expiry() < 1:
        raise ValueError(limit)
    return found[0]


def _redis_storage(url: str, name: str) -> storage.RedisStorage:
    return storage.RedisStorage(
        url,
        key_prefix=f"message_hub:rate:{name}",
        socket_timeout=redis_client.SHORT_TIMEOUT_S,
        socket_connect_timeout=redis_client.SHORT_TIMEOUT_S,
        retry=redis_client.no_retry(),  # type: ignore[arg-type]
    )


def _hit(strategy: Strategy, item: limits.RateLimitItem, key: tuple[str, ...]) -> Verdict:
    if strategy.hit(item, *key):
        return Verdict()
    free_at = strategy.get_window_stats(item, *key).reset_time
    return Verdict(max(1, math.ceil(free_at - time.time())))
