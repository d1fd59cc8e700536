"""What must be true after quiet, whatever happened before: read from the tables as their owner, compared with what the drill knows.

Who should have a message is computed from the drill's own directory (`world`), and once more from the memberships as they stand
in the table; the product's SQL is not asked. What users and administrators are shown is checked in `bells`.
"""

import itertools
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy
from sqlalchemy import Engine

from drills import world
from drills.processes import wait_until
from drills.traffic import Post

# After so many of one kind the rest says nothing new.
_MOST_OF_A_KIND = 10


class Violation(NamedTuple):
    """`check` names the promise that was broken, `what` tells where."""

    check: str
    what: str


@dataclass
class Findings:
    """What was looked at, and every promise that was found broken."""

    violations: list[Violation] = field(default_factory=list)
    messages: int = 0
    entries: int = 0
    recalled: int = 0
    feeds: int = 0
    requests: int = 0

    def broken(self, check: str, what: str) -> None:
        if sum(one.check == check for one in self.violations) < _MOST_OF_A_KIND:
            self.violations.append(Violation(check, what))

    def expect(self, true: bool, check: str, what: Callable[[], str]) -> None:
        if not true:
            self.broken(check, what())


@dataclass(frozen=True)
class Batch:
    seq: int
    after_user_id: int
    up_to_user_id: int
    recipient_count: int
    is_delivered: bool


@dataclass(frozen=True)
class Entries:
    """All entries of a message at once: how many, and a sum over whose they are that no other set of people has."""

    count: int = 0
    checksum: int = 0
    first_sent_at: datetime | None = None
    last_sent_at: datetime | None = None


@dataclass
class Message:
    """A message as the tables have it."""

    id: uuid.UUID
    platform_id: int
    sender: str
    title: str
    body: str
    directory_version: int
    idempotency_key: str | None
    sent_at: datetime
    recalled_at: datetime | None
    status: str
    recipient_count: int | None
    targets: list[tuple[str, int]] = field(default_factory=list)
    visibility: dict[int, bool] = field(default_factory=dict)
    inflight: int = 0
    batches: list[Batch] = field(default_factory=list)
    entries: Entries = field(default_factory=Entries)
    audited: Counter[str] = field(default_factory=Counter)

    @property
    def is_recalled(self) -> bool:
        return self.recalled_at is not None


@dataclass
class Snapshot:
    """Everything about messages that the tables hold, and what names users and scopes there."""

    messages: list[Message]
    checksums: dict[int, int]
    scope_ids: dict[int, dict[str, int]]
    stray_entries: dict[uuid.UUID, int]
    stray_inflight: int


_UNFINISHED = sqlalchemy.text("""
    SELECT (SELECT count(*) FROM messages WHERE status <> 'sent' AND recalled_at IS NULL) AS messages,
           (SELECT count(*) FROM fanout_batches b JOIN messages m ON m.id = b.message_id
            WHERE b.delivered_at IS NULL AND m.recalled_at IS NULL) AS batches,
           (SELECT count(*) FROM inflight_targets) AS inflight
""")

