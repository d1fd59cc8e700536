"""What both APIs' entry files say to the server that they run in (ASGI): how it begins and ends, and what it may and must do."""

import contextlib
import gc
import resource
import sys
from collections.abc import Callable

from shared.web import bridge

# Connections that the server takes (`--backpressure`), those to PostgreSQL, and what else a process has open.
FILES = 12_000
# How long a thread that computes keeps others waiting, the event loop among them. Python's own 5 ms, once for each of several
# threads, are most of the time in which a refusal must be out.
_TURN_S = 0.0002


def serve(
    requests: bridge.Bridge, running: Callable[[], contextlib.AbstractAsyncContextManager[None]]
) -> Callable[[bridge.Scope, bridge.Receive, bridge.Send], object]:
    """The ASGI application: `requests` serves, and `running` is open from before the first of them until after the last."""

    async def app(scope: bridge.Scope, receive: bridge.Receive, send: bridge.Send) -> None:
        if scope["type"] != "lifespan":
            await requests(scope, receive, send)
            return
        await receive()
        _allow_files()
        _keep_short_pauses()
        async with running():
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})

    return app


def _allow_files() -> None:
    """Raises the usual limit of 1,024 open files, as far as this process may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _keep_short_pauses() -> None:
    """What has been loaded stays; looking through it for garbage again and again stood everything still for 80 ms each time."""
    sys.setswitchinterval(_TURN_S)
    gc.collect()
    gc.freeze()
