"""What must be true after quiet, whatever happened before: the tables (`tables`) are compared with what the drill knows.

Who should have a message is computed from the drill's own directory (`world`), and once more from the memberships as they stand
in the table; the product's SQL is not asked. What users and administrators are shown is checked in `bells`.
"""

import bisect
import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine

from drills import tables, world
from drills.findings import Findings, Violation
from drills.processes import has_come
from drills.tables import Batch, Group, Message, Snapshot
from drills.traffic import Post


def wait_quiet(engine: Engine, *, seconds: float) -> Violation | None:
    """Returns once nothing is left to do; a violation when that takes longer than `seconds`."""
    left: dict[str, int] = {}

    def is_quiet() -> bool:
        left.update(tables.count_unfinished(engine))
        return not any(left.values())

    if has_come(is_quiet, seconds=seconds, every=0.1):
        return None
    told = ", ".join(f"{count} {what}" for what, count in left.items() if count)
    return Violation("quiet", f"after {seconds:.0f} s still unfinished: {told}")


def check(engine: Engine, posts: Sequence[Post], findings: Findings) -> list[tuple[Post, Message]]:
    """Checks all that the tables tell; answers which message came of which post, oldest first."""
    snapshot = tables.read(engine)
    matched = _match(snapshot, posts, findings)
    recipients = _Recipients(engine, snapshot, findings)
    for post, message in matched:
        _check_whole(post, message, snapshot, findings)
        _check_version(post, message, findings)
        _check_fan_out(post, message, recipients, findings)
    _check_order(matched, findings)
    findings.messages += len(matched)
    findings.entries += sum(message.entries.count for _, message in matched)
    findings.recalled += sum(message.is_recalled for _, message in matched)
    return matched


def _match(snapshot: Snapshot, posts: Sequence[Post], findings: Findings) -> list[tuple[Post, Message]]:
    """Every message belongs to one post, every post has as many messages as its answers allow."""
    by_title: dict[str, list[Message]] = {}
    for message in snapshot.messages:
        by_title.setdefault(message.title, []).append(message)
    matched = []
    for post in posts:
        found = by_title.pop(post.title, [])
        ids = {message.id for message in found}
        findings.expect(len(found) <= 1, "one message", lambda f=found, p=post: f"{len(f)} of {_name(p)}")  # type: ignore[misc]
        findings.expect(
            post.accepted_ids <= ids,
            "accepted is kept",
            lambda p=post, i=ids: f"{_name(p)} was answered 202 with {_ids(p.accepted_ids)}, there is {_ids(i)}",  # type: ignore[misc]
        )
        findings.expect(
            len(post.accepted_ids) <= 1,
            "one key, one message",
            lambda p=post: f"{_name(p)} was answered with {_ids(p.accepted_ids)}",  # type: ignore[misc]
        )
        if post.is_refused and found:
            findings.broken("refused leaves nothing", f"{_name(post)} was refused, there is {_ids(ids)}")
        matched += [(post, message) for message in found]
    matched.sort(key=lambda pair: (pair[1].sent_at, pair[1].id))
    for left in by_title.values():
        findings.broken("nothing comes of nothing", f"nobody posted message {left[0].id}")
    for message_id, count in snapshot.stray_entries.items():
        findings.broken("nothing comes of nothing", f"{count} entries of message {message_id}, which is not there")
    if snapshot.stray_inflight:
        findings.broken("nothing comes of nothing", f"{snapshot.stray_inflight} targets in flight of no message")
    return matched


