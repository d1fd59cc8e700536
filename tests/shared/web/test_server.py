"""What a serving process does to itself between the server's start and its end."""

import asyncio
import contextlib
import gc
import sys
from collections.abc import AsyncIterator
from typing import Any

import prometheus_client

from shared.web import bridge, refusals, server


def test_it_runs_from_the_first_request_to_the_last_with_short_turns_and_little_to_search_for_garbage() -> None:
    happened: list[str] = []
    frozen_before, turn_before = gc.get_freeze_count(), sys.getswitchinterval()

    @contextlib.asynccontextmanager
    async def running() -> AsyncIterator[None]:
        happened.append("begun")
        yield
        happened.append("ended")

    async def receive() -> dict[str, Any]:
        happened.append("asked")
        return {"type": "lifespan"}

    async def send(message: Any) -> None:
        happened.append(message["type"])
        if message["type"] == "lifespan.startup.complete":
            assert gc.get_freeze_count() > frozen_before + 1_000
            assert sys.getswitchinterval() <= 0.001

    refused = refusals.Refusals(prometheus_client.CollectorRegistry())
    app: Any = server.serve(bridge.Bridge(lambda *_: [], refused, places=1), running)
    try:
        asyncio.run(app({"type": "lifespan"}, receive, send))
    finally:
        gc.unfreeze()
        sys.setswitchinterval(turn_before)
    assert happened == ["asked", "begun", "lifespan.startup.complete", "asked", "ended", "lifespan.shutdown.complete"]
