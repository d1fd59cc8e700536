"""Threads that an event loop hands work to: what `loop.run_in_executor` does, with one hop there, one back and nothing in between."""

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from typing import Any, Generic, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Pool(Generic[P, T]):
    """`threads` threads that run `work` for whoever awaits it, first come, first served. They end with the process."""

    def __init__(self, work: Callable[P, T], *, threads: int, name: str, most_waiting: int = 0) -> None:
        self._work = work
        self._most_waiting = most_waiting
        self._waiting: queue.SimpleQueue[tuple[asyncio.Future[T], Any, Any]] = queue.SimpleQueue()
        for number in range(threads):
            threading.Thread(target=self._run, name=f"{name}-{number}", daemon=True).start()

    def is_full(self) -> bool:
        """Whether so many wait for a thread that no more should."""
        return self._waiting.qsize() >= self._most_waiting

    def run(self, *args: P.args, **kwargs: P.kwargs) -> asyncio.Future[T]:
        """Called in the event loop; so is what awaits it."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.put((future, args, kwargs))
        return future

    def _run(self) -> None:
        while True:
            self._do(*self._waiting.get())

    def _do(self, future: asyncio.Future[T], args: Any, kwargs: Any) -> None:
        outcome: T | Exception
        try:
            outcome = self._work(*args, **kwargs)
        except Exception as error:
            outcome = error
        # A loop that has ended meanwhile has nobody left who waits.
        with contextlib.suppress(RuntimeError):
            future.get_loop().call_soon_threadsafe(_settle, future, outcome)


def _settle(future: asyncio.Future[T], outcome: T | Exception) -> None:
    if future.done():
        return  # whoever waited was cancelled
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)
