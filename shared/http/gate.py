"""Who may go on to a thread: as many requests as there are places, some more that wait their turn, and nobody else.

Lives in the event loop, before anything of a request is read or looked up, so that refusing costs next to nothing however many
come. Used by the bridge; what serves without it (plain WSGI) has shared/http/places.py.
"""

import asyncio
import collections
import time

# When no place has been given back for so long, those who wait are refused, and whoever comes until one is.
STUCK_AFTER_S = 0.04
# When whoever is next has waited so long, nobody joins the queue any more.
LATE_AFTER_S = 0.3
# So many wait for each place at most.
_WAITING_PER_PLACE = 8
# What was given back while this process did not get the processor is heard of within this time.
_GRACE_S = 0.005


class Gate:
    """A fair semaphore that refuses early rather than late. Everything is called in the event loop."""

    def __init__(self, places: int) -> None:
        self._free = places
        self._most_waiting = places * _WAITING_PER_PLACE
        self._waiting: collections.deque[tuple[float, asyncio.Future[bool]]] = collections.deque()
        self._moved_at = time.monotonic()
        self._is_stuck = False
        self._looking: asyncio.TimerHandle | None = None

    def refuses(self) -> bool:
        """Whether whoever comes now is sent away."""
        if self._free:
            return False
        if self._is_stuck or len(self._waiting) >= self._most_waiting:
            return True
        return bool(self._waiting) and time.monotonic() > self._waiting[0][0] + LATE_AFTER_S

    async def enter(self) -> bool:
        """Whether there is a place; then `leave` gives it back. Who is refused is so at once, or as soon as all is stuck."""
        if self._free:
            self._free -= 1
            self._moved_at = time.monotonic()
            return True
        if self.refuses():
            return False
        turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        now = time.monotonic()
        self._waiting.append((now, turn))
        if self._looking is None:
            self._look_in(max(self._moved_at + STUCK_AFTER_S - now, _GRACE_S))
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.result():
                self.leave()
            raise

    def leave(self) -> None:
        self._moved_at = time.monotonic()
        self._is_stuck = False
        while self._waiting:
            _, turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(True)
                return
        self._free += 1

    def _look_in(self, seconds: float) -> None:
        self._looking = asyncio.get_running_loop().call_later(seconds, self._look, self._moved_at)

    def _look(self, moved_at: float) -> None:
        """While somebody waits: refuses them all when no place has moved since `moved_at`, seen twice in a row."""
        self._looking = None
        if not self._waiting:
            return
        still = self._moved_at + STUCK_AFTER_S - time.monotonic()
        if still > 0 or self._moved_at != moved_at:
            self._look_in(max(still, _GRACE_S))
            return
        self._is_stuck = True
        waiting, self._waiting = self._waiting, collections.deque()
        for _, turn in waiting:
            if not turn.done():
                turn.set_result(False)
