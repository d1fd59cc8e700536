"""All streams of this process together: opens them, ends them, and keeps what they need running. Used by the entry file."""

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator

import prometheus_client
from sqlalchemy import Engine

from services.inbox_api.stream import announcements, connection, entrance, metrics, switchboard, watch
from shared import breaker, logging
from shared.web import bridge

# Now and then everybody comes in anew, so that whoever may no longer read is found out: a little apart from each other.
_RENEWED_AFTER_S = (3_000.0, 4_200.0)
_logger = logging.get_logger(__name__)


class Streams:
    def __init__(
        self,
        engine: Engine,
        *,
        limit: int,
        redis_url: str | None,
        redis_breaker: breaker.Breaker | None,
        registry: prometheus_client.CollectorRegistry,
    ) -> None:
        self._board = switchboard.Switchboard(limit=limit)
        self._engine = engine
        self._redis_url = redis_url
        self._breaker = redis_breaker
        self._measures = metrics.Metrics(registry, count_open=lambda: self._board.count)
        self._is_closing = False

    def make_entrance(self) -> entrance.Entrance:
        return entrance.Entrance(self._board, self._measures)

    async def serve(
        self,
        admitted: entrance.Admitted,
        first: bytes,
        *,
        receive: bridge.Receive,
        send: bridge.Send,
    ) -> None:
        """Goes on with an answer that has begun, until the stream ends."""
        stream = connection.Stream(
            platform_id=admitted.platform_id, user_id=admitted.user_id, position=admitted.position
        )
        seconds, reason = min(
            (admitted.expires_at - time.time(), "expired"),
            (random.uniform(*_RENEWED_AFTER_S), "renew"),  # noqa: S311 (spreads load, hides nothing)
        )
        if self._is_closing:
            stream.end("shutdown")
        ends_at = asyncio.get_running_loop().time() + seconds
        self._board.join(stream)
        try:
            await stream.serve(first, ends_at=ends_at, reason=reason, receive=receive, send=send)
        finally:
            self._board.leave(stream)
            self._measures.ended.labels(stream.ended or "error").inc()
            _logger.debug("stream ended", user_id=stream.user_id, reason=stream.ended)

    def close(self) -> None:
        """Ends every stream, so that the server can stop; whoever comes now is sent away at once."""
        self._is_closing = True
        for stream in self._board.streams():
            stream.end("shutdown")

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """While this is open, streams are told what is new."""
        looking = watch.Watch(self._board, self._engine, self._measures)
        tasks = [asyncio.create_task(looking.run())]
        if self._redis_url and self._breaker:
            tasks.append(asyncio.create_task(announcements.listen(self._redis_url, looking.look_at, self._breaker)))
        try:
            yield
        finally:
            self.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
