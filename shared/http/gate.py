"""Who may go on to a thread: as many requests as there are places, some more that wait their turn, and nobody else.

Lives in the event loop, before anything of a request is read or looked up, so that refusing costs next to nothing however many
come. Used by the bridge; what serves without it (plain WSGI) has shared/http/places.py.
"""

import asyncio
import collections
import time

# When no place has been given back for so long, whoever has waited as long is refused.
REFUSED_AFTER_S = 0.04
# When none has been for so long, it is no hitch: all who wait are refused, and whoever comes until one is given back, at once.
STUCK_AFTER_S = 0.1
# When whoever is next has waited so long, nobody joins the queue any more.
LATE_AFTER_S = 0.5
# So many wait for each place at most.
_WAITING_PER_PLACE = 8
# While the event loop gets to run late, no more than so many are let in at once. Threads that compute take turns, and the loop is
# one among them: with 16 of them a refusal took 50 ms in the median, with 4 it takes 3 ms, and as many are served. Whoever
# waits for PostgreSQL keeps nobody from running; so when that is slow, all places are used.
_AT_ONCE = 4
_LATE_BY_S = 0.005
_LOOK_EVERY_S = 0.01


class Gate:
    """A fair semaphore that refuses early rather than late. Everything is called in the event loop."""

    def __init__(self, places: int) -> None:
        self._places = places
        self._busy = 0
        self._most_waiting = places * _WAITING_PER_PLACE
        self._waiting: collections.deque[tuple[float, asyncio.Future[bool]]] = collections.deque()
        self._moved_at = time.monotonic()
        self._is_stuck = False
        self._is_late = False
        self._looking: asyncio.TimerHandle | None = None

    def refuses(self) -> bool:
        """Whether whoever comes now is sent away."""
        if self._is_stuck or len(self._waiting) >= self._most_waiting:
            return True
        return bool(self._waiting) and time.monotonic() > self._waiting[0][0] + LATE_AFTER_S

    async def enter(self) -> bool:
        """Whether there is a place; then `leave` gives it back. Who is refused is so at once, or as soon as all is stuck."""
        if not self._waiting and self._has_room():
            self._busy += 1
            self._moved_at = time.monotonic()
            self._look_on()
            return True
        if self.refuses():
            return False
        turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((time.monotonic(), turn))
        self._look_on()
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.result():
                self.leave()
            raise

    def leave(self) -> None:
        self._busy -= 1
        self._moved_at = time.monotonic()
        self._is_stuck = False
        self._let_in()

    def _has_room(self) -> bool:
        return self._busy < self._places and (self._busy < _AT_ONCE or not self._is_late)

    def _let_in(self) -> None:
        while self._waiting and self._has_room():
            _, turn = self._waiting.popleft()
            if not turn.done():
                self._busy += 1
                turn.set_result(True)

    def _look_on(self) -> None:
        if self._looking is None and (self._waiting or self._busy >= _AT_ONCE):
            loop = asyncio.get_running_loop()
            due_at = loop.time() + _LOOK_EVERY_S
            self._looking = loop.call_at(due_at, self._look, loop, due_at, self._moved_at)

    def _look(self, loop: asyncio.AbstractEventLoop, due_at: float, moved_at: float) -> None:
        """Every moment while there is something to see. What came while this process stood still is heard of before the next."""
        self._looking = None
        self._is_late = loop.time() > due_at + _LATE_BY_S
        self._let_in()
        # Whether nothing has moved is believed when it is seen twice.
        if self._waiting and self._busy == self._places and self._moved_at == moved_at:
            self._refuse(time.monotonic())
        self._look_on()

    def _refuse(self, now: float) -> None:
        if now < self._moved_at + REFUSED_AFTER_S:
            return
        self._is_stuck = now >= self._moved_at + STUCK_AFTER_S
        while self._waiting and (self._is_stuck or now >= self._waiting[0][0] + REFUSED_AFTER_S):
            _, turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(False)
