"""Who may go on to a thread: as many requests as there are places, some more that wait their turn, and nobody else.

Lives in the event loop, before anything of a request is read or looked up, so that refusing costs next to nothing however many
come. Used by the bridge; what serves without it (plain WSGI) has shared/web/places.py.
"""

import asyncio
import collections
import time

# How often it is looked at what moves. Counted in looks and not in seconds: while this process does not get the processor,
# nothing can move, and nobody is to be refused for that.
_LOOK_EVERY_S = 0.005
# When no place has been given back for so many looks (30 ms), whoever has not waited longer than a little more than that is
# refused, and whoever comes until one is given back, at once.
_STILL_AFTER = 6
_SHORT_WAIT_S = 0.04
# When none has for so many (100 ms), it is no hitch: those who waited before it began are refused too.
_STUCK_AFTER = 20
# When whoever is next has waited so long, nobody joins the queue any more.
LATE_AFTER_S = 0.5
# So many wait for each place at most.
_WAITING_PER_PLACE = 16
# While this process computes most of the time, no more than so many are let in at once. Threads that compute take turns, and the
# event loop is one among them: the fewer they are, the sooner it can refuse; but with three or two, fewer requests are served.
# Whoever waits for PostgreSQL does not compute; so when that is slow, all places are used. That the loop runs late would not do
# as a sign: on a busy machine it does whatever is done here, and then PostgreSQL is slow.
_AT_ONCE = 4
_COMPUTES_ABOVE = 0.6


class Gate:
    """A fair semaphore that refuses early rather than late. Everything is called in the event loop."""

    def __init__(self, places: int) -> None:
        self._places = places
        self._busy = 0
        self._most_waiting = places * _WAITING_PER_PLACE
        self._waiting: collections.deque[tuple[float, asyncio.Future[bool]]] = collections.deque()
        # Looks since a place was given back, while all are taken.
        self._still = 0
        self._computes = False
        self._looking: asyncio.TimerHandle | None = None

    def refuses(self) -> bool:
        """Whether whoever comes now is sent away."""
        if self._still >= _STILL_AFTER or len(self._waiting) >= self._most_waiting:
            return True
        return bool(self._waiting) and time.monotonic() > self._waiting[0][0] + LATE_AFTER_S

    async def enter(self) -> bool:
        """Whether there is a place; then `leave` gives it back. Who is refused is so at once, or as soon as all is stuck."""
        if not self._waiting and self._has_room():
            self._busy += 1
            self._still = 0
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
        self._still = 0
        self._let_in()

    def _has_room(self) -> bool:
        return self._busy < self._places and (self._busy < _AT_ONCE or not self._computes)

    def _let_in(self) -> None:
        while self._waiting and self._has_room():
            _, turn = self._waiting.popleft()
            if not turn.done():
                self._busy += 1
                turn.set_result(True)

    def _look_on(self) -> None:
        if self._looking is None and (self._waiting or self._busy >= _AT_ONCE):
            now, computed = time.monotonic(), time.process_time()
            self._looking = asyncio.get_running_loop().call_later(_LOOK_EVERY_S, self._look, now, computed)

    def _look(self, since: float, computed: float) -> None:
        """Every moment while there is something to see."""
        self._looking = None
        now = time.monotonic()
        self._computes = time.process_time() - computed > _COMPUTES_ABOVE * (now - since)
        self._let_in()
        self._still = self._still + 1 if self._busy == self._places else 0
        if self._still == _STILL_AFTER:
            self._refuse(came_after=now - _SHORT_WAIT_S)
        elif self._still == _STUCK_AFTER:
            self._refuse(came_after=0.0)
        self._look_on()

    def _refuse(self, *, came_after: float) -> None:
        """From the end of the queue: who has waited for long already is not sent away for a hitch."""
        while self._waiting and self._waiting[-1][0] >= came_after:
            _, turn = self._waiting.pop()
            if not turn.done():
                turn.set_result(False)
