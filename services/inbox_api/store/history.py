"""SQL: which messages a viewer may see in the sent history, all or by a filter. The messages themselves are read by
shared.sent_messages, in the same transaction.

A viewer sees the messages they sent, and those with a row in message_visibility for a scope that they administer now. A message has
such a row for every target and for every scope that contained a target when it was sent.
Measured with 13,000 messages, 2,400 of them to everyone: the ids of a page of 21 take 0.3 ms, with a filter 0.6 ms, with a filter
that leaves nothing of what the viewer may see 5 ms; the seen and read counts of a message with 20,000 readers 9 ms.
"""

# ruff: noqa: S608 (only constants are put into statements)

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy
from sqlalchemy import Connection

from services.inbox_api.store import visibility
from services.inbox_api.store.visibility import NEWEST_FIRST, Page
from shared import versions
from shared.sent_messages import store as sent_messages


@dataclass(frozen=True)
class Filter:
    """A scope that the history is filtered by, and what contained it in which directory versions."""

    scope_id: int
    containers: tuple["Container", ...]


@dataclass(frozen=True)
class Container:
    """A scope that contained another from a version up to, not including, another; without the second it still does."""

    scope_id: int
    valid_from_version: int
    valid_to_version: int | None


@dataclass(frozen=True)
class Engagement:
    """How many recipients have seen and read a message so far."""

    seen_count: int
    read_count: int


_FIND_FILTER = sqlalchemy.text("""
    SELECT s.id AS scope_id, a.ancestor_id, a.valid_from_version, a.valid_to_version
    FROM scopes s LEFT JOIN scope_ancestors a ON a.scope_id = s.id AND a.ancestor_id <> s.id
    WHERE s.platform_id = :platform_id AND s.level = CAST(:level AS scope_level) AND s.external_id = :external_id
""")

# Conditions on a row `v` of message_visibility, and on a message `m`.
_VISIBLE, _SENT = ("v", "message_id"), ("m", "id")
_WANTED = f"{visibility.BEFORE.format(*_VISIBLE)} AND {visibility.FITS_SEARCH.format(*_VISIBLE)}"
# Notices to administrators, which the hub sends in somebody's name, are in no list.
_SENT_WANTED = (
    "m.sender_id = :user_id AND m.recipient_role IS NULL"
    f" AND {visibility.BEFORE.format(*_SENT)} AND {visibility.FITS_SEARCH.format(*_SENT)}"
)

# One short range of an index for each scope, merged: the history is not scanned.
_LIST_VISIBLE = sqlalchemy.text(f"""
    SELECT v.sent_at, v.message_id
    FROM {visibility.ADMINISTERED} AS walked (scope_id) CROSS JOIN LATERAL (
        SELECT v.sent_at, v.message_id FROM message_visibility v
        WHERE v.scope_id = walked.scope_id AND {_WANTED} {NEWEST_FIRST}
    ) v
    UNION
    (SELECT m.sent_at, m.id AS message_id FROM messages m
     WHERE {_SENT_WANTED} {NEWEST_FIRST})
    {NEWEST_FIRST}
""")

# A second filter is looked up for each message.
_ALSO = visibility.reached(":also_scope_id")
_SEEN_TOO = f"{visibility.MAY_SEE.format(*_VISIBLE)} AND {_ALSO.format(*_VISIBLE)}"
# A message to the whole platform is shown to the platform's administrators and to its sender. To others the sender's own messages
# are read instead of everyone's (0.5 ms instead of 6 to 20 ms).
_LIST_REACHED = sqlalchemy.text(f"""
    (SELECT v.sent_at, v.message_id FROM message_visibility v
     WHERE v.scope_id = :scope_id AND {_SEEN_TOO} AND {_WANTED}
     {NEWEST_FIRST})
    UNION
    SELECT v.sent_at, v.message_id
    FROM unnest(CAST(:container_ids AS bigint[]), CAST(:from_versions AS bigint[]), CAST(:to_versions AS bigint[]))
        AS container (scope_id, valid_from_version, valid_to_version)
    CROSS JOIN LATERAL (
        SELECT v.sent_at, v.message_id FROM message_visibility v
        WHERE v.scope_id = container.scope_id AND v.is_target
          AND {versions.valid_at("container", "v.directory_version")}
          AND {_SEEN_TOO} AND {_WANTED}
        {NEWEST_FIRST}
    ) v
    UNION
    (SELECT m.sent_at, m.id AS message_id FROM messages m
     WHERE NOT :is_platform AND {_SENT_WANTED}
       AND EXISTS (SELECT FROM message_visibility x
                   WHERE x.scope_id = :platform_id AND x.sent_at = m.sent_at AND x.message_id = m.id AND x.is_target OFFSET 0)
       AND EXISTS (SELECT FROM scope_ancestors a
                   WHERE a.scope_id = :scope_id AND a.ancestor_id = :platform_id
                     AND {versions.valid_at("a", "m.directory_version")})
       AND {_ALSO.format(*_SENT)}
     {NEWEST_FIRST})
    {NEWEST_FIRST}
""")

