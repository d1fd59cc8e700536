"""Who is connected to this process, and which of them a message reaches. Used in the event loop only; knows no SQL.

A message is matched by its scopes as of its own directory version, from the memberships of the connected users alone: the cost
depends on who is connected, never on the size of the audience.
"""

import collections
import contextlib
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from services.inbox_api import cursor
from services.inbox_api.stream import metrics, store, subscriber
from shared import errors

# Memberships of users who left are dropped when there are more of them than this and than users connected.
_SPARE_USERS = 1_000
# Streams of one user, those whose end has not been noticed yet included. Without it one user could take all streams.
USER_LIMIT = 32
_RETRY_AFTER_S = 30


@dataclass
class Reach:
    """Which connected users belong to which scope in one version of the directory. What a version says never changes."""

    version: int
    users: set[int] = field(default_factory=set)
    by_scope: dict[int, set[int]] = field(default_factory=dict)

    def add(self, user_ids: Collection[int], memberships: Iterable[store.Membership]) -> None:
        self.users.update(user_ids)
        for membership in memberships:
            self.by_scope.setdefault(membership.scope_id, set()).add(membership.user_id)


@dataclass
class Platform:
    """The streams of one platform by user, how far its messages, expiries and directory are read, and the recalls published lately."""

    position: cursor.Position
    expired_until: datetime
    directory_version: int
    streams: dict[int, set[subscriber.Subscriber]] = field(default_factory=dict)
    recalled: frozenset[uuid.UUID] = frozenset()
    reach: Reach | None = None

    def unknown(self, version: int) -> list[int]:
        """The connected users whose memberships in that version have to be read before `find`."""
        too_many = 2 * len(self.streams) + _SPARE_USERS
        if self.reach is None or self.reach.version != version or len(self.reach.users) > too_many:
            self.reach = Reach(version)
        return list(self.streams.keys() - self.reach.users)

    def add_memberships(self, version: int, user_ids: Collection[int], memberships: Iterable[store.Membership]) -> None:
        if self.reach is not None and self.reach.version == version:
            self.reach.add(user_ids, memberships)

    def find(self, scope_ids: Iterable[int]) -> set[int]:
        """The connected users who belong to one of the scopes, in the version that was added last."""
        by_scope = {} if self.reach is None else self.reach.by_scope
        return self.streams.keys() & set[int]().union(*(by_scope.get(scope_id, ()) for scope_id in scope_ids))

    def of_users(self, user_ids: Iterable[int]) -> Iterator[subscriber.Subscriber]:
        for user_id in user_ids:
            yield from self.streams.get(user_id, ())


class Subscribers:
    """`on_news` is called with the id of a platform whose poller has to read again for a new subscriber."""

    def __init__(
        self, measures: metrics.Metrics, *, limit: int, on_news: Callable[[int], None] = lambda _platform_id: None
    ) -> None:
        self.platforms: dict[int, Platform] = {}
        self.on_news = on_news
        self.count = 0
        self.is_closed = False
        self._measures = measures
        self._limit = limit
        self._of_user: collections.Counter[int] = collections.Counter()

    @contextlib.contextmanager
    def admitted(self, user_id: int) -> Iterator[None]:
        """Counts one stream until the block ends. Raises unavailable when the user or this process has as many as allowed."""
        if self._of_user[user_id] >= USER_LIMIT:
            raise errors.unavailable(f"You have {USER_LIMIT} streams open already.", retry_after_s=_RETRY_AFTER_S)
        if self.count >= self._limit or self.is_closed:
            self._measures.rejected.inc()
            raise errors.unavailable("This process has as many streams open as it may.", retry_after_s=_RETRY_AFTER_S)
        self.count += 1
        self._measures.open.inc()
        self._of_user[user_id] += 1
        try:
            yield
        finally:
            self.count -= 1
            self._measures.open.dec()
            self._of_user[user_id] -= 1
            if not self._of_user[user_id]:
                del self._of_user[user_id]

    @contextlib.contextmanager
    def subscribed(
        self, stream: subscriber.Subscriber, *, expired_until: datetime, directory_version: int
    ) -> Iterator[None]:
        """Publishes to `stream` until the block ends.

        Its client knows what has expired until `expired_until`. `directory_version` is the one in which its user was found active.
        """
        self._add(stream, expired_until, directory_version)
        try:
            yield
        finally:
            self._remove(stream)

    def close(self) -> None:
        """Ends every stream, so that the server can stop, and rejects new ones."""
        self.is_closed = True
        for stream in self.streams():
            stream.end("shutdown")

    def streams(self) -> list[subscriber.Subscriber]:
        return [one for platform in self.platforms.values() for one in platform.of_users(platform.streams)]

    def _add(self, stream: subscriber.Subscriber, expired_until: datetime, directory_version: int) -> None:
        if self.is_closed:
            stream.end("shutdown")
        platform = self.platforms.get(stream.platform_id)
        if platform is None:
            platform = self.platforms[stream.platform_id] = Platform(stream.position, expired_until, directory_version)
            self.on_news(stream.platform_id)
        elif stream.position.sent_at < platform.position.sent_at:
            # What was published while this stream was being opened is read again; the others drop it by its position.
            platform.position = stream.position
            self.on_news(stream.platform_id)
        platform.expired_until = min(platform.expired_until, expired_until)
        platform.directory_version = min(platform.directory_version, directory_version)
        platform.streams.setdefault(stream.user_id, set()).add(stream)

    def _remove(self, stream: subscriber.Subscriber) -> None:
        platform = self.platforms[stream.platform_id]
        platform.streams[stream.user_id].remove(stream)
        if not platform.streams[stream.user_id]:
            del platform.streams[stream.user_id]
        if not platform.streams:
            del self.platforms[stream.platform_id]
