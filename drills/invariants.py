"""The invariants once nothing is left to do: the tables (`tables`) compared with what the drill knows.

Who should have a message is computed in `recipients`; what users and administrators are shown is checked in `feeds`.
"""

import itertools
import math
from collections.abc import Sequence

from sqlalchemy import Engine

from drills import tables
from drills.findings import Findings, Violation
from drills.posts import Post
from drills.processes import has_come
from drills.recipients import People, Recipients, Stored, chosen
from drills.tables import Message, Snapshot


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


def check(engine: Engine, posts: Sequence[Post], findings: Findings) -> list[Stored]:
    """Checks the tables; returns the messages, oldest first."""
    snapshot = tables.read(engine)
    matched = _match(snapshot, posts, findings)
    by_post = dict(matched)
    recipients = Recipients(engine, snapshot, findings)
    stored = [Stored(post, message, recipients.of(post, message)) for post, message in matched]
    for one in stored:
        _check_whole(one.post, one.message, snapshot, findings)
        _check_fan_out(engine, one, recipients, findings)
        if one.post.follows in by_post:
            _check_follow_up(one, by_post[one.post.follows], findings)
    _check_order(matched, findings)
    findings.messages += len(stored)
    findings.entries += sum(one.message.entries.count for one in stored)
    findings.recalled += sum(one.message.is_recalled for one in stored)
    findings.follow_ups += sum(one.post.follows is not None for one in stored)
    return stored


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
    scopes = chosen(post.audience)
    targets = sorted(ids[scope] for scope in scopes)
    # What contained a target is that of the message's own version.
    clinics = post.platform.at(message.directory_version).clinics
    containing = {post.platform.id, *(ids[clinics[scope]] for scope in scopes if scope in clinics)}
    visibility = dict.fromkeys(containing, False) | dict.fromkeys(targets, True)
    stored = (message.platform_id, message.sender, message.body, message.idempotency_key)
    posted = (post.platform.id, post.sender, post.body, post.key)
    followed = {None} if post.follows is None else post.follows.accepted_ids
    version = message.directory_version if post.follows is None else message.active_version
    versions = post.platform.versions_between(post.began, post.accepted_by)
    audited = {"accepted": 1, "recalled": 1} if message.is_recalled else {"accepted": 1}
    for holds, invariant, what in (
        (stored == posted, "a whole message", f"is {stored}, not {posted}"),
        (message.follows in followed, "a whole message", f"follows {message.follows}, not {followed}"),
        (sorted(message.targets) == targets, "a whole message", f"has targets {message.targets}, not {targets}"),
        (message.visibility == visibility, "a whole message", f"is visible to {message.visibility}, not {visibility}"),
        (message.is_recalled or 200 not in post.recalls, "recalled is recalled", f"is {message.status}"),
        (bool(post.recalls) or not message.is_recalled, "nothing else is stored", "is recalled, without a request"),
        (message.audited == audited, "audited once", f"has the events {dict(message.audited)}, not {audited}"),
        (
            version in versions,
            "recipients of its moment",
            f"is of version {version}, its moment was in {versions}",
        ),
    ):
        findings.check(holds, invariant, f"message {message.id} {what}")


def _check_follow_up(stored: Stored, earlier: Message, findings: Findings) -> None:
    """Its audience is that of the earlier message; each answered reading of this one is kept, and before or after the follow-up."""
    post, message, check = stored.post, stored.message, findings.check
    version = f"message {message.id} is of version {message.directory_version}, not {earlier.directory_version}"
    check(message.directory_version == earlier.directory_version, "recipients of its moment", version)
    readings = post.follows.readings if post.follows else []
    began: dict[str, float] = {}
    for reading in readings:
        began[reading.user] = min(reading.began, began.get(reading.user, math.inf))
    for reading in readings:
        if reading.read_at is None:
            continue
        first = earlier.first_reads.get(post.platform.user_ids[reading.user])
        name = f"{reading.user} read {earlier.id} at {reading.read_at}, first at {first}"
        check(first is not None and first <= reading.read_at, "a reading is kept", name)
        if first is not None:
            late = first >= message.sent_at and reading.ended <= post.began
            early = first < message.sent_at and began[reading.user] >= post.accepted_by
            what = f"{name}; message {message.id} is of {message.sent_at}"
            check(not late and not early, "readings are before or after", what)


def _check_fan_out(engine: Engine, stored: Stored, recipients: Recipients, findings: Findings) -> None:
    _post, message, people = stored
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
        found = tables.list_recipients(engine, message_id=message.id)
        _name_the_wrong(message, frozenset(needed), found, findings)


def _check_batches(message: Message, people: People, findings: Findings) -> None:
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