# Where an acknowledgement is asked for, also administrators beneath a target may: they follow up their own people.
_MAY_SEE_ONE = sqlalchemy.text(f"""
    SELECT EXISTS (SELECT FROM messages m
                   WHERE m.id = :message_id AND m.platform_id = :platform_id
                     AND ({visibility.MAY_SEE.format(*_SENT)}
                          OR m.statement IS NOT NULL AND EXISTS (
                              SELECT FROM {visibility.ADMINISTERED} AS own (scope_id)
                              JOIN scope_ancestors a ON a.scope_id = own.scope_id AND {versions.valid_at("a", "m.directory_version")}
                              JOIN message_targets t ON t.scope_id = a.ancestor_id
                              WHERE t.message_id = m.id)))
""")

# Without a condition on sent_at, which these indexes do not hold: so the counts never touch the table.
_COUNT_ENGAGEMENT = sqlalchemy.text("""
    SELECT (SELECT count(*) FROM inbox_states WHERE message_id = :message_id AND seen_at IS NOT NULL) AS seen_count,
           (SELECT count(*) FROM inbox_states WHERE message_id = :message_id AND first_read_at IS NOT NULL AND read_at IS NOT NULL)
               AS read_count
""")
_COUNT_READERS = sqlalchemy.text("""
    SELECT message_id, count(*) AS read_count FROM inbox_states
    WHERE message_id = ANY(CAST(:ids AS uuid[])) AND first_read_at IS NOT NULL AND read_at IS NOT NULL GROUP BY message_id
""")


def find_filter(connection: Connection, *, platform_id: int, level: str, external_id: str) -> Filter | None:
    """The scope of the platform with this external id, whether it has ended or not."""
    rows = connection.execute(
        _FIND_FILTER, {"platform_id": platform_id, "level": level, "external_id": external_id}
    ).all()
    if not rows:
        return None
    return Filter(
        rows[0].scope_id,
        tuple(
            Container(row.ancestor_id, row.valid_from_version, row.valid_to_version)
            for row in rows
            if row.ancestor_id is not None
        ),
    )


def list_visible(connection: Connection, page: Page) -> list[uuid.UUID]:
    """A page of messages, newest first."""
    return [row.message_id for row in connection.execute(_LIST_VISIBLE, page.parameters)]


def list_reached(connection: Connection, page: Page, *, filters: Sequence[Filter]) -> list[uuid.UUID]:
    """Like `list_visible`, of messages that reached the scopes of one or two filters."""
    walked, *also = filters
    viewer = page.viewer
    containers = [one for one in walked.containers if viewer.is_platform or one.scope_id != viewer.platform_id]
    rows = connection.execute(
        _LIST_REACHED,
        {
            **page.parameters,
            "is_platform": viewer.is_platform,
            "scope_id": walked.scope_id,
            "also_scope_id": also[0].scope_id if also else None,
            "container_ids": [one.scope_id for one in containers],
            "from_versions": [one.valid_from_version for one in containers],
            "to_versions": [one.valid_to_version for one in containers],
        },
    )
    return [row.message_id for row in rows]


def is_visible(connection: Connection, *, viewer: sent_messages.Viewer, message_id: uuid.UUID) -> bool:
    """Whether this is a message of their platform that the viewer may see."""
    values = {
        "user_id": viewer.user_id,
        "platform_id": viewer.platform_id,
        "administered": list(viewer.administered),
        "message_id": message_id,
    }
    return bool(connection.execute(_MAY_SEE_ONE, values).scalar_one())


def count_engagement(connection: Connection, *, message_id: uuid.UUID) -> Engagement:
    row = connection.execute(_COUNT_ENGAGEMENT, {"message_id": message_id}).one()
    return Engagement(**row._mapping)


def count_readers(connection: Connection, *, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, int]:
    """How many recipients have each message marked as read. Measured: 25 messages with 600,000 readers each take 1.4 s."""
    counted = {row.message_id: row.read_count for row in connection.execute(_COUNT_READERS, {"ids": list(ids)})}
    return {one: counted.get(one, 0) for one in ids}
