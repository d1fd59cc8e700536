"""SQL: the recipients of a message within a viewer's reach, in the order of their ids.

All is computed from the memberships as of the message's directory version, so it is the same while the message is written and
afterwards. Of the sets of scopes that a recipient has to belong to (the message's targets, what the viewer administers, the filters)
the one with the fewest people is walked; the others are checked for each of them.
Measured with a million recipients, of whom ten, 60 % or all but ten have read it: a page takes 3 to 10 ms; with a filter that leaves
11,000 and status `read`, of whom none has, 50 ms; with `unread` and ten left, 300 ms.
Where a follow-up leaves few people, all of them are found at once, in the time of reading the audience once.
"""

# ruff: noqa: S608 (only constants are put into statements)

import uuid
from dataclasses import asdict, dataclass
from datetime import datetime

import sqlalchemy
from sqlalchemy import Connection

from shared import audience, follow_ups, lifecycle, versions
from shared.sent_messages import store as sent_messages
from shared.sent_messages import words

# Up to here all people of the walked scopes may be looked at one by one: 100 ms.
_FEW_PEOPLE = 20_000
# Up to here all recipients of a message to a part of its audience are found at once: a page of a hundred of them, one by one, costs more.
_FEW_RECIPIENTS = 1_000


@dataclass(frozen=True)
class Message:
    """What decides who the recipients of a message are."""

    id: uuid.UUID
    sent_at: datetime
    directory_version: int
    is_partial: bool
    recipient_role: str | None
    recipient_count: int | None
    entries_dropped: bool
    target_ids: tuple[int, ...]

    @property
    def has_few_recipients(self) -> bool:
        return self.is_partial and self.recipient_count is not None and self.recipient_count <= _FEW_RECIPIENTS

    @property
    def audience(self) -> audience.Audience:
        follow_up_id = self.id if self.is_partial and self.recipient_role is None else None
        return audience.Audience(self.target_ids, self.directory_version, follow_up_id, self.recipient_role)