def _check_whole(post: Post, message: Message, snapshot: Snapshot, findings: Findings) -> None:
    """The message, its targets and who may see it: all of it as it was posted."""
    ids = {**snapshot.scope_ids.get(post.platform.id, {}), "": post.platform.id}
    chosen = _chosen(post.audience)
    targets = [(level, ids[scope]) for level, scope in chosen]
    clinics = post.platform.at(message.directory_version).clinics
    concerned = {post.platform.id: False}
    for level, scope in chosen:
        if level == "clinic":
            concerned.setdefault(ids[clinics[scope]], False)
    concerned |= {scope_id: True for _level, scope_id in targets}
    stored = (message.platform_id, message.sender, message.body, message.idempotency_key)
    findings.expect(
        stored == (post.platform.id, post.sender, post.body, post.key),
        "a whole message",
        lambda: f"message {message.id} is not as {_name(post)} was posted",
    )
    findings.expect(
        sorted(message.targets) == sorted(targets),
        "a whole message",
        lambda: f"message {message.id} has the targets {message.targets} instead of {targets}",
    )
    findings.expect(
        message.is_recalled or 200 not in post.recalls,
        "recalled is recalled",
        lambda: f"message {message.id} is {message.status} although its recall was answered with 200",
    )
    findings.expect(
        bool(post.recalls) or not message.is_recalled,
        "nothing comes of nothing",
        lambda: f"nobody recalled message {message.id}",
    )
    audited = {"accepted": 1, "recalled": 1} if message.is_recalled else {"accepted": 1}
    findings.expect(
        message.audited == audited,
        "the audit trail has it once",
        lambda: f"message {message.id} has the events {dict(message.audited)} instead of {audited}",
    )
    # A clinic may have moved since: what contained it then is what counts.
    findings.expect(
        message.visibility == concerned,
        "a whole message",
        lambda: f"message {message.id} may be seen through {message.visibility} instead of {concerned}",
    )


def _check_version(post: Post, message: Message, findings: Findings) -> None:
    """The recipients are those of the directory as it stood when the message was accepted, and of no other moment."""
    versions = post.platform.versions_between(post.began, post.accepted_by)
    findings.expect(
        message.directory_version in versions,
        "recipients of its moment",
        lambda: f"message {message.id} is of version {message.directory_version}, its moment was in {versions}",
    )


@dataclass(frozen=True)
class _People:
    """Who should have a message: their ids in order, and all of them as one."""

    ids: Sequence[int]
    whole: Group

    def within(self, batch: Batch) -> Sequence[int]:
        """Those whom this batch is for."""
        return self.ids[self._up_to(batch.after_user_id) : self._up_to(batch.up_to_user_id)]

    def _up_to(self, user_id: int) -> int:
        return bisect.bisect_right(self.ids, user_id)


class _Recipients:
    """Who should have a message, computed once for each audience and version."""

    def __init__(self, engine: Engine, snapshot: Snapshot, findings: Findings) -> None:
        self._engine = engine
        self._snapshot = snapshot
        self._findings = findings
        self._known: dict[object, _People] = {}

    def of(self, post: Post, version: int) -> _People:
        which = (post.platform.id, version, frozenset(_chosen(post.audience)))
        if which not in self._known:
            ids = sorted(post.platform.recipients(post.audience, version))
            self._known[which] = _People(ids, self.group(ids))
            self._compare_with_memberships(post, version, self._known[which].whole)
        return self._known[which]

    def group(self, ids: Sequence[int]) -> Group:
        return Group(len(ids), sum(self._snapshot.checksums[one] for one in ids))

    def whose(self, message: Message) -> list[int]:
        return tables.list_recipients(self._engine, message_id=message.id)

    def _compare_with_memberships(self, post: Post, version: int, expected: Group) -> None:
        names = self._snapshot.scope_ids.get(post.platform.id, {})
        members = tables.count_members(
            self._engine,
            platform_id=post.platform.id,
            version=version,
            everyone=bool(post.audience.get("everyone")),
            scope_ids=[names[scope] for level, scope in _chosen(post.audience) if level != "platform"],
        )
        self._findings.expect(
            members == expected,
            "the directory is kept",
            lambda: (
                f"{members.count} members of {dict(post.audience)} of {post.platform.key} in version {version}, "
                f"not {expected.count}, or others"
            ),
        )


