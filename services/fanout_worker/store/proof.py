"""SQL: who should have a message, compared with who has it. For `message-hub verify`; no task asks any of this.

What workers will still write is told in the same statement, from the same snapshot, as what is written: a batch's entries and
its mark are committed together, so nobody is missing who is only late.
"""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy
from sqlalchemy import Connection

from services.fanout_worker import proof
from shared import audience


@dataclass(frozen=True)
class Person:
    """Who an entry belongs to; None where there is no such user."""

    user_id: int
    platform: str | None
    external_id: str | None


@dataclass(frozen=True)
class Position:
    """Where a message stands among all."""

    sent_at: datetime
    message_id: uuid.UUID


_FIND_FACTS = sqlalchemy.text("""
    SELECT p.key AS platform, m.sent_at, m.status, m.recipient_count, m.recalled_at IS NOT NULL AS is_recalled,
           m.sent_at < (SELECT dropped_before FROM inbox_retention) AS is_expired,
           (SELECT count(*) FROM message_targets t WHERE t.message_id = m.id) AS target_count,
           (SELECT count(*) FROM inflight_targets t WHERE t.message_id = m.id) AS in_flight_count,
           (SELECT coalesce(max(id), 0) FROM users) AS last_user_id
    FROM messages m JOIN platforms p ON p.id = m.platform_id
    WHERE m.id = :message_id
""")

_LIST_BATCHES = sqlalchemy.text("""
    SELECT seq, after_user_id, up_to_user_id, recipient_count, delivered_at IS NOT NULL AS is_delivered
    FROM fanout_batches WHERE message_id = :message_id
    ORDER BY seq
""")

# The ranges that a worker will write by itself: batches that are not delivered, and what is not cut yet.
_PENDING = """
    pending AS MATERIALIZED (
        SELECT b.after_user_id AS low, b.up_to_user_id AS high FROM fanout_batches b
        WHERE b.message_id = :message_id AND b.delivered_at IS NULL
          AND b.after_user_id < :up_to_user_id AND b.up_to_user_id > :after_user_id
        UNION ALL
        SELECT (SELECT coalesce(max(b.up_to_user_id), 0) FROM fanout_batches b WHERE b.message_id = m.id), :last_user_id
        FROM messages m WHERE m.id = :message_id AND m.status <> 'sent' AND m.recipient_count IS NULL
    )"""
_WRITTEN = """
    SELECT user_id FROM inbox_entries
    WHERE sent_at = :sent_at AND message_id = :message_id AND user_id > :after_user_id AND user_id <= :up_to_user_id
"""
# With what stands under another time of that month, which costs nothing more: all of a window's entries are passed in any case.
_FOUND = """
    SELECT user_id, bool_or(sent_at = :sent_at) AS is_written, count(*) FILTER (WHERE sent_at <> :sent_at) AS misplaced
    FROM inbox_entries
    WHERE sent_at >= :month AND sent_at < :next_month AND message_id = :message_id
      AND user_id > :after_user_id AND user_id <= :up_to_user_id
    GROUP BY user_id
"""
_IS_PENDING = "EXISTS (SELECT FROM pending r WHERE r.low < {user_id} AND {user_id} <= r.high)"
_FIRST = "(coalesce(array_agg(user_id ORDER BY user_id) FILTER (WHERE {which}), '{{}}'))[1 : :limit]"

# Both sides come from an index in order of ids. 1,000,000 people in 2.4 s, 550,000 in 50 organisations in 1.7 s, one clinic in
# 0.8 s, among 10,500,000 entries of that month: all of a window's are passed, for whoever has one and should not.
_COMPARE = {
    people: sqlalchemy.text(f"""
        WITH {_PENDING}, compared AS (
            SELECT coalesce(p.user_id, f.user_id) AS user_id, p.user_id IS NOT NULL AS is_planned,
                   coalesce(f.is_written, false) AS is_written, coalesce(f.misplaced, 0) AS misplaced,
                   {_IS_PENDING.format(user_id="coalesce(p.user_id, f.user_id)")} AS is_pending
            FROM ({people}) AS p FULL JOIN ({_FOUND}) AS f ON f.user_id = p.user_id
        )
        SELECT count(*) FILTER (WHERE is_planned) AS planned,
               count(*) FILTER (WHERE is_planned AND is_written) AS delivered,
               count(*) FILTER (WHERE is_planned AND NOT is_written AND is_pending) AS pending,
               count(*) FILTER (WHERE is_planned AND NOT is_written AND NOT is_pending) AS absent,
               CAST(coalesce(sum(misplaced), 0) AS bigint) + count(*) FILTER (WHERE NOT is_planned AND is_written) AS unexpected,
               count(*) FILTER (WHERE is_planned AND is_written AND is_pending) AS early,
               {_FIRST.format(which="is_planned AND NOT is_written AND NOT is_pending")} AS absent_ids,
               {_FIRST.format(which="misplaced > 0 OR NOT is_planned")} AS unexpected_ids
        FROM compared
    """)  # noqa: S608 (only constants are put in)
    for people in audience.STATEMENTS
}

