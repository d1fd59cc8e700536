"""Listening to a real Redis, one that dies and one that hangs."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import redis

from cli.embedded import redis as embedded_redis
from cli.embedded import server
from services.inbox_api.stream import redis_listener
from shared import contracts
from tests.inbox_api.stream.conftest import in_background, play, until


class Broker:
    """A Redis of the test's own, to be taken away."""

    def __init__(self, folder: Path) -> None:
        self._prepared = embedded_redis.prepare(folder)
        self._folder = folder
        self._running = contextlib.ExitStack()
        self.url = self._prepared.url
        self.start()

    def start(self) -> None:
        self._running.enter_context(server.running(self._prepared, log=self._folder / "log"))

    def stop(self) -> None:
        self._running.close()

    def announce(self, platform_id: int) -> int:
        """How many heard it."""
        return self.publish(contracts.PlatformChanged(platform_id=platform_id).write())

    def publish(self, text: str) -> int:
        with contextlib.closing(redis.Redis.from_url(self.url)) as client:
            return int(client.publish(contracts.PlatformChanged.channel, text))

    @property
    def pid(self) -> int:
        with contextlib.closing(redis.Redis.from_url(self.url)) as client:
            return int(client.info("server")["process_id"])


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    made = Broker(tmp_path)
    yield made
    made.stop()


@contextlib.asynccontextmanager
async def listening(url: str) -> AsyncIterator[list[int]]:
    heard: list[int] = []
    async with in_background(lambda: redis_listener.listen(url, heard.append)):
        yield heard


async def is_heard(broker: Broker) -> None:
    async with asyncio.timeout(20):
        while True:
            with contextlib.suppress(redis.RedisError):
                if broker.announce(7):
                    return
            await asyncio.sleep(0.05)


def test_announcements_are_heard_and_anything_else_is_not(broker: Broker) -> None:
    async def scene() -> None:
        async with listening(broker.url) as heard:
            await is_heard(broker)
            for text in ("", "{", "[]", "7", '{"version": 2, "platform_id": 8}', '{"version": 1, "platform_id": "8"}'):
                broker.publish(text)
            broker.publish('{"version": 1, "platform_id": 9, "more": "from a later release"}')
            await until(lambda: 9 in heard)
            assert heard == [7, 9]

    play(scene)


def test_a_redis_that_died_is_heard_again_once_it_is_back(broker: Broker) -> None:
    async def scene() -> None:
        async with listening(broker.url) as heard:
            await is_heard(broker)
            broker.stop()
            await asyncio.sleep(0.2)
            broker.start()
            await is_heard(broker)
            await until(lambda: len(heard) == 2)

    play(scene)


def test_a_redis_that_hangs_is_given_up_and_heard_again_once_it_goes_on(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_listener, "_SILENCE_S", 0.2)

    async def scene() -> None:
        async with listening(broker.url) as heard:
            await is_heard(broker)
            await asyncio.sleep(0.7)  # a Redis that only has nothing to say is not given up
            pid = broker.pid
            os.kill(pid, signal.SIGSTOP)
            try:
                await asyncio.sleep(1.0)
            finally:
                os.kill(pid, signal.SIGCONT)
            began_at = time.monotonic()
            await until(lambda: broker.announce(8) and 8 in heard)
            assert time.monotonic() - began_at < 10

    play(scene)


def test_a_redis_that_was_never_there_is_waited_for(tmp_path: Path) -> None:
    prepared = embedded_redis.prepare(tmp_path)

    async def scene() -> None:
        async with listening(prepared.url) as heard:
            await asyncio.sleep(0.3)
            with (
                server.running(prepared, log=tmp_path / "log"),
                contextlib.closing(redis.Redis.from_url(prepared.url)) as client,
            ):
                text = contracts.PlatformChanged(platform_id=5).write()
                await until(lambda: client.publish(contracts.PlatformChanged.channel, text))
                await until(lambda: heard == [5])

    play(scene)
