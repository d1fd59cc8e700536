"""Everything that the tables hold about messages, read as their owner in one snapshot. The product's SQL is not used."""

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy
from sqlalchemy import Engine


@dataclass(frozen=True)
class Batch:
    """A part of an audience: the people with after_user_id < id <= up_to_user_id."""

    seq: int
    after_user_id: int
    up_to_user_id: int
    recipient_count: int
    is_delivered: bool


@dataclass(frozen=True)
class Group:
    """A set of people: how many, and a sum over hashes of their ids that differs for every other set."""

    count: int = 0
    checksum: int = 0


@dataclass(frozen=True)
class Entries:
    """All entries of a message: whose they are, and the times that they have."""

    whose: Group = Group()
    first_sent_at: datetime | None = None
    last_sent_at: datetime | None = None

    @property
    def count(self) -> int:
        return self.whose.count


@dataclass
class Message:
    """A message as the tables have it; `first_reads`: the ids of those who have read it, each with the time of the first reading.

    `active_version`: of a follow-up the directory's version in which its recipients were active.
    """

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
    follows: uuid.UUID | None
    active_version: int | None
    first_reads: dict[int, datetime] = field(default_factory=dict)
    targets: list[int] = field(default_factory=list)
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
    """All messages, and the ids of scopes by external id. `checksums` holds what each user adds to the checksum of a group."""

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
           m.sent_at, m.recalled_at, m.status, m.recipient_count, m.follows, f.active_version
    FROM messages m JOIN users u ON u.id = m.sender_id
    LEFT JOIN followed_messages f ON f.message_id = m.id AND f.earlier_id = m.follows
    ORDER BY m.sent_at, m.id
""")
_FIRST_READS = sqlalchemy.text(
    "SELECT message_id, user_id, first_read_at FROM inbox_states WHERE first_read_at IS NOT NULL"
)
_TARGETS = sqlalchemy.text("SELECT message_id, scope_id FROM message_targets ORDER BY message_id, position")
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
    SELECT platform_id, external_id, id FROM scopes WHERE parent_id IS NOT NULL
""")
_WHOSE = sqlalchemy.text("SELECT user_id FROM inbox_entries WHERE message_id = :message_id ORDER BY user_id")
_MEMBERS = sqlalchemy.text("""
    SELECT count(*) AS number, COALESCE(sum(hashint8extended(user_id, 0)), 0) AS checksum
    FROM (SELECT DISTINCT user_id FROM memberships
          WHERE platform_id = :platform_id AND valid_from_version <= :version
            AND COALESCE(valid_to_version > :version, true)
            AND (:everyone OR scope_id = ANY(:scope_ids))) AS members
""")


def count_unfinished(engine: Engine) -> dict[str, int]:
    """How much is unfinished, by kind."""
    with engine.connect() as connection:
        return dict(connection.execute(_UNFINISHED).mappings().one())


def read(engine: Engine) -> Snapshot:
    """All tables in one snapshot."""
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        messages = {row.id: Message(**row._mapping) for row in connection.execute(_MESSAGES)}
        for row in connection.execute(_TARGETS):
            messages[row.message_id].targets.append(row.scope_id)
        for row in connection.execute(_VISIBILITY):
            messages[row.message_id].visibility[row.scope_id] = row.is_target
        for row in connection.execute(_BATCHES):
            messages[row.message_id].batches.append(Batch(*row[1:]))
        for row in connection.execute(_FIRST_READS):
            if row.message_id in messages:
                messages[row.message_id].first_reads[row.user_id] = row.first_read_at
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
                messages[row.message_id].entries = Entries(Group(row.number, int(row.checksum)), *row[3:])
            else:
                stray_entries[row.message_id] = row.number
        scope_ids: dict[int, dict[str, int]] = {}
        for row in connection.execute(_SCOPES):
            scope_ids.setdefault(row.platform_id, {})[row.external_id] = row.id
        checksums = {row.id: row.checksum for row in connection.execute(_CHECKSUMS)}
    return Snapshot(list(messages.values()), checksums, scope_ids, stray_entries, stray_inflight)


def list_recipients(engine: Engine, *, message_id: uuid.UUID) -> list[int]:
    """The users of a message's entries, in order; a user with two entries twice."""
    with engine.connect() as connection:
        return list(connection.execute(_WHOSE, {"message_id": message_id}).scalars())


def count_members(engine: Engine, *, platform_id: int, version: int, everyone: bool, scope_ids: Sequence[int]) -> Group:
    """The members of these scopes in a version, by the memberships that are stored now."""
    values = {"platform_id": platform_id, "version": version, "everyone": everyone, "scope_ids": list(scope_ids)}
    with engine.connect() as connection:
        row = connection.execute(_MEMBERS, values).one()
    return Group(row.number, int(row.checksum))