# DO NOTHING: another repair may be at the same people. Nothing of a message that was recalled meanwhile.
_INSERT_MISSING = {
    people: sqlalchemy.text(f"""
        WITH {_PENDING}
        INSERT INTO inbox_entries (user_id, sent_at, message_id)
        SELECT p.user_id, :sent_at, :message_id
        FROM ({people}) AS p LEFT JOIN ({_WRITTEN}) AS w ON w.user_id = p.user_id
        WHERE w.user_id IS NULL AND NOT {_IS_PENDING.format(user_id="p.user_id")}
          AND EXISTS (SELECT FROM messages m WHERE m.id = :message_id AND m.recalled_at IS NULL)
        ORDER BY p.user_id
        ON CONFLICT DO NOTHING
        RETURNING user_id
    """)  # noqa: S608 (only constants are put in)
    for people in audience.STATEMENTS
}

_LIST_PEOPLE = sqlalchemy.text("""
    SELECT asked.user_id, p.key AS platform, u.external_id
    FROM unnest(CAST(:user_ids AS bigint[])) WITH ORDINALITY AS asked (user_id, position)
    LEFT JOIN users u ON u.id = asked.user_id
    LEFT JOIN platforms p ON p.id = u.platform_id
    ORDER BY asked.position
""")

_LIST_POSITIONS = sqlalchemy.text("""
    SELECT m.sent_at, m.id AS message_id
    FROM messages m JOIN platforms p ON p.id = m.platform_id
    WHERE (m.sent_at, m.id) > (CAST(:after_sent_at AS timestamptz), CAST(:after_id AS uuid))
      AND (CAST(:platform AS text) IS NULL OR p.key = :platform)
    ORDER BY m.sent_at, m.id
    LIMIT :limit
""")

_COUNT_POSITIONS = sqlalchemy.text("""
    SELECT count(*) FROM messages m JOIN platforms p ON p.id = m.platform_id
    WHERE m.sent_at >= CAST(:since AS timestamptz) AND (CAST(:platform AS text) IS NULL OR p.key = :platform)
""")


def find_facts(connection: Connection, *, message_id: uuid.UUID) -> proof.Facts | None:
    """Two statements: read them in one snapshot."""
    row = connection.execute(_FIND_FACTS, {"message_id": message_id}).mappings().one_or_none()
    if row is None:
        return None
    batches = connection.execute(_LIST_BATCHES, {"message_id": message_id}).mappings()
    return proof.Facts(**row, batches=[proof.Batch(**batch) for batch in batches])


def compare(
    connection: Connection,
    *,
    message_id: uuid.UUID,
    sent_at: datetime,
    of: audience.Audience,
    window: proof.Window,
    limit: int,
) -> proof.Found:
    """What the window holds now, with at most `limit` ids of each kind."""
    parameters = _parameters(message_id, sent_at, of, window)
    return proof.Found(**connection.execute(_COMPARE[of.sql], {**parameters, "limit": limit}).mappings().one())


def insert_missing(
    connection: Connection, *, message_id: uuid.UUID, sent_at: datetime, of: audience.Audience, window: proof.Window
) -> list[int]:
    """Writes the entries of the window that no worker will write, and answers whose they are, in order.

    Whoever calls this raises these users' revisions in the same transaction, or polls would go on being told that nothing changed.
    """
    rows = connection.execute(_INSERT_MISSING[of.sql], _parameters(message_id, sent_at, of, window))
    return sorted(rows.scalars())


def list_people(connection: Connection, *, user_ids: list[int]) -> list[Person]:
    """Those users, in the order given."""
    return [Person(**row) for row in connection.execute(_LIST_PEOPLE, {"user_ids": user_ids}).mappings()]


def count_messages(connection: Connection, *, since: datetime | None, platform: str | None) -> int:
    values = {"since": since or "-infinity", "platform": platform}
    return int(connection.execute(_COUNT_POSITIONS, values).scalar_one())


def list_messages(
    connection: Connection, *, since: datetime | None, after: Position | None, platform: str | None, limit: int
) -> list[Position]:
    """Messages sent from `since` on, oldest first; the next ones after a position."""
    first = Position(since, uuid.UUID(int=0)) if since else None
    begin = after or first
    values = {
        "after_sent_at": begin.sent_at if begin else "-infinity",
        "after_id": begin.message_id if begin else uuid.UUID(int=0),
        "platform": platform,
        "limit": limit,
    }
    return [Position(**row) for row in connection.execute(_LIST_POSITIONS, values).mappings()]


def _parameters(
    message_id: uuid.UUID, sent_at: datetime, of: audience.Audience, window: proof.Window
) -> dict[str, object]:
    month = sent_at.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return {
        **of.parameters(after_user_id=window.after_user_id, up_to_user_id=window.up_to_user_id),
        "message_id": message_id,
        "sent_at": sent_at,
        "month": month,
        "next_month": (month + timedelta(days=31)).replace(day=1),
        "last_user_id": audience.LAST_USER,
    }