@dataclass(frozen=True)
class Wanted:
    """The recipients that are asked for: within the viewer's reach, in all scopes of the filters, with a mark or without it or either,
    with such words in their name.
    """

    message: Message
    viewer: sent_messages.Viewer
    scope_ids: tuple[int, ...] = ()
    is_marked: bool | None = None
    name: words.Search = words.ANY

    @property
    def is_to_everyone(self) -> bool:
        return self.viewer.platform_id in self.message.target_ids

    @property
    def parameters(self) -> dict[str, object]:
        return {
            "message_id": self.message.id,
            "sent_at": self.message.sent_at,
            "version": self.message.directory_version,
            "is_partial": self.message.is_partial,
            # Everyone who was active belonged to the platform.
            "targets": None if self.is_to_everyone else list(self.message.target_ids),
            "administered": None if self.viewer.is_platform else list(self.viewer.administered),
            **dict(zip(("scope_id", "also_scope_id"), (*self.scope_ids, None, None), strict=False)),
            "is_marked": self.is_marked,
            "platform_id": self.viewer.platform_id,
            "checks_name": self.name != words.ANY,
            **asdict(self.name),
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


_FIND_MESSAGE = sqlalchemy.text(f"""
    SELECT m.id, m.sent_at, m.directory_version, {lifecycle.IS_PARTIAL} AS is_partial, m.recipient_role, m.recipient_count,
           {lifecycle.ENTRIES_DROPPED} AS entries_dropped,
           ARRAY(SELECT t.scope_id FROM message_targets t WHERE t.message_id = m.id) AS target_ids
    FROM messages m WHERE m.id = :message_id
""")

_COUNT_PEOPLE = sqlalchemy.text("""
    SELECT CAST(COALESCE(sum(user_count), 0) AS bigint) FROM scopes WHERE id = ANY(CAST(:scope_ids AS bigint[]))
""")

# IS TRUE keeps IN from becoming a join: the ids are hashed once. A viewer may administer 15,000 clinics.
IS_ONE_OF = "({0} IN (SELECT unnest(CAST({1} AS bigint[])))) IS TRUE"


def _belongs(parameter: str, *, array: str, condition: str) -> str:
    """A template of a user's id: the parameter is null, or the user belonged to a scope that fulfils the condition."""
    return f"""
    (CAST({parameter} AS bigint{array}) IS NULL
     OR EXISTS (SELECT FROM memberships _o
                WHERE _o.user_id = {{0}} AND {versions.valid_at("_o", ":version")} AND {condition} OFFSET 0))"""


# Templates of a user's id, a column of the statement around them, whose rows' names do not begin with an underscore.
IS_RECIPIENT = f"""
    {_belongs(":targets", array="[]", condition=IS_ONE_OF.format("_o.scope_id", ":targets"))}
    AND (NOT :is_partial OR EXISTS (SELECT FROM messages m WHERE m.id = :message_id AND {follow_ups.is_recipient("{0}")} OFFSET 0))"""
_IS_NAMED = f"{words.person(platform_id='_u.platform_id', name='_u.name')} @@ {words.QUERY}"
IS_WANTED = f"""
    {IS_RECIPIENT}
    AND (NOT :checks_name OR EXISTS (SELECT FROM users _u WHERE _u.id = {{0}} AND {_IS_NAMED} OFFSET 0))
    AND {_belongs(":administered", array="[]", condition=IS_ONE_OF.format("_o.scope_id", ":administered"))}
    AND {_belongs(":scope_id", array="", condition="_o.scope_id = :scope_id")}
    AND {_belongs(":also_scope_id", array="", condition="_o.scope_id = :also_scope_id")}"""
_PEOPLE = f"member.user_id > :after AND {versions.valid_at('member', ':version')}"
# Two indexes are merged, which finds the last ten of a million recipients without a mark in 0.3 s. Other joins take 1 to 3 s, and the
# planner cannot know how many have one.
_MERGE = sqlalchemy.text("SELECT set_config('enable_nestloop', :on, true), set_config('enable_hashjoin', :on, true)")

# All recipients with greater ids, in no order.
_LIST_ALL = {
    people: sqlalchemy.text(f"SELECT recipient.user_id FROM ({people}) AS recipient") for people in audience.STATEMENTS
}
_WALK_ONE = sqlalchemy.text(f"""
    SELECT member.user_id FROM memberships member
    WHERE member.scope_id = :walked_one AND {_PEOPLE} AND {IS_WANTED.format("member.user_id")} ORDER BY member.user_id LIMIT :limit
""")


class Marks:
    """What some of the recipients have done with the message, a row `mark` for each of them, and the walks that ask for it.

    `rows` is what stands behind FROM for all of them, in the order of an index by user id; `one` for the user {0}, by a key.
    `unmarked`: a further condition on the user {0} of those without a mark.
    """

    def __init__(self, *, rows: str, one: str, unmarked: str = "true") -> None:
        rows = f"{rows} AND mark.user_id > :after"
        is_wanted = f"""
            {IS_WANTED}
            AND (CAST(:is_marked AS boolean) IS NULL OR EXISTS (SELECT FROM {one} OFFSET 0) = :is_marked)
            AND (CAST(:is_marked AS boolean) IS NOT FALSE OR {unmarked})"""
        self.walk_few = sqlalchemy.text(f"""
            SELECT person.user_id
            FROM (SELECT DISTINCT member.user_id FROM unnest(CAST(:walked AS bigint[])) AS walked (scope_id)
                  CROSS JOIN LATERAL (SELECT member.user_id FROM memberships member
                                      WHERE member.scope_id = walked.scope_id AND {_PEOPLE}) AS member
                  ORDER BY member.user_id OFFSET 0) AS person
            WHERE {is_wanted.format("person.user_id")} ORDER BY person.user_id LIMIT :limit
        """)
        self.walk_these = sqlalchemy.text(f"""
            SELECT person.user_id FROM unnest(CAST(:user_ids AS bigint[])) AS person (user_id)
            WHERE {is_wanted.format("person.user_id")} ORDER BY person.user_id LIMIT :limit
        """)
        self.walk_named = sqlalchemy.text(f"""
            SELECT named.id AS user_id
            FROM (SELECT _u.id FROM users _u WHERE {_IS_NAMED} AND _u.id > :after ORDER BY _u.id OFFSET 0) AS named
            WHERE {is_wanted.format("named.id")} ORDER BY named.id LIMIT :limit
        """)
        self.walk_marked = sqlalchemy.text(
            f"SELECT mark.user_id FROM {rows} AND {IS_WANTED.format('mark.user_id')} ORDER BY mark.user_id LIMIT :limit"
        )
        self.walk_unmarked = sqlalchemy.text(f"""
            SELECT person.user_id
            FROM (SELECT member.user_id FROM memberships member
                  WHERE member.scope_id = :walked_one AND {_PEOPLE} AND NOT EXISTS (SELECT FROM {rows} AND mark.user_id = member.user_id)
                  ORDER BY member.user_id OFFSET 0) AS person
            WHERE {IS_WANTED.format("person.user_id")} AND {unmarked.format("person.user_id")} ORDER BY person.user_id LIMIT :limit
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


def list_ids(connection: Connection, marks: Marks, wanted: Wanted, walk: Walk, *, after: int, limit: int) -> list[int]:
    """At most `limit` recipients with greater ids than `after`, in the order of their ids."""
    parameters = {**wanted.parameters, "after": after, "limit": limit}
    if not walk.is_short and wanted.name != words.ANY:
        return list(connection.execute(marks.walk_named, {**parameters, "checks_name": False}).scalars())
    if not walk.is_short and wanted.is_marked:
        return list(connection.execute(marks.walk_marked, parameters).scalars())
    if not walk.is_short and wanted.message.has_few_recipients:
        of = wanted.message.audience
        these = list(connection.execute(_LIST_ALL[of.sql], of.parameters(after_user_id=after)).scalars())
        parameters |= {"user_ids": these, "is_partial": False, "targets": None}
        return list(connection.execute(marks.walk_these, parameters).scalars())
    parameters |= {"walked": list(walk.scope_ids), "walked_one": walk.scope_ids[0]}
    if walk.parameter is not None:  # the people who are walked fulfil this condition
        parameters[walk.parameter] = None
    if walk.is_short:
        return list(connection.execute(marks.walk_few, parameters).scalars())
    if wanted.is_marked is None:
        return list(connection.execute(_WALK_ONE, parameters).scalars())
    connection.execute(_MERGE, {"on": "off"})
    found = list(connection.execute(marks.walk_unmarked, parameters).scalars())
    connection.execute(_MERGE, {"on": "on"})
    return found
