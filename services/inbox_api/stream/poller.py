"""Reads what is new from PostgreSQL and publishes it to the subscribers.

PostgreSQL is asked every second; a notification through Redis (`redis_listener`) makes the poller read a platform at once. A lost
notification, or no Redis, therefore costs at most a second.
"""

import asyncio
import contextlib
import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

import anyio
from anyio import to_thread
from sqlalchemy import Engine

from services.inbox_api import cursor
from services.inbox_api.stream import actions, events, metrics, store, subscribers
from shared import database_errors, logging

P = ParamSpec("P")
T = TypeVar("T")

INTERVAL_S = 1.0
_logger = logging.get_logger(__name__)


class Poller:
    """`run` is the one coroutine that reads; `read_soon` asks it to read a platform now."""

    def __init__(self, registry: subscribers.Subscribers, engine: Engine, measures: metrics.Metrics) -> None:
        self._registry = registry
        self._engine = engine
        self._measures = measures
        self._due: set[int] = set()
        self._wake = asyncio.Event()
        registry.on_news = self.read_soon

    def read_soon(self, platform_id: int) -> None:
        if platform_id in self._registry.platforms:
            self._due.add(platform_id)
            self._wake.set()

    async def run(self) -> None:
        """Until it is cancelled."""
        now = asyncio.get_running_loop().time
        polled_at = now()
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(polled_at + INTERVAL_S):
                    await self._wake.wait()
            self._wake.clear()
            try:
                if now() >= polled_at + INTERVAL_S:
                    polled_at = now()
                    await self._poll()
                while self._due:
                    await self._read_platform(self._due.pop())
            except (
                Exception
            ) as error:  # of any kind: positions stay where they are, so the next poll finds the same again
                if database_errors.is_passing(error):
                    _logger.warning("streams wait for the database", reason=database_errors.reason(error))
                else:
                    _logger.exception("reading for the streams failed")

    async def _poll(self) -> None:
        known = {
            key: store.Known(platform.position.sent_at, platform.expired_until, platform.directory_version)
            for key, platform in self._registry.platforms.items()
        }
        if not known:
            return
        for change in await self._call(actions.list_changes, known=known):
            if change.has_news:
                self._due.add(change.platform_id)
            if change.directory_version > known[change.platform_id].directory_version:
                await self._end_inactive(change.platform_id, change.directory_version)

    async def _end_inactive(self, platform_id: int, directory_version: int) -> None:
        """Ends the streams of users who are not active any more. The directory was at least at that version."""
        platform = self._registry.platforms.get(platform_id)
        if platform is None:
            return
        user_ids, before = list(platform.streams), platform.directory_version
        # Before the query: a stream that is opened during it may set the version back.
        platform.directory_version = directory_version
        try:
            inactive = await self._call(actions.list_inactive, user_ids=user_ids)
        except Exception:
            platform.directory_version = min(platform.directory_version, before)
            raise
        for stream in platform.of_users(inactive):
            stream.end("inactive")

    async def _read_platform(self, platform_id: int) -> None:
        platform = self._registry.platforms.get(platform_id)
        if platform is None:
            return
        position, expired_until = platform.position, platform.expired_until
        found = await self._call(
            actions.read_news, platform_id=platform_id, after=position.sent_at, expired_since=expired_until
        )
        for fresh in found.fresh:
            users = await self._find_users(platform, fresh)
            if platform.position is not position:
                return  # a stream was opened that is not that far; on_news has asked for another reading
            position = platform.position = cursor.Position(fresh.notification.sent_at, fresh.notification.id)
            if not fresh.is_hidden:
                event = events.notification(position, fresh.notification)
                self._publish(platform, users, "notification", event, position)
                self._measures.delay.observe(fresh.age_s)
        for superseded in found.superseded:  # its recipients are other people, perhaps, than those of the later message
            users = await self._find_users(platform, superseded)
            self._publish(platform, users, "sync", events.sync(position), None)
        for recalled in found.recalled:
            if recalled.message_id not in platform.recalled:
                users = await self._find_users(platform, recalled)
                self._publish(platform, users, "recalled", events.recalled(recalled.message_id), None)
        platform.recalled = frozenset(recalled.message_id for recalled in found.recalled)
        for expired in found.expired:
            users = await self._find_users(platform, expired)
            self._publish(platform, users, "expired", events.expired(expired.message_id), None)
        if platform.expired_until == expired_until:  # else a stream was opened that does not know of all of them
            platform.expired_until = max((expired.at for expired in found.expired), default=expired_until)
        if len(found.fresh) == actions.NEWS_LIMIT:
            self._due.add(platform_id)

    async def _find_users(self, platform: subscribers.Platform, message: store.Fresh | store.Gone) -> set[int]:
        """The connected users who have the message. Reads again for subscribers who come while the others are being read."""
        version, asked, recipients = message.directory_version, set[int](), set[int]()
        while True:
            while unknown := platform.unknown(version):
                memberships = await self._call(actions.list_memberships, user_ids=unknown, version=version)
                platform.add_memberships(version, unknown, memberships)
            audience = platform.find(message.scope_ids)
            if not message.is_partial:
                return audience
            if not (unasked := audience - asked):
                return recipients
            asked |= unasked
            recipients.update(
                await self._call(actions.list_recipients, message_id=message.message_id, user_ids=list(unasked))
            )

    def _publish(
        self,
        platform: subscribers.Platform,
        users: set[int],
        name: str,
        event: bytes,
        position: cursor.Position | None,
    ) -> None:
        published = sum(stream.publish(event, position) for stream in platform.of_users(users))
        self._measures.events.labels(name).inc(published)

    async def _call(self, action: Callable[Concatenate[Engine, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs a database call in a thread; the poller waits for it, so there is one at a time."""
        call = functools.partial(action, self._engine, *args, **kwargs)
        return await to_thread.run_sync(call, limiter=anyio.CapacityLimiter(1))
