"""One open stream: what waits to be sent to one client, and the coroutine that sends it. Lives in the event loop only."""

import asyncio
import collections

from services.inbox_api import cursor
from services.inbox_api.stream import events
from shared.web import bridge

HEARTBEAT_S = 15.0
# Beyond this many waiting events the client is told to ask the feed instead.
CAPACITY = 64
# A client that has not taken what was sent for so long is cut off. The server holds back what the kernel does not take.
SEND_WITHIN_S = 30.0


class Stream:
    """Why it ended stands in `ended`: gone, expired, renew, slow or shutdown; None while it is open."""

    __slots__ = ("_events", "_wake", "ended", "platform_id", "position", "user_id")

    def __init__(self, *, platform_id: int, user_id: int, position: cursor.Position) -> None:
        self.platform_id = platform_id
        self.user_id = user_id
        self.position = position
        self.ended: str | None = None
        self._events: collections.deque[bytes] = collections.deque()
        self._wake = asyncio.Event()

    def offer(self, event: bytes, position: cursor.Position | None = None) -> bool:
        """Queues an event and says whether; one with a position only if the stream is not that far yet."""
        if position is not None:
            if position.sent_at <= self.position.sent_at:
                return False
            self.position = position
        if len(self._events) >= CAPACITY:
            self._events.clear()
            event = events.sync(self.position)
        self._events.append(event)
        self._wake.set()
        return True

    def end(self, reason: str) -> None:
        """Lets the stream say what is still queued and then end. Only the first reason counts."""
        if self.ended is None:
            self.ended = reason
            self._wake.set()

    async def serve(
        self, first: bytes, *, ends_at: float, reason: str, receive: bridge.Receive, send: bridge.Send
    ) -> None:
        """Sends `first` and then whatever is offered, until the client goes, `ends_at` (of the loop's clock) or `end`."""
        gone = asyncio.ensure_future(_wait_gone(receive))
        gone.add_done_callback(lambda _: self.end("gone"))
        ending = asyncio.get_running_loop().call_at(ends_at, self.end, reason)
        try:
            await _write(send, first)
            while self.ended is None:
                await self._write_next(send)
            if self.ended != "gone":
                self._events.append(events.EXPIRED if self.ended == "expired" else b"")
                await _write(send, b"".join(self._events), more=False)
        except TimeoutError:
            self.ended = "slow"
        finally:
            ending.cancel()
            gone.cancel()

    async def _write_next(self, send: bridge.Send) -> None:
        """What is queued, as soon as there is something; else a heartbeat."""
        try:
            async with asyncio.timeout(HEARTBEAT_S):
                await self._wake.wait()
        except TimeoutError:
            await _write(send, events.HEARTBEAT)
            return
        self._wake.clear()
        if self._events and self.ended is None:
            waiting = b"".join(self._events)
            self._events.clear()
            await _write(send, waiting)


async def _wait_gone(receive: bridge.Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _write(send: bridge.Send, data: bytes, *, more: bool = True) -> None:
    async with asyncio.timeout(SEND_WITHIN_S):
        await send({"type": "http.response.body", "body": data, "more_body": more})
