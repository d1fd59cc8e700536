"""SQL: the recipients of a message within a viewer's reach, in the order of their ids, and what is shown of them.

All is computed from the memberships as of the message's directory version, so it is the same while the message is written and
afterwards. Of the sets of scopes that a recipient has to belong to (the message's targets, what the viewer administers, the filters)
the one with the fewest people is walked; the others are checked for each of them.
Measured with a million recipients, of whom ten, 60 % or all but ten have read it: a page takes 3 to 10 ms; with a filter that leaves
11,000 and status `read`, of whom none has, 50 ms; with `unread` and ten left, 300 ms. An export writes 25,000 rows in a second.
"""

# ruff: noqa: S608 (only constants are put into statements)

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import sqlalchemy
from sqlalchemy import Connection

from shared import follow_ups, lifecycle, versions
from shared.sent_messages import store as sent_messages

READ: Literal["read"] = "read"
Status = Literal["read", "unread"]

# Up to here all people of the walked scopes may be looked at one by one: 100 ms.
_FEW_PEOPLE = 20_000


@dataclass(frozen=True)
class Message:
    """What decides who the recipients of a message are."""

    id: uuid.UUID
    sent_at: datetime
    directory_version: int
    is_follow_up: bool
    entries_dropped: bool
    target_ids: tuple[int, ...]


@dataclass(frozen=True)
class Wanted:
    """The recipients that are asked for: within the viewer's reach, in all scopes of the filters, with a read status or any."""

    message: Message
    viewer: sent_messages.Viewer
    scope_ids: tuple[int, ...] = ()
    status: Status | None = None

    @property
    def parameters(self) -> dict[str, object]:
        return {
            "message_id": self.message.id,
            "sent_at": self.message.sent_at,
            "version": self.message.directory_version,
            "is_follow_up": self.message.is_follow_up,
            "targets": list(self.message.target_ids),
            "administered": None if self.viewer.is_platform else list(self.viewer.administered),
            **dict(zip(("scope_id", "also_scope_id"), (*self.scope_ids, None, None), strict=False)),
            "is_read": None if self.status is None else self.status == READ,
        }


@dataclass(frozen=True)
class Walk:
    """The scopes whose people are walked, and the parameter of the condition that these fulfil already, if any."""

    scope_ids: tuple[int, ...]
    parameter: str | None
    people: int

    @property
    def is_short(self) -> bool:
        return self.people <= _FEW_PEOPLE


@dataclass(frozen=True)
class Clinic:
    id: str
    name: str


@dataclass(frozen=True)
class Recipient:
    """`clinics`: those within the viewer's reach, as of the message's version. `read_at` is None if unread or not known any more."""

    user_id: int
    id: str
    name: str
    clinics: tuple["Clinic", ...]
    read_at: datetime | None


_FIND_MESSAGE = sqlalchemy.text(f"""
    SELECT m.id, m.sent_at, m.directory_version, m.follows IS NOT NULL AS is_follow_up, {lifecycle.ENTRIES_DROPPED} AS entries_dropped,
           ARRAY(SELECT t.scope_id FROM message_targets t WHERE t.message_id = m.id) AS target_ids
    FROM messages m WHERE m.id = :message_id
""")

_COUNT_PEOPLE = sqlalchemy.text("""
    SELECT CAST(COALESCE(sum(user_count), 0) AS bigint) FROM scopes WHERE id = ANY(CAST(:scope_ids AS bigint[]))
""")

# IS TRUE keeps IN from becoming a join: the ids are hashed once. A viewer may administer 15,000 clinics.
_IN = "({0} IN (SELECT unnest(CAST({1} AS bigint[])))) IS TRUE"


def _belongs(parameter: str, *, array: str, condition: str) -> str:
    """A template of a user's id: the parameter is null, or the user belonged to a scope that fulfils the condition."""
    return f"""
    (CAST({parameter} AS bigint{array}) IS NULL
     OR EXISTS (SELECT FROM memberships o
                WHERE o.user_id = {{0}} AND {versions.valid_at("o", ":version")} AND {condition} OFFSET 0))"""


_CONDITIONS = " AND ".join(
    [
        *(
            _belongs(name, array="[]", condition=_IN.format("o.scope_id", name))
            for name in (":targets", ":administered")
        ),
        *(_belongs(name, array="", condition=f"o.scope_id = {name}") for name in (":scope_id", ":also_scope_id")),
        f"(NOT :is_follow_up OR EXISTS (SELECT FROM messages m WHERE m.id = :message_id AND {follow_ups.is_recipient('{0}')} OFFSET 0))",
    ]
)
_HAS_READ = """
    EXISTS (SELECT FROM inbox_states r WHERE r.user_id = {0} AND r.sent_at = :sent_at AND r.message_id = :message_id
                                         AND r.read_at IS NOT NULL OFFSET 0)"""


_PEOPLE = f"b.user_id > :after AND {versions.valid_at('b', ':version')}"
_WALK_FEW = sqlalchemy.text(f"""
    SELECT p.user_id
    FROM (SELECT DISTINCT b.user_id FROM unnest(CAST(:walked AS bigint[])) AS walked (scope_id)
          CROSS JOIN LATERAL (SELECT b.user_id FROM memberships b WHERE b.scope_id = walked.scope_id AND {_PEOPLE}) AS b
          ORDER BY b.user_id OFFSET 0) AS p
    WHERE {_CONDITIONS.format("p.user_id")} AND (CAST(:is_read AS boolean) IS NULL OR {_HAS_READ.format("p.user_id")} = :is_read)
    ORDER BY p.user_id LIMIT :limit
""")
_WALK_ONE = sqlalchemy.text(f"""
    SELECT b.user_id FROM memberships b
    WHERE b.scope_id = :walked_one AND {_PEOPLE} AND {_CONDITIONS.format("b.user_id")} ORDER BY b.user_id LIMIT :limit
""")

