"""One open stream: its queue of events, and the iterator that the response sends. Used in the event loop only."""

import asyncio
import collections
from collections.abc import AsyncIterator

from services.inbox_api import cursor
from services.inbox_api.stream import events

# A client with more events waiting is sent one `sync` instead and asks the feed.
CAPACITY = 64


class Subscriber:
    """`ended` is the reason why the stream ended: expired, renew, inactive, shutdown, slow or gone; None while it is open."""

    __slots__ = ("_queue", "_wake", "ended", "platform_id", "position", "user_id")

    def __init__(self, *, platform_id: int, user_id: int, position: cursor.Position) -> None:
        self.platform_id = platform_id
        self.user_id = user_id
        self.position = position
        self.ended: str | None = None
        self._queue: collections.deque[bytes] = collections.deque()
        self._wake = asyncio.Event()

    def publish(self, event: bytes, position: cursor.Position | None = None) -> bool:
        """Queues an event and returns True; one at or before the stream's position is dropped (False)."""
        if position is not None:
            if position.sent_at <= self.position.sent_at:
                return False
            self.position = position
        if len(self._queue) >= CAPACITY:
            self._queue.clear()
            event = events.sync(self.position)
        self._queue.append(event)
        self._wake.set()
        return True

    def end(self, reason: str) -> None:
        """Ends the stream after what is queued. Only the first reason counts."""
        if self.ended is None:
            self.ended = reason
            self._wake.set()

    async def stream(self, first: bytes) -> AsyncIterator[bytes]:
        """`first`, then whatever is published, until `end`."""
        yield first
        while self.ended is None:
            await self._wake.wait()
            self._wake.clear()
            if self._queue:
                waiting = b"".join(self._queue)
                self._queue.clear()
                yield waiting
        if self._queue:
            yield b"".join(self._queue)