def _check_fan_out(post: Post, message: Message, recipients: _Recipients, findings: Findings) -> None:
    people = recipients.of(post, message.directory_version)
    entries = message.entries
    findings.expect(
        not message.inflight, "out of flight", lambda: f"message {message.id} has {message.inflight} targets"
    )
    same_time = entries.count == 0 or entries.first_sent_at == entries.last_sent_at == message.sent_at
    findings.expect(same_time, "one time", lambda: f"message {message.id} has entries of another time than its own")
    _check_batches(message, people, findings)
    needed, whole = people.ids, people.whole
    if message.is_recalled:
        # A batch is written whole or not at all.
        needed = [one for batch in message.batches if batch.is_delivered for one in people.within(batch)]
        whole = recipients.group(needed)
    else:
        findings.expect(
            message.status == "sent", "accepted becomes sent", lambda: f"message {message.id} is {message.status}"
        )
        findings.expect(
            message.recipient_count == whole.count,
            "counters equal rows",
            lambda: f"message {message.id} says {message.recipient_count} recipients, and has {whole.count}",
        )
    if entries.whose != whole:
        _name_the_wrong(message, frozenset(needed), recipients.whose(message), findings)


def _check_batches(message: Message, people: _People, findings: Findings) -> None:
    position = -1
    for number, batch in enumerate(message.batches, start=1):
        findings.expect(
            batch.seq == number and batch.after_user_id >= position,
            "batches do not overlap",
            lambda b=batch: f"message {message.id}, batch {b.seq} from {b.after_user_id}",  # type: ignore[misc]
        )
        position = batch.up_to_user_id
        count = len(people.within(batch))
        findings.expect(
            batch.recipient_count == count,
            "counters equal rows",
            lambda b=batch, c=count: f"message {message.id}, batch {b.seq} says {b.recipient_count}, and has {c}",  # type: ignore[misc]
        )
    delivered = sum(batch.recipient_count for batch in message.batches if batch.is_delivered)
    findings.expect(
        delivered == message.entries.count,
        "counters equal rows",
        lambda: f"message {message.id}: {delivered} delivered by its batches, {message.entries.count} entries",
    )


def _name_the_wrong(message: Message, needed: frozenset[int], whose: Sequence[int], findings: Findings) -> None:
    found = set(whose)
    if missing := needed - found:
        findings.broken("each recipient once", f"message {message.id}: {len(missing)} without, user {min(missing)} say")
    if len(whose) > len(found):
        twice = next(one for one, other in itertools.pairwise(whose) if one == other)
        findings.broken(
            "each recipient once", f"message {message.id}: {len(whose) - len(found)} twice, user {twice} say"
        )
    if beyond := found - needed:
        findings.broken("nobody else", f"message {message.id}: {len(beyond)} others have it, user {min(beyond)} say")


def _check_order(matched: Sequence[tuple[Post, Message]], findings: Findings) -> None:
    """Who asked after another was answered is newer: nothing ever comes to stand below what was shown already."""
    first_answer: dict[int, float] = {}
    for post, message in reversed(matched):
        answered = first_answer.get(message.platform_id, math.inf)
        findings.expect(
            post.began < answered,
            "in the order of acceptance",
            lambda m=message: f"message {m.id} was asked for after one that stands above it was accepted",  # type: ignore[misc]
        )
        first_answer[message.platform_id] = min(answered, post.accepted_by)


def _chosen(audience: world.Audience) -> list[tuple[str, str]]:
    if audience.get("everyone"):
        return [("platform", "")]
    organisations = [("organisation", scope) for scope in audience.get("organisations", ())]
    return [*organisations, *(("clinic", scope) for scope in audience.get("clinics", ()))]


def _name(post: Post) -> str:
    answers = ", ".join(str(one.status or "no answer") for one in post.attempts)
    return f'"{post.title}" ({"with" if post.key else "without"} a key; answered: {answers})'


def _ids(ids: Iterable[Any]) -> str:
    return ", ".join(map(str, ids)) or "none"
