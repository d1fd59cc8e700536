"""One stream: what it queues, what it yields, and how it ends."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from services.inbox_api import cursor
from services.inbox_api.stream import events, subscriber

BEGINNING = datetime(2026, 11, 22, tzinfo=UTC)


def position(number: int) -> cursor.Position:
    return cursor.Position(BEGINNING + timedelta(seconds=number), uuid.UUID(int=number))


class Peer:
    """Takes what the stream yields while `reads` is set."""

    def __init__(self, stream: subscriber.Subscriber) -> None:
        self.text = b""
        self.reads = asyncio.Event()
        self.reads.set()
        self.task = asyncio.ensure_future(self._take(stream))

    async def _take(self, stream: subscriber.Subscriber) -> None:
        async for piece in stream.stream(b"first\n"):
            await self.reads.wait()
            self.text += piece


def run(scene: Callable[[subscriber.Subscriber, Peer], Awaitable[None]]) -> tuple[str | None, bytes]:
    """Plays a scene with an open stream, which must have ended afterwards: why it ended, and all that it yielded."""

    async def main() -> tuple[str | None, bytes]:
        stream = subscriber.Subscriber(platform_id=1, user_id=1, position=position(0))
        peer = Peer(stream)
        async with asyncio.timeout(10):
            await until(lambda: peer.text)
            await scene(stream, peer)
            await peer.task
        return stream.ended, peer.text

    return asyncio.run(main())


async def until(is_so: Callable[[], object]) -> None:
    while not is_so():
        await asyncio.sleep(0.001)


def test_events_are_sent_in_order_after_the_first_ones() -> None:
    async def scene(stream: subscriber.Subscriber, peer: Peer) -> None:
        for number in range(1, 4):
            assert stream.publish(b"%d " % number, position(number))
        await until(lambda: b"3" in peer.text)
        stream.publish(b"4 ", position(4))
        await until(lambda: b"4" in peer.text)
        stream.end("renew")

    assert run(scene) == ("renew", b"first\n1 2 3 4 ")


def test_events_at_or_before_the_position_are_dropped() -> None:
    async def scene(stream: subscriber.Subscriber, _peer: Peer) -> None:
        assert not stream.publish(b"known", position(0))
        assert stream.publish(b"two", position(2))
        assert not stream.publish(b"one", position(1))
        assert not stream.publish(b"two", position(2))
        assert stream.publish(b"recall")
        stream.end("renew")

    assert run(scene) == ("renew", b"first\ntworecall")


def test_a_client_with_too_many_events_waiting_gets_a_sync_instead() -> None:
    last = subscriber.CAPACITY + 3

    async def scene(stream: subscriber.Subscriber, peer: Peer) -> None:
        peer.reads.clear()
        stream.publish(b"on its way ", position(1))
        await asyncio.sleep(0.01)
        for number in range(2, subscriber.CAPACITY + 4):
            stream.publish(b"%d " % number, position(number))
        peer.reads.set()
        await until(lambda: b"sync" in peer.text)
        stream.end("renew")

    assert run(scene)[1] == b"first\non its way " + events.sync(position(last - 1)) + b"%d " % last


@pytest.mark.parametrize("reason", ["expired", "shutdown", "renew", "inactive"])
def test_a_stream_that_ends_sends_the_rest(reason: str) -> None:
    async def scene(stream: subscriber.Subscriber, _peer: Peer) -> None:
        stream.publish(b"last words ", position(1))
        stream.end(reason)
        stream.end("too late")

    assert run(scene) == (reason, b"first\nlast words ")


def test_a_stream_that_ended_before_it_began_sends_its_first_events() -> None:
    async def main() -> bytes:
        stream = subscriber.Subscriber(platform_id=1, user_id=1, position=position(0))
        stream.end("shutdown")
        return b"".join([piece async for piece in stream.stream(b"first\n")])

    assert asyncio.run(main()) == b"first\n"
