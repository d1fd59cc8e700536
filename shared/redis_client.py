"""Redis itself, for what is not Celery's: a client with limits, and whether the broker answers. Called by the entry files."""

import threading
from collections.abc import Callable

import redis

CONNECT_TIMEOUT_S = 1.0
SOCKET_TIMEOUT_S = 5.0


def make(url: str) -> redis.Redis:
    """A plain Redis client with the same limits, for what Celery does not do."""
    return redis.Redis.from_url(url, socket_timeout=SOCKET_TIMEOUT_S, socket_connect_timeout=CONNECT_TIMEOUT_S)


class State:
    """Whether the broker answers, told within `within_s` whatever it does: a hung Redis or a dead resolver holds up nobody.

    At most one question is under way; while it has no answer the broker counts as unreachable.
    """

    def __init__(self, ping: Callable[[], object], *, within_s: float = 0.2) -> None:
        self._ping = ping
        self._within_s = within_s
        self._lock = threading.Lock()
        self._asking: threading.Thread | None = None
        self._answer = "unreachable"

    def __call__(self) -> str:
        """`ok` or `unreachable`."""
        with self._lock:
            if self._asking is None or not self._asking.is_alive():
                self._asking = threading.Thread(target=self._ask, daemon=True)
                self._asking.start()
            asking = self._asking
        asking.join(self._within_s)
        return "unreachable" if asking.is_alive() else self._answer

    def _ask(self) -> None:
        try:
            self._ping()
        except (redis.RedisError, OSError):
            self._answer = "unreachable"
        else:
            self._answer = "ok"
