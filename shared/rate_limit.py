"""Limits the writing requests of each user, as a guard against runaway scripts.

By a sliding window, in each process by itself: no request waits for another server, and two replicas allow twice as much.
"""

import math
import time
from dataclasses import dataclass

import environs
import limits
import prometheus_client
from limits import storage, strategies

from shared import errors
from shared.auth.store import Caller


@dataclass(frozen=True)
class Verdict:
    """Whether a counted request is over the limit, and then in how many seconds another will not be."""

    retry_after_s: int | None = None

    def check(self) -> None:
        """Raises `HubError` rate-limited."""
        if self.retry_after_s is not None:
            raise errors.rate_limited("You send more requests than allowed.", retry_after_s=self.retry_after_s)


class Limiter:
    """Counts each user's requests for each action against `limit` (see `parse`)."""

    def __init__(self, limit: str) -> None:
        self._item = parse(limit)
        self._strategy = strategies.SlidingWindowCounterRateLimiter(storage.MemoryStorage())
        self._limited = prometheus_client.Counter(
            "message_hub_rate_limited_requests", "Requests over the rate limit of their user.", registry=None
        )

    def register(self, registry: prometheus_client.CollectorRegistry) -> None:
        registry.register(self._limited)

    def hit(self, caller: Caller, action: str) -> Verdict:
        """Counts one more request of this caller for this action. Never raises.

        Called before a transaction begins; the action checks the verdict where the documented order of errors says so.
        """
        if self._item is None:
            return Verdict()
        key = (action, str(caller.platform_id), str(caller.user_id))
        if self._strategy.hit(self._item, *key):
            return Verdict()
        self._limited.inc()
        free_at = self._strategy.get_window_stats(self._item, *key).reset_time
        return Verdict(max(1, math.ceil(free_at - time.time())))


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
