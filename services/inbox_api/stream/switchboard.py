"""Who is connected to this process, and which of them a message reaches. Lives in the event loop only; knows no SQL.

A message is matched to connected users by its scopes as of its own directory version, from the memberships of the connected
users alone: what that costs depends on who is connected, never on the size of the audience.
"""

import uuid
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field

from services.inbox_api import cursor
from services.inbox_api.stream import connection, store

# What is remembered of users who have left is thrown away when it outgrows those who are there.
_SPARE_USERS = 1_000
# More than anybody has windows open, those counted whose end has not been noticed yet. Without it one user could take all streams.
MOST_OF_A_USER = 32


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
    """The streams of one platform by user, how far its messages have been told, and the recalls that were told lately."""

    position: cursor.Position
    streams: dict[int, set[connection.Stream]] = field(default_factory=dict)
    recalled: frozenset[uuid.UUID] = frozenset()
    reach: Reach | None = None

    def unknown(self, version: int) -> list[int]:
        """The connected users whose memberships in that version have to be read before `find` can tell."""
        too_many = 2 * len(self.streams) + _SPARE_USERS
        if self.reach is None or self.reach.version != version or len(self.reach.users) > too_many:
            self.reach = Reach(version)
        return list(self.streams.keys() - self.reach.users)

    def learn(self, version: int, user_ids: Collection[int], memberships: Iterable[store.Membership]) -> None:
        if self.reach is not None and self.reach.version == version:
            self.reach.add(user_ids, memberships)

    def find(self, scope_ids: Iterable[int]) -> Iterator[connection.Stream]:
        """The streams of everybody who belongs to one of the scopes, in the version that was last learnt."""
        by_scope = {} if self.reach is None else self.reach.by_scope
        for user_id in set().union(*(by_scope.get(scope_id, ()) for scope_id in scope_ids)):
            yield from self.streams.get(user_id, ())


class Switchboard:
    """`on_join` is called with the id of a platform about which something may already be new to a stream."""

    def __init__(self, *, limit: int, on_join: Callable[[int], None] = lambda _platform_id: None) -> None:
        self.platforms: dict[int, Platform] = {}
        self.on_join = on_join
        self.count = 0
        self._limit = limit

    def is_full(self) -> bool:
        """May be asked from any thread. Those who are being let in are not counted yet."""
        return self.count >= self._limit

    def has_many(self, *, platform_id: int, user_id: int) -> bool:
        """Whether this user has as many streams open as one may have; asked like `is_full`."""
        platform = self.platforms.get(platform_id)
        return platform is not None and len(platform.streams.get(user_id, ())) >= MOST_OF_A_USER

    def join(self, stream: connection.Stream) -> None:
        self.count += 1
        platform = self.platforms.get(stream.platform_id)
        if platform is None:
            platform = self.platforms[stream.platform_id] = Platform(stream.position)
            self.on_join(stream.platform_id)
        elif stream.position.sent_at < platform.position.sent_at:
            # What was told while this stream was on its way here is looked at again; who has it is not told twice.
            platform.position = stream.position
            self.on_join(stream.platform_id)
        platform.streams.setdefault(stream.user_id, set()).add(stream)

    def leave(self, stream: connection.Stream) -> None:
        self.count -= 1
        platform = self.platforms[stream.platform_id]
        platform.streams[stream.user_id].remove(stream)
        if not platform.streams[stream.user_id]:
            del platform.streams[stream.user_id]
        if not platform.streams:
            del self.platforms[stream.platform_id]

    def streams(self) -> list[connection.Stream]:
        return [
            stream
            for platform in self.platforms.values()
            for streams in platform.streams.values()
            for stream in streams
        ]