# In the order of an index that holds nothing but the readers of each message.
_READERS = """
    inbox_states r
    WHERE r.message_id = :message_id AND r.first_read_at IS NOT NULL AND r.read_at IS NOT NULL AND r.user_id > :after"""
_WALK_READERS = sqlalchemy.text(f"""
    SELECT r.user_id FROM {_READERS} AND {_CONDITIONS.format("r.user_id")} ORDER BY r.user_id LIMIT :limit
""")
# Two indexes are merged, which finds the last ten of a million recipients who have not read it in 0.3 s. Other joins take 1 to 3 s, and
# the planner cannot know how many have read this message.
_MERGE = sqlalchemy.text("SELECT set_config('enable_nestloop', :on, true), set_config('enable_hashjoin', :on, true)")
_WALK_UNREAD = sqlalchemy.text(f"""
    SELECT p.user_id
    FROM (SELECT b.user_id FROM memberships b
          WHERE b.scope_id = :walked_one AND {_PEOPLE} AND NOT EXISTS (SELECT FROM {_READERS} AND r.user_id = b.user_id)
          ORDER BY b.user_id OFFSET 0) AS p
    WHERE {_CONDITIONS.format("p.user_id")} ORDER BY p.user_id LIMIT :limit
""")

_GET = sqlalchemy.text(f"""
    SELECT u.id AS user_id, u.external_id, u.name, r.read_at, belonged.ids, belonged.names
    FROM users u
    LEFT JOIN inbox_states r ON r.user_id = u.id AND r.sent_at = :sent_at AND r.message_id = :message_id
    CROSS JOIN LATERAL (
        SELECT array_agg(s.external_id ORDER BY s.name, s.id) AS ids, array_agg(s.name ORDER BY s.name, s.id) AS names
        FROM memberships b JOIN scopes s ON s.id = b.scope_id
        WHERE b.user_id = u.id AND {versions.valid_at("b", ":version")} AND s.level = CAST(:level AS scope_level)
          AND (CAST(:administered AS bigint[]) IS NULL
               OR EXISTS (SELECT FROM scope_ancestors a
                          WHERE a.scope_id = s.id AND {versions.valid_at("a", ":version")}
                            AND {_IN.format("a.ancestor_id", ":administered")} OFFSET 0))
    ) AS belonged
    WHERE u.id = ANY(CAST(:user_ids AS bigint[]))
    ORDER BY u.id
""")


def find_message(connection: Connection, *, message_id: uuid.UUID) -> Message:
    row = connection.execute(_FIND_MESSAGE, {"message_id": message_id}).one()
    return Message(**{**row._mapping, "target_ids": tuple(row.target_ids)})


def choose_walk(connection: Connection, wanted: Wanted) -> Walk:
    """The set of scopes with the fewest people (now) that all recipients belonged to; the platform instead of several large scopes."""
    sets = [("targets", wanted.message.target_ids)]
    if not wanted.viewer.is_platform:
        sets.append(("administered", wanted.viewer.administered))
    sets += [(name, (one,)) for name, one in zip(("scope_id", "also_scope_id"), wanted.scope_ids, strict=False)]
    walks = [
        Walk(ids, name, int(connection.execute(_COUNT_PEOPLE, {"scope_ids": list(ids)}).scalar_one()))
        for name, ids in sets
    ]
    fewest = min(walks, key=lambda walk: walk.people)
    is_possible = fewest.is_short or len(fewest.scope_ids) == 1
    return fewest if is_possible else Walk((wanted.viewer.platform_id,), None, fewest.people)


def list_ids(connection: Connection, wanted: Wanted, walk: Walk, *, after: int, limit: int) -> list[int]:
    """At most `limit` recipients with greater ids than `after`, in the order of their ids."""
    parameters = {**wanted.parameters, "after": after, "limit": limit}
    if wanted.status == READ and not walk.is_short:
        return list(connection.execute(_WALK_READERS, parameters).scalars())
    parameters |= {"walked": list(walk.scope_ids), "walked_one": walk.scope_ids[0]}
    if walk.parameter is not None:  # the people who are walked fulfil this condition
        parameters[walk.parameter] = None
    if walk.is_short:
        return list(connection.execute(_WALK_FEW, parameters).scalars())
    if wanted.status is None:
        return list(connection.execute(_WALK_ONE, parameters).scalars())
    connection.execute(_MERGE, {"on": "off"})
    found = list(connection.execute(_WALK_UNREAD, parameters).scalars())
    connection.execute(_MERGE, {"on": "on"})
    return found


def get_recipients(connection: Connection, wanted: Wanted, *, user_ids: Sequence[int]) -> list[Recipient]:
    """These recipients, in the order of their ids."""
    values = {**wanted.parameters, "user_ids": list(user_ids), "level": "clinic"}
    return [
        Recipient(
            row.user_id,
            row.external_id,
            row.name,
            tuple(map(Clinic, row.ids or (), row.names or ())),
            row.read_at,
        )
        for row in connection.execute(_GET, values)
    ]