_MESSAGES = sqlalchemy.text("""
    SELECT m.id, m.platform_id, u.external_id AS sender, m.title, m.body, m.directory_version, m.idempotency_key,
           m.sent_at, m.recalled_at, m.status, m.recipient_count
    FROM messages m JOIN users u ON u.id = m.sender_id ORDER BY m.sent_at, m.id
""")
_TARGETS = sqlalchemy.text("SELECT message_id, level, scope_id FROM message_targets ORDER BY message_id, position")
_VISIBILITY = sqlalchemy.text("SELECT message_id, scope_id, is_target FROM message_visibility")
_INFLIGHT = sqlalchemy.text("SELECT message_id, count(*) AS number FROM inflight_targets GROUP BY message_id")
_BATCHES = sqlalchemy.text("""
    SELECT message_id, seq, after_user_id, up_to_user_id, recipient_count, delivered_at IS NOT NULL AS is_delivered
    FROM fanout_batches ORDER BY message_id, seq
""")
# One pass over all entries, millions of them: a sum of 64-bit hashes differs for any two sets of people that ever occur.
_ENTRIES = sqlalchemy.text("""
    SELECT message_id, count(*) AS number, sum(hashint8extended(user_id, 0)) AS checksum,
           min(sent_at) AS first_sent_at, max(sent_at) AS last_sent_at
    FROM inbox_entries GROUP BY message_id
""")
_AUDITED = sqlalchemy.text("""
    SELECT message_id, outcome, count(*) AS number FROM audit_events
    WHERE outcome IN ('accepted', 'recalled') GROUP BY message_id, outcome
""")
_CHECKSUMS = sqlalchemy.text("SELECT id, hashint8extended(id, 0) AS checksum FROM users")
_SCOPES = sqlalchemy.text("""
    SELECT platform_id, external_id, id FROM organisations UNION ALL SELECT platform_id, external_id, id FROM clinics
""")
_WHOSE = sqlalchemy.text("SELECT user_id FROM inbox_entries WHERE message_id = :message_id ORDER BY user_id")
_MEMBERS = sqlalchemy.text("""
    SELECT count(*) AS number, COALESCE(sum(hashint8extended(user_id, 0)), 0) AS checksum
    FROM (SELECT DISTINCT user_id FROM memberships
          WHERE platform_id = :platform_id AND valid_from_version <= :version
            AND COALESCE(valid_to_version > :version, true)
            AND (:everyone OR scope_id = ANY(:scope_ids) OR organisation_id = ANY(:scope_ids))) AS members
""")


def wait_quiet(engine: Engine, *, seconds: float) -> Violation | None:
    """Returns once nothing is left to do; a violation when that takes longer than `seconds`."""
    left: dict[str, int] = {}

    def is_quiet() -> bool:
        with engine.connect() as connection:
            left.update(connection.execute(_UNFINISHED).one()._mapping)
        return not any(left.values())

    try:
        wait_until(is_quiet, what="quiet", seconds=seconds, every=0.1)
    except TimeoutError:
        told = ", ".join(f"{count} {what}" for what, count in left.items() if count)
        return Violation("quiet", f"after {seconds:.0f} s still unfinished: {told}")
    return None


def read(engine: Engine) -> Snapshot:
    """Everything at one moment."""
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        messages = {row.id: Message(**row._mapping) for row in connection.execute(_MESSAGES)}
        for row in connection.execute(_TARGETS):
            messages[row.message_id].targets.append((row.level, row.scope_id))
        for row in connection.execute(_VISIBILITY):
            messages[row.message_id].visibility[row.scope_id] = row.is_target
        for row in connection.execute(_BATCHES):
            messages[row.message_id].batches.append(Batch(*row[1:]))
        for row in connection.execute(_AUDITED):
            if row.message_id in messages:
                messages[row.message_id].audited[row.outcome] = row.number
        stray_inflight = 0
        for row in connection.execute(_INFLIGHT):
            if row.message_id in messages:
                messages[row.message_id].inflight = row.number
            else:
                stray_inflight += row.number
        stray_entries = {}
        for row in connection.execute(_ENTRIES):
            if row.message_id in messages:
                messages[row.message_id].entries = Entries(row[1], int(row[2]), *row[3:])
            else:
                stray_entries[row.message_id] = row.number
        scope_ids: dict[int, dict[str, int]] = {}
        for row in connection.execute(_SCOPES):
            scope_ids.setdefault(row.platform_id, {})[row.external_id] = row.id
        checksums = {row.id: row.checksum for row in connection.execute(_CHECKSUMS)}
    return Snapshot(list(messages.values()), checksums, scope_ids, stray_entries, stray_inflight)


def check(engine: Engine, posts: Sequence[Post], findings: Findings) -> list[tuple[Post, Message]]:
    """Checks all that the tables tell; answers which message came of which post, oldest first."""
    snapshot = read(engine)
    matched = _match(snapshot, posts, findings)
    recipients = _Recipients(engine, snapshot, findings)
    for post, message in matched:
        _check_whole(post, message, snapshot, findings)
        _check_fan_out(post, message, recipients, findings)
    _check_order(snapshot, findings)
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


