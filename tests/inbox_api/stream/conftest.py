"""A switchboard with somebody to look for it, over the test's own database."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import prometheus_client
from sqlalchemy import Engine

from services.inbox_api import cursor
from services.inbox_api.stream import actions, connection, metrics, switchboard, watch
from tests import factories
from tests.inbox_api.hub import Hub


class Ear(connection.Stream):
    """A stream that nobody sends: keeps what it was offered."""

    def __init__(self, hub: Hub, who: factories.User, *, at: cursor.Position | None = None) -> None:
        arrival = actions.arrive(hub.inbox, caller=hub.caller(who), last_event_id=None)
        super().__init__(platform_id=who.platform_id, user_id=who.id, position=at or arrival.position)
        self.heard: list[tuple[str, str]] = []

    def offer(self, event: bytes, position: cursor.Position | None = None) -> bool:
        is_new = super().offer(event, position)
        if is_new:
            name, *_, data = event.decode().strip().split("\n")
            self.heard.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))["id"]))
        return is_new


async def until(is_so: Callable[[], object], *, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it never came to that"
        await asyncio.sleep(0.005)


@contextlib.asynccontextmanager
async def watching(engine: Engine, board: switchboard.Switchboard) -> AsyncIterator[watch.Watch]:
    measures = metrics.Metrics(prometheus_client.CollectorRegistry(), count_open=lambda: board.count)
    looking = watch.Watch(board, engine, measures)
    task = asyncio.create_task(looking.run())
    try:
        yield looking
    finally:
        assert not task.done(), "nothing may end the watch"
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        # The question it was asking has its answer before the test takes the database away.
        looking._thread.shutdown(wait=True)


def play(scene: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        async with asyncio.timeout(30):
            await scene()

    asyncio.run(main())
