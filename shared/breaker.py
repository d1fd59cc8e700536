"""One breaker for every use of Redis in a process: whoever meets it away says so, and nobody asks again until it is back.

Made by the entry files and handed to whatever uses Redis. So a Redis that hangs costs one time limit and not one for each
request. It is asked whether it is back by a thread of the breaker's own, once a second: no request pays for that question
(docs/decisions/0011-load.md says why it is no library's). Safe to share between threads and with an event loop.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import redis

from shared import logging

T = TypeVar("T")

# What says that Redis is away. That it refuses a command (memory full, no permission) is not.
AWAY = (redis.ConnectionError, redis.TimeoutError, OSError)

_AGAIN_AFTER_S = 1.0
# For `call`: each takes a fraction of a millisecond.
_THREADS = 4
_logger = logging.get_logger(__name__)


class OpenError(Exception):
    """Redis is away and was not asked, or did not answer in time."""


class Breaker:
    """Closed while Redis answers. `ping` asks Redis itself; `within_s` is how long whoever asks for the state waits."""

    def __init__(self, ping: Callable[[], object], *, within_s: float = 0.2) -> None:
        self._ping = ping
        self._within_s = within_s
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._closed.set()
        self._closed_at = time.monotonic()
        self._asking: threading.Thread | None = None
        self._callers = ThreadPoolExecutor(_THREADS, "redis")

    @property
    def is_closed(self) -> bool:
        return self._closed.is_set()

    def wait(self, seconds: float) -> bool:
        """Whether it is closed, waiting at most so long for it."""
        return self._closed.wait(seconds)

    def state(self) -> str:
        """`ok` or `unreachable`, within a moment whatever Redis does. At most one question is under way."""
        if self.is_closed:
            with self._lock:
                if self._asking is None or not self._asking.is_alive():
                    self._asking = threading.Thread(target=self._ask, name="redis-state", daemon=True)
                    self._asking.start()
                asking = self._asking
            asking.join(self._within_s)
            if asking.is_alive():
                self.failed(TimeoutError())
        return "ok" if self.is_closed else "unreachable"

    def call(self, work: Callable[[], T], *, within_s: float) -> T:
        """What `work` returns. Raises `OpenError` at once or within the time, and whatever else `work` raises.

        It runs in another thread: a time limit of a connection knows nothing of a resolver that hangs.
        """
        if not self.is_closed:
            raise OpenError
        began_at = time.monotonic()
        future = self._callers.submit(work)
        try:
            return future.result(within_s)
        except AWAY as error:
            future.cancel()
            self.failed(error, began_at=began_at)
            raise OpenError from None

    def guard(self, work: Callable[[], T]) -> T:
        """What `work` returns, in this thread and however long it takes. Raises what it raises, `OpenError` without asking."""
        if not self.is_closed:
            raise OpenError
        began_at = time.monotonic()
        try:
            return work()
        except AWAY as error:
            self.failed(error, began_at=began_at)
            raise

    def failed(self, error: BaseException, *, began_at: float | None = None) -> None:
        """Opens it, unless what failed began before Redis was last found to be there."""
        with self._lock:
            if not self.is_closed or (began_at is not None and began_at < self._closed_at):
                return
            self._closed.clear()
            threading.Thread(target=self._probe, name="redis-probe", daemon=True).start()
        _logger.warning("redis is away, it is left alone until it answers", reason=type(error).__name__)

    def _ask(self) -> None:
        try:
            self._ping()
        except (redis.RedisError, OSError) as error:
            self.failed(error)

    def _probe(self) -> None:
        while True:
            time.sleep(_AGAIN_AFTER_S)
            try:
                self._ping()
            except (redis.RedisError, OSError):
                continue
            break
        with self._lock:
            self._closed_at = time.monotonic()
            self._closed.set()
        _logger.info("redis is back")
