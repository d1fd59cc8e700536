"""The invariants once nothing is left to do: the tables (`tables`) compared with what the drill knows.

The recipients of a message are computed from the drill's own directories (`platforms`), and once more from the stored memberships;
the product's SQL is not used. What users and administrators are shown is checked in `feeds`.
"""

import bisect
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Engine

from drills import platforms, tables
from drills.findings import Findings, Violation
from drills.load import Post
from drills.processes import has_come
from drills.tables import Batch, Group, Message, Snapshot


def wait_quiet(engine: Engine, *, seconds: float) -> Violation | None:
    """Returns once nothing is left to do; a violation when that takes longer than `seconds`."""
    left: dict[str, int] = {}

    def is_quiet() -> bool:
        left.update(tables.count_unfinished(engine))
        return not any(left.values())

    if has_come(is_quiet, seconds=seconds, every=0.1):
        return None
    unfinished = ", ".join(f"{count} {what}" for what, count in left.items() if count)
    return Violation("quiet", f"after {seconds:.0f} s still unfinished: {unfinished}")


def check(engine: Engine, posts: Sequence[Post], findings: Findings) -> list[tuple[Post, Message]]:
    """Checks the tables; returns each message with its post, oldest first."""
    snapshot = tables.read(engine)
    matched = _match(snapshot, posts, findings)
    recipients = _Recipients(engine, snapshot, findings)
    for post, message in matched:
        _check_whole(post, message, snapshot, findings)
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
        answers = ", ".join(str(one.status or "no answer") for one in post.attempts)
        name = f'"{post.title}" ({"with" if post.key else "without"} a key; answered: {answers})'
        accepted, ids = ({str(one) for one in some} for some in (post.accepted_ids, [message.id for message in found]))
        findings.check(len(found) <= 1, "one message", f"{len(found)} of {name}")
        findings.check(accepted <= ids, "accepted is kept", f"{name} was accepted as {accepted}, there is {ids}")
        findings.check(len(accepted) <= 1, "one key, one message", f"{name} was accepted as {accepted}")
        findings.check(not (post.is_rejected and found), "rejected leaves nothing", f"{name}: there is {ids}")
        matched += [(post, message) for message in found]
    matched.sort(key=lambda pair: (pair[1].sent_at, pair[1].id))
    for left in by_title.values():
        findings.violated("nothing else is stored", f"message {left[0].id} was not posted")
    for message_id, count in snapshot.stray_entries.items():
        findings.violated("nothing else is stored", f"{count} entries of message {message_id}, which is not stored")
    stray = snapshot.stray_inflight
    findings.check(not stray, "nothing else is stored", f"{stray} targets in flight without a message")
    return matched


def _check_whole(post: Post, message: Message, snapshot: Snapshot, findings: Findings) -> None:
    """The message, its targets, its visibility, its version and its audit trail are as it was posted."""
    ids = {**snapshot.scope_ids.get(post.platform.id, {}), "": post.platform.id}
    chosen = _chosen(post.audience)
    targets = sorted(ids[scope] for scope in chosen)
    # What contained a target is that of the message's own version.
    clinics = post.platform.at(message.directory_version).clinics
    containing = {post.platform.id, *(ids[clinics[scope]] for scope in chosen if scope in clinics)}
    visibility = dict.fromkeys(containing, False) | dict.fromkeys(targets, True)
    stored = (message.platform_id, message.sender, message.body, message.idempotency_key)
    posted = (post.platform.id, post.sender, post.body, post.key)
    versions = post.platform.versions_between(post.began, post.accepted_by)
    audited = {"accepted": 1, "recalled": 1} if message.is_recalled else {"accepted": 1}
    for holds, invariant, what in (
        (stored == posted, "a whole message", f"is {stored}, not {posted}"),
        (sorted(message.targets) == targets, "a whole message", f"has targets {message.targets}, not {targets}"),
        (message.visibility == visibility, "a whole message", f"is visible to {message.visibility}, not {visibility}"),
        (message.is_recalled or 200 not in post.recalls, "recalled is recalled", f"is {message.status}"),
        (bool(post.recalls) or not message.is_recalled, "nothing else is stored", "is recalled, without a request"),
        (message.audited == audited, "audited once", f"has the events {dict(message.audited)}, not {audited}"),
        (
            message.directory_version in versions,
            "recipients of its moment",
            f"is of version {message.directory_version}, its moment was in {versions}",
        ),
    ):
        findings.check(holds, invariant, f"message {message.id} {what}")


