"""Finds out what is new and tells it to the streams.

An announcement through Redis says that a platform has something new; what it is, is read from PostgreSQL, in the order in
which it became visible. PostgreSQL is also asked once a second whether or not anything was announced: an announcement that
is lost, or a Redis that is away, costs a second and nothing else.
"""

import asyncio
import contextlib
import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Concatenate, ParamSpec, TypeVar

import sqlalchemy.exc
from sqlalchemy import Engine

from services.inbox_api import cursor
from services.inbox_api.stream import actions, events, metrics, store, switchboard
from shared import logging

P = ParamSpec("P")
T = TypeVar("T")

LOOK_EVERY_S = 1.0
_logger = logging.get_logger(__name__)


class Watch:
    """`run` is the one coroutine that looks; `look_at` asks it to look at a platform now."""

    def __init__(self, board: switchboard.Switchboard, engine: Engine, measures: metrics.Metrics) -> None:
        self._board = board
        self._engine = engine
        self._measures = measures
        self._due: set[int] = set()
        self._wake = asyncio.Event()
        # What waits for PostgreSQL does so beside the event loop, one question at a time.
        self._thread = ThreadPoolExecutor(1, "stream-watch")
        board.on_join = self.look_at

    def look_at(self, platform_id: int) -> None:
        if platform_id in self._board.platforms:
            self._due.add(platform_id)
            self._wake.set()

    async def run(self) -> None:
        """Until it is cancelled."""
        now = asyncio.get_running_loop().time
        asked_at = now()
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(asked_at + LOOK_EVERY_S):
                    await self._wake.wait()
            self._wake.clear()
            try:
                if now() >= asked_at + LOOK_EVERY_S:
                    asked_at = now()
                    await self._ask()
                while self._due:
                    await self._look(self._due.pop())
            except sqlalchemy.exc.SQLAlchemyError as error:
                # Nothing is lost: the positions stay where they are, and the next question finds the same again.
                _logger.warning("streams must wait for the database", reason=type(error).__name__)
            except Exception:  # whatever it is, the streams of the others go on
                _logger.exception("a look for the streams failed")

    async def _ask(self) -> None:
        positions = {key: platform.position.sent_at for key, platform in self._board.platforms.items()}
        if positions:
            self._due.update(await self._read(actions.list_changed, positions=positions))

    async def _look(self, platform_id: int) -> None:
        platform = self._board.platforms.get(platform_id)
        if platform is None:
            return
        position = platform.position
        found = await self._read(actions.look, platform_id=platform_id, after=position.sent_at)
        for fresh in found.fresh:
            await self._learn(platform, fresh.directory_version)
            if platform.position is not position:
                return  # somebody joined who is not that far; on_join has asked for another look
            position = platform.position = cursor.Position(fresh.notification.sent_at, fresh.notification.id)
            if not fresh.is_recalled:
                self._tell(platform, fresh, "notification", events.notification(position, fresh.notification), position)
                self._measures.delay.observe(fresh.age_s)
        for recalled in found.recalled:
            if recalled.message_id not in platform.recalled:
                await self._learn(platform, recalled.directory_version)
                self._tell(platform, recalled, "recalled", events.recalled(recalled.message_id), None)
        platform.recalled = frozenset(recalled.message_id for recalled in found.recalled)
        if len(found.fresh) == actions.LOOK_LIMIT:
            self._due.add(platform_id)

    async def _learn(self, platform: switchboard.Platform, version: int) -> None:
        """Whoever joins while the others are being read makes another round."""
        while unknown := platform.unknown(version):
            memberships = await self._read(actions.list_memberships, user_ids=unknown, version=version)
            platform.learn(version, unknown, memberships)

    def _tell(
        self,
        platform: switchboard.Platform,
        what: store.Fresh | store.Recalled,
        name: str,
        event: bytes,
        position: cursor.Position | None,
    ) -> None:
        told = sum(stream.offer(event, position) for stream in platform.find(what.scope_ids))
        self._measures.events.labels(name).inc(told)

    async def _read(self, call: Callable[Concatenate[Engine, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        question = functools.partial(call, self._engine, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._thread, question)
