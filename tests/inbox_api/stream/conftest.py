"""Subscribers and their poller, over the test's own database."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime

import anyio
import prometheus_client
from sqlalchemy import Engine

from services.inbox_api import cursor
from services.inbox_api.stream import actions, metrics, poller, subscriber, subscribers
from tests import factories
from tests.inbox_api.hub import Hub


class Recorder(subscriber.Subscriber):
    """A subscriber without a response: keeps what was published to it."""

    def __init__(self, hub: Hub, who: factories.User, *, at: cursor.Position | None = None) -> None:
        self.opening = actions.open_stream(hub.inbox, caller=hub.caller(who), last_event_id=None)
        super().__init__(platform_id=who.platform_id, user_id=who.id, position=at or self.opening.position)
        self.received: list[tuple[str, str]] = []

    def publish(self, event: bytes, position: cursor.Position | None = None) -> bool:
        is_new = super().publish(event, position)
        if is_new:
            name, *_, data = event.decode().strip().split("\n")
            self.received.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: ")).get("id", "")))
        return is_new


# Those that nobody closes: collected as garbage, they would end.
_subscribed: list[contextlib.ExitStack] = []


def make_metrics() -> metrics.Metrics:
    return metrics.Metrics(prometheus_client.CollectorRegistry())


def make_subscribers(*, limit: int = 1_000) -> subscribers.Subscribers:
    return subscribers.Subscribers(make_metrics(), limit=limit)


def join(registry: subscribers.Subscribers, stream: subscriber.Subscriber) -> contextlib.ExitStack:
    """Subscribes `stream` until the answer is closed."""
    stack = contextlib.ExitStack()
    version, now = (
        (stream.opening.directory_version, stream.opening.now)
        if isinstance(stream, Recorder)
        else (1, datetime.now(UTC))
    )
    stack.enter_context(registry.admitted(stream.user_id))
    stack.enter_context(registry.subscribed(stream, expired_until=now, directory_version=version))
    _subscribed.append(stack)
    return stack


async def until(is_so: Callable[[], object], *, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it never came to that"
        await asyncio.sleep(0.005)


@contextlib.asynccontextmanager
async def polling(engine: Engine, registry: subscribers.Subscribers) -> AsyncIterator[poller.Poller]:
    running = poller.Poller(registry, engine, make_metrics())
    async with in_background(running.run):
        yield running


@contextlib.asynccontextmanager
async def in_background(run: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Runs it as the application does, until the block ends, and waits for its call in a thread: that has a connection."""

    async def run_for_ever() -> None:
        await run()
        raise AssertionError("nothing may end it")

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run_for_ever)
        try:
            yield
        finally:
            tasks.cancel_scope.cancel()


def play(scene: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        async with asyncio.timeout(30):
            await scene()

    asyncio.run(main())
