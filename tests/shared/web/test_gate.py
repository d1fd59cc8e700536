"""Who gets a place, in which order, and who is sent away: at once, or as soon as nothing moves any more."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from shared.web import gate


def play(scene: Callable[[], Awaitable[None]]) -> None:
    async def limited() -> None:
        async with asyncio.timeout(20):
            await scene()

    asyncio.run(limited())


async def enter_all(one: gate.Gate, count: int) -> None:
    for _ in range(count):
        assert await one.enter()


def test_there_are_as_many_places_as_said_and_given_back_they_are_taken_again() -> None:
    async def scene() -> None:
        one = gate.Gate(3)
        for _ in range(4):
            await enter_all(one, 3)
            assert not await one.enter()
            for _ in range(3):
                one.leave()

    play(scene)


def test_whoever_gives_a_place_back_and_asks_again_comes_after_those_who_wait() -> None:
    async def scene() -> None:
        one, order = gate.Gate(1), list[int]()

        async def ask(number: int) -> None:
            assert await one.enter()
            order.append(number)
            one.leave()

        await enter_all(one, 1)
        waiting = [asyncio.create_task(ask(number)) for number in range(3)]
        await asyncio.sleep(0)
        one.leave()
        await ask(3)
        await asyncio.gather(*waiting)
        assert order == [0, 1, 2, 3]

    play(scene)


def test_when_nothing_moves_whoever_waits_is_soon_refused_and_whoever_comes_at_once() -> None:
    async def scene() -> None:
        one = gate.Gate(gate._AT_ONCE)
        await enter_all(one, gate._AT_ONCE)
        began_at = time.monotonic()
        first = [asyncio.create_task(one.enter()) for _ in range(5)]
        await asyncio.sleep(gate._STILL_AFTER * gate._LOOK_EVERY_S / 2)
        second = [asyncio.create_task(one.enter()) for _ in range(5)]
        assert await asyncio.gather(*first, *second) == [False] * 10
        assert time.monotonic() - began_at >= gate._STILL_AFTER * gate._LOOK_EVERY_S - 0.001
        assert one.refuses()
        began_at = time.monotonic()
        assert not await one.enter()
        assert time.monotonic() - began_at < gate._LOOK_EVERY_S
        one.leave()
        assert not one.refuses()
        assert await one.enter()

    play(scene)


def test_whoever_has_waited_for_long_is_not_sent_away_for_a_hitch_but_when_all_is_stuck(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gate, "_STUCK_AFTER", 60)

    async def scene() -> None:
        one = gate.Gate(1)
        await enter_all(one, 1)
        long_ago = asyncio.create_task(one.enter())
        also = asyncio.create_task(one.enter())
        await asyncio.sleep(0)
        until = time.monotonic() + gate._SHORT_WAIT_S
        while time.monotonic() < until:  # places move, as far as the gate can tell
            one._still = 0
            await asyncio.sleep(gate._LOOK_EVERY_S)
        assert not await one.enter(), "who came in the hitch"
        assert not long_ago.done()
        one.leave()
        assert await long_ago
        assert not await also, "nothing was given back any more"

    play(scene)


def test_while_places_move_those_who_wait_are_served_in_the_end() -> None:
    async def scene() -> None:
        one = gate.Gate(1)
        await enter_all(one, 1)
        waiting = [asyncio.create_task(one.enter()) for _ in range(6)]
        for _ in waiting:
            await asyncio.sleep(gate._STILL_AFTER * gate._LOOK_EVERY_S / 4)
            one.leave()
        assert await asyncio.gather(*waiting) == [True] * 6

    play(scene)


def test_so_many_wait_and_no_more() -> None:
    async def scene() -> None:
        one = gate.Gate(2)
        await enter_all(one, 2)
        waiting = [asyncio.create_task(one.enter()) for _ in range(2 * gate._WAITING_PER_PLACE)]
        await asyncio.sleep(0)
        assert one.refuses()
        assert not await one.enter()
        one.leave()
        assert not one.refuses()
        for task in waiting:
            task.cancel()

    play(scene)


def test_nobody_joins_a_queue_whose_first_has_waited_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "_STILL_AFTER", 10_000)
    monkeypatch.setattr(gate, "_STUCK_AFTER", 10_000)
    monkeypatch.setattr(gate, "LATE_AFTER_S", 0.05)

    async def scene() -> None:
        one = gate.Gate(1)
        await enter_all(one, 1)
        first = asyncio.create_task(one.enter())
        await asyncio.sleep(0)
        assert not one.refuses()
        await asyncio.sleep(0.06)
        assert one.refuses()
        one.leave()
        assert await first
        assert not one.refuses()

    play(scene)


def test_who_stops_waiting_leaves_the_place_to_others() -> None:
    async def scene() -> None:
        one = gate.Gate(1)
        await enter_all(one, 1)
        gone, next_one = (asyncio.create_task(one.enter()) for _ in range(2))
        await asyncio.sleep(0)
        gone.cancel()
        one.leave()
        assert await next_one
        late = asyncio.create_task(one.enter())
        await asyncio.sleep(0)
        one.leave()
        late.cancel()  # in the moment in which it was let in
        await asyncio.sleep(0)
        assert await one.enter()

    play(scene)


def test_while_this_process_computes_only_a_few_are_let_in_at_once_and_all_when_it_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    computed = [0.0]
    monkeypatch.setattr(gate.time, "process_time", lambda: computed[0])

    async def scene() -> None:
        one = gate.Gate(gate._AT_ONCE + 4)
        await enter_all(one, gate._AT_ONCE)
        computed[0] += 60
        await asyncio.sleep(gate._LOOK_EVERY_S * 1.5)
        more = [asyncio.create_task(one.enter()) for _ in range(4)]
        await asyncio.sleep(0)
        assert not any(task.done() for task in more)
        assert not one.refuses()
        assert await asyncio.gather(*more) == [True] * 4, "nothing was given back meanwhile, but there is a pause"

    play(scene)