class _Recipients:
    """Who should have a message, computed once for each audience and version."""

    def __init__(self, engine: Engine, snapshot: Snapshot, findings: Findings) -> None:
        self._engine = engine
        self._snapshot = snapshot
        self._findings = findings
        self._known: dict[object, tuple[frozenset[int], int]] = {}

    def of(self, post: Post, version: int) -> tuple[frozenset[int], int]:
        """Their ids, and the checksum over them."""
        chosen = _chosen(post.audience)
        which = (post.platform.id, version, frozenset(chosen))
        if which not in self._known:
            ids = post.platform.recipients(post.audience, version)
            checksum = sum(self._snapshot.checksums[one] for one in ids)
            self._known[which] = ids, checksum
            self._compare_with_memberships(post, version, len(ids), checksum)
        return self._known[which]

    def whose(self, message: Message) -> list[int]:
        with self._engine.connect() as connection:
            return list(connection.execute(_WHOSE, {"message_id": message.id}).scalars())

    def _compare_with_memberships(self, post: Post, version: int, count: int, checksum: int) -> None:
        names = self._snapshot.scope_ids.get(post.platform.id, {})
        parameters = {
            "platform_id": post.platform.id,
            "version": version,
            "everyone": bool(post.audience.get("everyone")),
            "scope_ids": [names[scope] for level, scope in _chosen(post.audience) if level != "platform"],
        }
        with self._engine.connect() as connection:
            row = connection.execute(_MEMBERS, parameters).one()
        self._findings.expect(
            (row.number, int(row.checksum)) == (count, checksum),
            "the directory is kept",
            lambda: (
                f"{row.number} members of {dict(post.audience)} of {post.platform.key} in version {version}, not {count}"
            ),
        )


def _check_fan_out(post: Post, message: Message, recipients: _Recipients, findings: Findings) -> None:
    expected, checksum = recipients.of(post, message.directory_version)
    entries = message.entries
    findings.expect(
        not message.inflight, "out of flight", lambda: f"message {message.id} has {message.inflight} targets"
    )
    same_time = entries.count == 0 or entries.first_sent_at == entries.last_sent_at == message.sent_at
    findings.expect(same_time, "one time", lambda: f"message {message.id} has entries of another time than its own")
    delivered = sum(batch.recipient_count for batch in message.batches if batch.is_delivered)
    findings.expect(
        delivered == entries.count,
        "counters equal rows",
        lambda: f"message {message.id}: {delivered} delivered by its batches, {entries.count} entries",
    )
    _check_ranges(message, findings)
    if message.is_recalled:
        if entries.count and (entries.count, entries.checksum) != (len(expected), checksum):
            _name_the_wrong(message, frozenset(), expected, recipients.whose(message), findings)
        return
    findings.expect(
        message.status == "sent", "accepted becomes sent", lambda: f"message {message.id} is {message.status}"
    )
    findings.expect(
        message.recipient_count == len(expected),
        "counters equal rows",
        lambda: f"message {message.id} says {message.recipient_count} recipients, and has {len(expected)}",
    )
    if (entries.count, entries.checksum) != (len(expected), checksum):
        _name_the_wrong(message, expected, expected, recipients.whose(message), findings)


def _check_ranges(message: Message, findings: Findings) -> None:
    position = -1
    for number, batch in enumerate(message.batches, start=1):
        findings.expect(
            batch.seq == number and batch.after_user_id >= position,
            "batches do not overlap",
            lambda b=batch: f"message {message.id}, batch {b.seq} from {b.after_user_id}",  # type: ignore[misc]
        )
        position = batch.up_to_user_id


def _name_the_wrong(
    message: Message, needed: frozenset[int], allowed: frozenset[int], whose: list[int], findings: Findings
) -> None:
    found = set(whose)
    if missing := needed - found:
        findings.broken("each recipient once", f"message {message.id}: {len(missing)} without, user {min(missing)} say")
    if len(whose) > len(found):
        twice = next(one for one, other in itertools.pairwise(whose) if one == other)
        findings.broken(
            "each recipient once", f"message {message.id}: {len(whose) - len(found)} twice, user {twice} say"
        )
    if beyond := found - allowed:
        findings.broken("nobody else", f"message {message.id}: {len(beyond)} others have it, user {min(beyond)} say")


def _check_order(snapshot: Snapshot, findings: Findings) -> None:
    seen: set[tuple[int, datetime]] = set()
    for message in snapshot.messages:
        place = (message.platform_id, message.sent_at)
        findings.expect(place not in seen, "one time", lambda m=message: f"{m.id} shares its time with another")  # type: ignore[misc]
        seen.add(place)


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
