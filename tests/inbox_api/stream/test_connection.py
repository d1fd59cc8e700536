"""One stream: what it queues, when it sends, and how it ends."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.inbox_api import cursor
from services.inbox_api.stream import connection, events

BEGINNING = datetime(2026, 11, 22, tzinfo=UTC)


def position(number: int) -> cursor.Position:
    return cursor.Position(BEGINNING + timedelta(seconds=number), uuid.UUID(int=number))


class Peer:
    """The other end: what arrived, and whether it reads and is there."""

    def __init__(self) -> None:
        self.received: list[bytes] = []
        self.is_complete = False
        self.reads = asyncio.Event()
        self.reads.set()
        self.gone = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        await self.reads.wait()
        self.received.append(message["body"])
        self.is_complete = not message["more_body"]

    @property
    def text(self) -> bytes:
        return b"".join(self.received)


def run(
    scene: Callable[[connection.Stream, Peer, "asyncio.Task[None]"], Awaitable[None]],
    *,
    lasts_s: float = 60.0,
    reason: str = "expired",
) -> connection.Stream:
    """Plays a scene with an open stream, which must have ended afterwards."""

    async def main() -> connection.Stream:
        stream = connection.Stream(platform_id=1, user_id=1, position=position(0))
        peer = Peer()
        ends_at = asyncio.get_running_loop().time() + lasts_s
        serving = asyncio.create_task(
            stream.serve(b"first\n", ends_at=ends_at, reason=reason, receive=peer.receive, send=peer.send)
        )
        async with asyncio.timeout(10):
            await asyncio.sleep(0)
            await scene(stream, peer, serving)
            await serving
        assert len(asyncio.all_tasks()) == 1, "nothing is left running"
        return stream

    return asyncio.run(main())


async def until(is_so: Callable[[], object]) -> None:
    while not is_so():
        await asyncio.sleep(0.001)


def test_what_is_offered_is_sent_in_order_after_what_came_first() -> None:
    async def scene(stream: connection.Stream, peer: Peer, _serving: object) -> None:
        for number in range(1, 4):
            assert stream.offer(b"%d " % number, position(number))
        await until(lambda: b"3" in peer.text)
        stream.offer(b"4 ", position(4))
        await until(lambda: b"4" in peer.text)
        assert peer.text == b"first\n1 2 3 4 "
        peer.gone.set()

    assert run(scene).ended == "gone"


def test_what_a_stream_has_passed_is_not_told_again() -> None:
    async def scene(stream: connection.Stream, peer: Peer, _serving: object) -> None:
        assert not stream.offer(b"known", position(0))
        assert stream.offer(b"two", position(2))
        assert not stream.offer(b"one", position(1))
        assert not stream.offer(b"two", position(2))
        assert stream.offer(b"recall")
        await until(lambda: b"recall" in peer.text)
        assert peer.text == b"first\ntworecall"
        peer.gone.set()

    run(scene)


def test_a_client_that_does_not_read_is_told_to_sync_instead_of_all_it_missed() -> None:
    async def scene(stream: connection.Stream, peer: Peer, _serving: object) -> None:
        await until(lambda: peer.received)
        peer.reads.clear()
        stream.offer(b"on its way ", position(1))
        await asyncio.sleep(0.01)
        for number in range(2, connection.CAPACITY + 4):
            stream.offer(b"%d " % number, position(number))
        peer.reads.set()
        await until(lambda: b"sync" in peer.text)
        last = connection.CAPACITY + 3
        sync = events.sync(position(last - 1))
        assert peer.text == b"first\non its way " + sync + b"%d " % last
        peer.gone.set()

    run(scene)


def test_a_client_that_takes_nothing_for_long_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "SEND_WITHIN_S", 0.05)

    async def scene(stream: connection.Stream, peer: Peer, _serving: object) -> None:
        await until(lambda: peer.received)
        peer.reads.clear()
        stream.offer(b"x", position(1))

    assert run(scene).ended == "slow"


def test_a_quiet_stream_sends_heartbeats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEARTBEAT_S", 0.02)

    async def scene(_stream: connection.Stream, peer: Peer, _serving: object) -> None:
        await until(lambda: len(peer.received) >= 4)
        assert set(peer.received[1:]) == {events.HEARTBEAT}
        peer.gone.set()

    run(scene)


def test_when_the_token_expires_the_rest_is_told_then_why_then_it_is_over() -> None:
    peers = []

    async def scene(stream: connection.Stream, peer: Peer, serving: "asyncio.Task[None]") -> None:
        peers.append(peer)
        stream.offer(b"last words ", position(1))
        await serving

    assert run(scene, lasts_s=0.05).ended == "expired"
    assert peers[0].text == b"first\nlast words " + events.EXPIRED
    assert peers[0].is_complete


@pytest.mark.parametrize("reason", ["shutdown", "renew"])
def test_a_stream_that_is_ended_otherwise_ends_without_a_word_of_expiry(reason: str) -> None:
    peers = []

    async def scene(stream: connection.Stream, peer: Peer, serving: "asyncio.Task[None]") -> None:
        peers.append(peer)
        stream.end(reason)
        stream.end("too late")
        await serving

    assert run(scene).ended == reason
    assert peers[0].text == b"first\n"
    assert peers[0].is_complete


def test_a_stream_that_has_ended_before_it_began_says_what_came_first() -> None:
    async def main() -> Peer:
        stream = connection.Stream(platform_id=1, user_id=1, position=position(0))
        stream.end("shutdown")
        peer = Peer()
        ends_at = asyncio.get_running_loop().time() + 60
        await stream.serve(b"first\n", ends_at=ends_at, reason="expired", receive=peer.receive, send=peer.send)
        return peer

    peer = asyncio.run(main())
    assert (peer.text, peer.is_complete) == (b"first\n", True)
