"""Threads beside an event loop: what comes back, in which order work begins, and who may stop waiting."""

import asyncio
import threading

import pytest

from shared.web import pool


def test_what_work_returns_or_raises_comes_back() -> None:
    async def scene() -> None:
        halves = pool.Pool(lambda number: 8 / number, threads=2, name="half")
        assert await halves.run(2) == 4
        with pytest.raises(ZeroDivisionError):
            await halves.run(0)
        assert await asyncio.gather(*(halves.run(number) for number in (1, 2, 4))) == [8, 4, 2]

    asyncio.run(scene())


def test_who_comes_first_is_first_and_who_stops_waiting_costs_the_others_nothing() -> None:
    go_on, begun = threading.Event(), list[int]()

    def work(number: int) -> int:
        begun.append(number)
        go_on.wait(10)
        return number

    async def scene() -> None:
        one = pool.Pool(work, threads=1, name="one")
        held = [one.run(number) for number in range(5)]
        held[0].cancel()
        go_on.set()
        assert await asyncio.gather(*held[1:]) == [1, 2, 3, 4]
        assert begun == [0, 1, 2, 3, 4]

    asyncio.run(scene())


def test_work_that_outlives_its_loop_leaves_the_thread_to_the_next() -> None:
    go_on = threading.Event()
    one = pool.Pool(go_on.wait, threads=1, name="one")

    async def leave() -> None:
        one.run(10)

    async def come_back() -> None:
        assert await one.run(10)

    asyncio.run(leave())
    go_on.set()
    asyncio.run(come_back())
