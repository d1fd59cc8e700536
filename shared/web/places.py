"""Load shedding: a request takes one of a fixed number of places before it touches anything, or is answered 503 within a moment.

Behind the bridge nobody comes so far without having one (shared/web/gate.py), so nobody waits here. Served without it (plain
WSGI), there must be more server threads than places, so that refusing and health checks do not wait behind the work.
"""

import collections
import threading
import time

import flask

from shared import errors
from shared.web import guards

# Whoever waits so long for a place is refused; whoever comes when none has been taken or given back for so long, at once.
_WAIT_S = 0.04


class Places:
    """A semaphore that is fair: who gives a place back and asks again at once would otherwise always be first."""

    def __init__(self, count: int) -> None:
        self._free = count
        self._lock = threading.Lock()
        self._waiting: collections.deque[threading.Lock] = collections.deque()
        self._moved_at = time.monotonic()

    def take(self) -> bool:
        """Whether there was one in time."""
        with self._lock:
            if self._free:
                self._free -= 1
                self._moved_at = time.monotonic()
                return True
            if time.monotonic() > self._moved_at + _WAIT_S:
                return False
            turn = threading.Lock()
            turn.acquire()
            self._waiting.append(turn)
        if turn.acquire(timeout=_WAIT_S):
            return True
        with self._lock:
            if turn not in self._waiting:
                return True  # in the last moment
            self._waiting.remove(turn)
            return False

    def give_back(self) -> None:
        with self._lock:
            self._moved_at = time.monotonic()
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._free += 1


def register(app: flask.Flask, *, places: int) -> None:
    all_places = Places(places)

    @app.before_request
    def take() -> None:
        view = app.view_functions.get(flask.request.endpoint or "")
        if view is None or getattr(view, guards.GUARD, None) == "public":
            return
        if not all_places.take():
            raise errors.unavailable("More requests are being served than this process takes on at once.")
        flask.g.place = all_places

    @app.teardown_request
    def give_back(_error: BaseException | None) -> None:
        taken = flask.g.pop("place", None)
        if taken is not None:
            taken.give_back()
