"""Publishes tasks and announcements beside the request: no client ever waits for Redis.

A message is safe once it is committed; publishing only makes its fan-out begin at once instead of at the next sweep, and open
streams tell of it at once instead of at their next look. So what cannot be published soon is dropped here, and the log says so.
"""

import functools
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Generic, TypeVar

import celery.exceptions

from shared import breaker, contracts, logging

T = TypeVar("T", contracts.Contract, contracts.PlatformChanged)

_CAPACITY = 1_000
_STALE_AFTER_S = 5.0
_logger = logging.get_logger(__name__)


class Publisher(Generic[T]):
    """One thread that sends what `submit` was given, in order, each at most once and only while it is fresh.

    While Redis is away it waits for it to come back. `otherwise` says in the log who does without; `count` is called for each
    that is dropped.
    """

    def __init__(
        self,
        send: Callable[[T], None],
        redis_breaker: breaker.Breaker,
        *,
        otherwise: str = "the sweep will",
        count: Callable[[], None] = lambda: None,
    ) -> None:
        self._send: Callable[[T], None] = send
        self._breaker = redis_breaker
        self._otherwise = otherwise
        self._count = count
        self._waiting: queue.Queue[tuple[float, T]] = queue.Queue(_CAPACITY)
        threading.Thread(target=self._run, name="publisher", daemon=True).start()

    def submit(self, contract: T) -> None:
        """Takes `contract` for publishing and returns at once. Never raises."""
        try:
            self._waiting.put_nowait((time.monotonic(), contract))
        except queue.Full:
            self._leave(contract, "too many are waiting")

    def _run(self) -> None:
        while True:
            taken_at, contract = self._waiting.get()
            try:
                if not self._send_while_fresh(taken_at, contract):
                    self._leave(contract, "the broker did not answer in time")
            except Exception as error:  # whatever the transport raises, the thread lives on
                self._leave(contract, type(error).__name__)

    def _send_while_fresh(self, taken_at: float, contract: T) -> bool:
        """Whether it was sent. What is fresh waits for a Redis that is away."""
        send = functools.partial(self._send, contract)
        while (fresh_for_s := taken_at + _STALE_AFTER_S - time.monotonic()) >= 0 and self._breaker.wait(fresh_for_s):
            try:
                self._breaker.guard(send)
            except breaker.OpenError:
                continue  # somebody has met it away in this moment
            except celery.exceptions.OperationalError as error:
                self._breaker.failed(error)
                raise
            return True
        return False

    def _leave(self, contract: T, reason: str) -> None:
        self._count()
        _logger.warning(f"not published, {self._otherwise}", reason=reason, **asdict(contract))
