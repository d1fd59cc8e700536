"""Publishes tasks and announcements beside the request: no client ever waits for Redis.

A message is safe once it is committed; publishing only makes its fan-out begin at once instead of at the next sweep, and open
streams tell of it at once instead of at their next look. So what cannot be published soon is dropped here, and the log says so.
"""

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Generic, TypeVar

from shared import contracts, log

T = TypeVar("T", contracts.Contract, contracts.PlatformChanged)

_CAPACITY = 1_000
_STALE_AFTER_S = 5.0
_logger = log.get(__name__)


class Publisher(Generic[T]):
    """One thread that sends what `submit` was given, in order, each at most once and only while it is fresh.

    `otherwise` says in the log who does without; `count` is called for each that is dropped.
    """

    def __init__(
        self, send: Callable[[T], None], *, otherwise: str = "the sweep will", count: Callable[[], None] = lambda: None
    ) -> None:
        self._send: Callable[[T], None] = send
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
            if time.monotonic() - taken_at > _STALE_AFTER_S:
                self._leave(contract, "the broker did not answer in time")
                continue
            try:
                self._send(contract)
            except Exception as error:  # whatever the transport raises, the thread lives on
                self._leave(contract, type(error).__name__)

    def _leave(self, contract: T, reason: str) -> None:
        self._count()
        _logger.warning(f"not published, {self._otherwise}", reason=reason, **asdict(contract))
