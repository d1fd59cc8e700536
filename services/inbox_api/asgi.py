"""Entry file: `granian --interface asgi services.inbox_api.asgi:app`. Everything that `wsgi` serves, and the live stream."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator

from services.inbox_api import settings, wsgi
from services.inbox_api.stream import bridge, streams
from shared.web import refusals, server

_settings = settings.read()
_registry = wsgi.app.extensions["hub_registry"]
_live = streams.Streams(
    wsgi.app.extensions["hub"].engine,
    limit=_settings.streams,
    redis_url=_settings.redis_url,
    redis_breaker=wsgi.redis_breaker,
    registry=_registry,
)
_refused = refusals.Refusals(_registry, origins=_settings.cors_origins)


@contextlib.asynccontextmanager
async def _running() -> AsyncIterator[None]:
    async with _live.running():
        _close_on_signal()
        yield


def _close_on_signal() -> None:
    """Ends the streams when the server is told to stop: it waits for every answer to end before it says so itself.

    asyncio learns of a signal by itself and leaves the place of Python's own handler free, so the server's handler stays.
    """
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(_live.close))


app = server.serve(bridge.Bridge(wsgi.app, _refused, _live, places=_settings.places), _running)
