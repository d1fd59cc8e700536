"""Limits the writing requests of each user, as a guard against runaway scripts.

By a sliding window, in each process by itself: no request waits for another server, and two replicas allow twice as much.
"""

import collections
import math
import re
import threading
import time
from dataclasses import dataclass

import environs
import prometheus_client

from shared import errors
from shared.auth.store import Caller

_SECONDS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}
_LIMIT = re.compile(
    rf"\s*(?P<amount>[1-9][0-9]*)\s*(/|per)\s*((?P<multiple>[1-9][0-9]*)\s+)?(?P<unit>{'|'.join(_SECONDS)})s?\s*"
)


@dataclass(frozen=True)
class Verdict:
    """Whether a counted request is over the limit, and then in how many seconds another will not be."""

    retry_after_s: int | None = None

    def check(self) -> None:
        """Raises `HubError` rate-limited."""
        if self.retry_after_s is not None:
            raise errors.rate_limited("You send more requests than allowed.", retry_after_s=self.retry_after_s)


@dataclass(frozen=True)
class Limit:
    """At most `amount` requests in any `seconds`."""

    amount: int
    seconds: int


class Limiter:
    """Counts each user's requests for each action against `limit` (see `parse`). Safe to share between threads.

    Requests are counted in consecutive windows of `seconds`. A request is allowed if the count of the current window, plus the count of
    the previous window multiplied by the part of it that lies within the last `seconds`, is less than `amount`.
    """

    def __init__(self, limit: str) -> None:
        self._limit = parse(limit)
        self._window = 0.0
        self._counts: collections.Counter[tuple[str, int, int]] = collections.Counter()
        self._counts_before = self._counts.copy()
        self._lock = threading.Lock()
        self._limited = prometheus_client.Counter(
            "message_hub_rate_limited_requests", "Requests over the rate limit of their user.", registry=None
        )

    def register(self, registry: prometheus_client.CollectorRegistry) -> None:
        registry.register(self._limited)

    def hit(self, caller: Caller, action: str) -> Verdict:
        """Counts one more request of this caller for this action. Never raises.

        Called before a transaction begins; the action checks the verdict where the documented order of errors says so.
        """
        if self._limit is None:
            return Verdict()
        wait_s = self._count(self._limit, (action, caller.platform_id, caller.user_id))
        if wait_s is None:
            return Verdict()
        self._limited.inc()
        return Verdict(max(1, math.ceil(wait_s)))

    def _count(self, limit: Limit, key: tuple[str, int, int]) -> float | None:
        """None if one more is allowed, and then it is counted; else the time until one more will be."""
        with self._lock:
            window, elapsed = divmod(time.monotonic(), limit.seconds)
            if window != self._window:
                follows = window == self._window + 1
                self._counts_before = self._counts if follows else collections.Counter()
                self._counts, self._window = collections.Counter(), window
            left, before = limit.amount - self._counts[key], self._counts_before[key]
            if before * (1 - elapsed / limit.seconds) < left:
                self._counts[key] += 1
                return None
        allowed_at = limit.seconds * (1 - left / before) if left else limit.seconds
        return allowed_at - elapsed


def read(env: environs.Env, name: str, default: str) -> str:
    """The setting `name`, in the form that `parse` reads."""
    return str(env.str(name, default, validate=_check))


def _check(value: str) -> None:
    try:
        parse(value)
    except ValueError:
        raise environs.ValidationError("Must be like 3000 per minute or 50 per second; empty for none.") from None


def parse(limit: str) -> Limit | None:
    """`3000 per minute`, `50/second`, `100 per 5 minutes`; empty is none. Raises `ValueError`."""
    if not limit.strip():
        return None
    found = _LIMIT.fullmatch(limit)
    if found is None:
        raise ValueError(limit)
    return Limit(int(found["amount"]), int(found["multiple"] or 1) * _SECONDS[found["unit"]])
