"""Entry file: `granian --interface asgi services.inbox_api.asgi:app`. Everything that `wsgi` serves, and the live stream."""

import asyncio
import resource
import signal

from services.inbox_api import settings, wsgi
from services.inbox_api.stream import bridge, connection, streams

# More threads than places: what needs no place, and refusing, does not wait behind the work.
_SPARE_THREADS = 4
# Of other connections than streams: polls, connections that are kept open, PostgreSQL.
_OTHER_FILES = 4_096

_settings = settings.read()
_live = streams.Streams(
    wsgi.app.extensions["hub"].engine,
    limit=_settings.streams,
    redis_url=_settings.redis_url,
    registry=wsgi.app.extensions["hub_registry"],
)
_bridge = bridge.Bridge(wsgi.app, _live, threads=_settings.places + _SPARE_THREADS)


async def app(scope: bridge.Scope, receive: connection.Receive, send: connection.Send) -> None:
    if scope["type"] == "lifespan":
        await _live_through(receive, send)
    else:
        await _bridge(scope, receive, send)


async def _live_through(receive: connection.Receive, send: connection.Send) -> None:
    await receive()
    _allow_files(_settings.streams + _OTHER_FILES)
    async with _live.running():
        _close_on_signal()
        await send({"type": "lifespan.startup.complete"})
        await receive()
    await send({"type": "lifespan.shutdown.complete"})


def _close_on_signal() -> None:
    """Ends the streams when the server is told to stop: it waits for every answer to end before it says so itself.

    asyncio learns of a signal by itself and leaves the place of Python's own handler free, so the server's handler stays.
    """
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(_live.close))


def _allow_files(count: int) -> None:
    """Raises the usual limit of 1,024 open files, as far as this process may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count if hard == resource.RLIM_INFINITY else min(count, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
