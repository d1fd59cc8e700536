"""Publishes tasks beside the request: no client ever waits for Redis.

A message is safe once it is committed; publishing only makes its fan-out begin at once instead of at the next sweep. So what
cannot be published soon is dropped here, and the log says so.
"""

import queue
import threading
import time
from collections.abc import Callable

from shared import contracts, log

_CAPACITY = 1_000
_STALE_AFTER_S = 5.0
_logger = log.get(__name__)


class Publisher:
    """One thread that sends what `submit` was given, in order, each at most once and only while it is fresh."""

    def __init__(self, send: Callable[[contracts.Contract], None]) -> None:
        self._send = send
        self._waiting: queue.Queue[tuple[float, contracts.Contract]] = queue.Queue(_CAPACITY)
        threading.Thread(target=self._run, name="publisher", daemon=True).start()

    def submit(self, contract: contracts.Contract) -> None:
        """Takes `contract` for publishing and returns at once. Never raises."""
        try:
            self._waiting.put_nowait((time.monotonic(), contract))
        except queue.Full:
            self._left_to_sweep(contract, "too many are waiting")

    def _run(self) -> None:
        while True:
            taken_at, contract = self._waiting.get()
            if time.monotonic() - taken_at > _STALE_AFTER_S:
                self._left_to_sweep(contract, "the broker did not answer in time")
                continue
            try:
                self._send(contract)
            except Exception as error:  # whatever the transport raises, the thread lives on
                self._left_to_sweep(contract, type(error).__name__)

    def _left_to_sweep(self, contract: contracts.Contract, reason: str) -> None:
        _logger.warning("not published, the sweep will", reason=reason, **contracts.arguments(contract))