@dataclass(frozen=True)
class _People:
    """The recipients of a message: their ids in order, and all of them as one group."""

    ids: Sequence[int]
    whole: Group

    def within(self, batch: Batch) -> Sequence[int]:
        """The recipients of this batch."""
        after, up_to = (bisect.bisect_right(self.ids, one) for one in (batch.after_user_id, batch.up_to_user_id))
        return self.ids[after:up_to]


class _Recipients:
    """The recipients of messages, computed once for each audience and version."""

    def __init__(self, engine: Engine, snapshot: Snapshot, findings: Findings) -> None:
        self.engine = engine
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

    def _compare_with_memberships(self, post: Post, version: int, expected: Group) -> None:
        ids = self._snapshot.scope_ids.get(post.platform.id, {})
        everyone = bool(post.audience.get("everyone"))
        members = tables.count_members(
            self.engine,
            platform_id=post.platform.id,
            version=version,
            everyone=everyone,
            scope_ids=[] if everyone else [ids[scope] for scope in _chosen(post.audience)],
        )
        audience = f"{dict(post.audience)} of {post.platform.key} in version {version}"
        what = f"{members.count} members of {audience}, not {expected.count}, or others"
        self._findings.check(members == expected, "the directory is kept", what)


def _check_fan_out(post: Post, message: Message, recipients: _Recipients, findings: Findings) -> None:
    people = recipients.of(post, message.directory_version)
    entries, name = message.entries, f"message {message.id}"
    same_time = entries.count == 0 or entries.first_sent_at == entries.last_sent_at == message.sent_at
    findings.check(not message.inflight, "out of flight", f"{name} has {message.inflight} targets in flight")
    findings.check(same_time, "one time", f"{name} has entries of another time than its own")
    _check_batches(message, people, findings)
    needed, whole = people.ids, people.whole
    if message.is_recalled:
        # A batch is written whole or not at all.
        needed = [one for batch in message.batches if batch.is_delivered for one in people.within(batch)]
        whole = recipients.group(needed)
    else:
        counted = f"{name} counts {message.recipient_count} recipients, and has {whole.count}"
        findings.check(message.status == "sent", "accepted becomes sent", f"{name} is {message.status}")
        findings.check(message.recipient_count == whole.count, "counters equal rows", counted)
    if entries.whose != whole:
        stored = tables.list_recipients(recipients.engine, message_id=message.id)
        _name_the_wrong(message, frozenset(needed), stored, findings)


def _check_batches(message: Message, people: _People, findings: Findings) -> None:
    position = -1
    for number, batch in enumerate(message.batches, start=1):
        name = f"message {message.id}, batch {batch.seq}"
        in_order = batch.seq == number and batch.after_user_id >= position
        count = len(people.within(batch))
        counted = f"{name} counts {batch.recipient_count}, and has {count}"
        findings.check(in_order, "batches do not overlap", f"{name} begins at {batch.after_user_id}")
        findings.check(batch.recipient_count == count, "counters equal rows", counted)
        position = batch.up_to_user_id
    delivered = sum(batch.recipient_count for batch in message.batches if batch.is_delivered)
    what = f"message {message.id}: {delivered} delivered by its batches, {message.entries.count} entries"
    findings.check(delivered == message.entries.count, "counters equal rows", what)


def _name_the_wrong(message: Message, needed: frozenset[int], stored: Sequence[int], findings: Findings) -> None:
    found, name = set(stored), f"message {message.id}"
    twice = {one for one, other in itertools.pairwise(stored) if one == other}
    for wrong, invariant, what in (
        (needed - found, "each recipient once", "have no entry"),
        (twice, "each recipient once", "have two entries"),
        (found - needed, "no other entries", "have an entry and are no recipients"),
    ):
        findings.check(not wrong, invariant, f"{name}: {len(wrong)} {what}, such as users {sorted(wrong)[:3]}")


def _check_order(matched: Sequence[tuple[Post, Message]], findings: Findings) -> None:
    """A message that was posted after another was accepted is newer."""
    first_answer: dict[int, float] = {}
    for post, message in reversed(matched):
        answered = first_answer.get(message.platform_id, math.inf)
        what = f"message {message.id} was posted after a newer one was accepted"
        findings.check(post.began < answered, "in the order of acceptance", what)
        first_answer[message.platform_id] = min(answered, post.accepted_by)


def _chosen(audience: platforms.Audience) -> list[str]:
    """The chosen scopes; the platform itself is empty."""
    if audience.get("everyone"):
        return [""]
    return [*audience.get("organisations", ()), *audience.get("clinics", ())]
