"""Who should have each message.

Computed from the drill's own directories (`platforms`), and for messages that are no follow-ups once more from the stored memberships.
The product's SQL is not used. Of a follow-up's earlier message the stored times of its readings are taken; `invariants` checks these.
"""

import bisect
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Engine

from drills import platforms, tables
from drills.findings import Findings
from drills.posts import Post
from drills.tables import Batch, Group, Message, Snapshot


@dataclass(frozen=True)
class People:
    """The recipients of a message: their ids in order, and all of them as one group."""

    ids: Sequence[int]
    whole: Group

    def __contains__(self, user_id: int) -> bool:
        at = bisect.bisect_left(self.ids, user_id)
        return at < len(self.ids) and self.ids[at] == user_id

    def within(self, batch: Batch) -> Sequence[int]:
        """The recipients of this batch."""
        after, up_to = (bisect.bisect_right(self.ids, one) for one in (batch.after_user_id, batch.up_to_user_id))
        return self.ids[after:up_to]


class Stored(NamedTuple):
    """A stored message, what was posted, and who should have it."""

    post: Post
    message: Message
    recipients: People


class Recipients:
    """Computed once for each audience and version, and once for each follow-up."""

    def __init__(self, engine: Engine, snapshot: Snapshot, findings: Findings) -> None:
        self._engine = engine
        self._snapshot = snapshot
        self._findings = findings
        self._messages = {message.id: message for message in snapshot.messages}
        self._of_audiences: dict[object, People] = {}
        self._of_follow_ups: dict[uuid.UUID, People] = {}

    def of(self, post: Post, message: Message) -> People:
        earlier = self._messages.get(message.follows) if message.follows else None
        if post.follows is None or earlier is None or message.active_version is None:
            return self._of_audience(post, message.directory_version)
        if message.id not in self._of_follow_ups:
            self._of_follow_ups[message.id] = self._of_follow_up(message, post.follows, earlier)
        return self._of_follow_ups[message.id]

    def group(self, ids: Sequence[int]) -> Group:
        return Group(len(ids), sum(self._snapshot.checksums[one] for one in ids))

    def _of_follow_up(self, message: Message, post: Post, earlier: Message) -> People:
        """Of the recipients of the earlier message those who had not read it and were active."""
        active = post.platform.recipients(platforms.EVERYONE, message.active_version or 0)
        had_read = {user for user, read_at in earlier.first_reads.items() if read_at < message.sent_at}
        ids = [one for one in self.of(post, earlier).ids if one in active and one not in had_read]
        return People(ids, self.group(ids))

    def _of_audience(self, post: Post, version: int) -> People:
        which = (post.platform.id, version, frozenset(chosen(post.audience)))
        if which not in self._of_audiences:
            ids = sorted(post.platform.recipients(post.audience, version))
            self._of_audiences[which] = People(ids, self.group(ids))
            self._compare_with_memberships(post, version, self._of_audiences[which].whole)
        return self._of_audiences[which]

    def _compare_with_memberships(self, post: Post, version: int, expected: Group) -> None:
        ids = self._snapshot.scope_ids.get(post.platform.id, {})
        everyone = bool(post.audience.get("everyone"))
        members = tables.count_members(
            self._engine,
            platform_id=post.platform.id,
            version=version,
            everyone=everyone,
            scope_ids=[] if everyone else [ids[scope] for scope in chosen(post.audience)],
        )
        audience = f"{dict(post.audience)} of {post.platform.key} in version {version}"
        what = f"{members.count} members of {audience}, not {expected.count}, or others"
        self._findings.check(members == expected, "the directory is kept", what)


def chosen(audience: platforms.Audience) -> list[str]:
    """The chosen scopes; the platform itself is empty."""
    if audience.get("everyone"):
        return [""]
    return [*audience.get("organisations", ()), *audience.get("clinics", ())]
