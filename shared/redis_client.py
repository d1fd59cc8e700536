"""Connections to Redis outside Celery, and whether Redis takes writes. The settings add certificate verification to the URL."""

import threading
import time

import redis
from redis import backoff, exceptions, retry

from shared import logging

CONNECT_TIMEOUT_S = 1.0
SOCKET_TIMEOUT_S = 5.0
# Timeouts of the publisher, the metrics and the reports of workers, which must not wait long.
SHORT_TIMEOUT_S = 0.1
OK, UNREACHABLE, REFUSING = "ok", "unreachable", "refuses"
# Redis's own words for a server that answers and takes no writes; `refuses` is every other error.
STATES = (OK, UNREACHABLE, "READONLY", "OOM", "MISCONF", "NOREPLICAS", "NOAUTH", REFUSING)
UNAVAILABLE = (redis.RedisError, OSError)

_CHECK_KEY = "message_hub:write_check"
_CHECK_EVERY_S = 1.0
_STALE_AFTER_S = 5.0
_logger = logging.get_logger(__name__)


def make(
    url: str, *, connect_timeout_s: float = CONNECT_TIMEOUT_S, socket_timeout_s: float = SOCKET_TIMEOUT_S
) -> redis.Redis:
    """A client without retries; the library's default is three retries with pauses."""
    return redis.Redis.from_url(
        url,
        socket_timeout=socket_timeout_s,
        socket_connect_timeout=connect_timeout_s,
        retry=retry.Retry(backoff.NoBackoff(), 0),
    )


def make_short(url: str) -> redis.Redis:
    """Like `make`, with short timeouts."""
    return make(url, connect_timeout_s=SHORT_TIMEOUT_S, socket_timeout_s=SHORT_TIMEOUT_S)


def write_state(client: redis.Redis) -> str:
    """One of `STATES`: whether Redis takes a write now. Waits as long as the client's timeouts."""
    try:
        client.set(_CHECK_KEY, "", ex=60)
    except UNAVAILABLE as error:
        return _state_of(error)
    return OK


class Monitor:
    """Asks Redis once a second, in a thread of its own, whether it takes writes. Not before the first answer is it `ok`."""

    def __init__(self, url: str) -> None:
        self._client = make(url, connect_timeout_s=2 * SHORT_TIMEOUT_S, socket_timeout_s=2 * SHORT_TIMEOUT_S)
        given = self._client.get_connection_kwargs()
        self._address = f"{given.get('host')}:{given.get('port')}"
        self._lock = threading.Lock()
        self._state = UNREACHABLE
        self._checked_at = time.monotonic()
        threading.Thread(target=self._run, name="redis-monitor", daemon=True).start()

    def state(self) -> str:
        """The last answer, without waiting; `unreachable` where there has been none for long (a resolver may hang for minutes)."""
        return UNREACHABLE if time.monotonic() - self._checked_at > _STALE_AFTER_S else self._state

    @property
    def is_ok(self) -> bool:
        return self.state() == OK

    def check(self) -> None:
        """Asks at once."""
        self._keep(write_state(self._client))

    def _run(self) -> None:
        while True:
            self.check()
            time.sleep(_CHECK_EVERY_S)

    def _keep(self, state: str) -> None:
        with self._lock:
            before, self._state, self._checked_at = self._state, state, time.monotonic()
        if state != before:
            log = _logger.info if state == OK else _logger.warning
            log("the state of redis has changed", state=state, before=before, redis=self._address)


def _state_of(error: Exception) -> str:
    if isinstance(error, exceptions.ReadOnlyError):
        return "READONLY"
    if isinstance(error, exceptions.OutOfMemoryError):
        return "OOM"
    if isinstance(error, (exceptions.AuthenticationError, exceptions.NoPermissionError)):
        return "NOAUTH"
    if isinstance(error, (redis.ConnectionError, redis.TimeoutError, OSError)):
        return UNREACHABLE
    # The error of a script has the code in the middle.
    return next((state for state in STATES if state.isupper() and state in str(error)), REFUSING)
