"""SQL: counts a message's recipients in each scope, and adds acknowledgements to these counts."""

# ruff: noqa: S608 (only constants are put into statements)

import uuid
from datetime import datetime

import sqlalchemy
from sqlalchemy import Connection

from shared import audience, lifecycle, versions

_CLAIM = sqlalchemy.text("SELECT pg_try_advisory_xact_lock(hashtextextended('acknowledgements', 0))")

_LIST_UNCOUNTED = sqlalchemy.text(f"""
    SELECT m.id FROM messages m
    WHERE m.statement IS NOT NULL AND m.counted_at IS NULL AND NOT ({lifecycle.IS_UNFINISHED})
    ORDER BY m.id LIMIT :limit
""")
_COUNT_RECIPIENTS = {
    people: sqlalchemy.text(f"""
        INSERT INTO acknowledgement_counts (message_id, scope_id, recipients)
        SELECT CAST(:message_id AS uuid), b.scope_id, count(*)
        FROM ({people}) AS p JOIN memberships b ON b.user_id = p.user_id AND {versions.valid_at("b", ":version")}
        GROUP BY b.scope_id ORDER BY b.scope_id
        ON CONFLICT DO NOTHING
    """)
    for people in audience.STATEMENTS
}
_MARK_COUNTED = sqlalchemy.text("UPDATE messages SET counted_at = :now WHERE id = :message_id")

# Those of messages whose recipients are not counted yet stay in the queue.
_ADD = sqlalchemy.text(f"""
    WITH due AS (
        SELECT q.message_id, q.user_id FROM uncounted_acknowledgements q JOIN messages m ON m.id = q.message_id
        WHERE m.counted_at IS NOT NULL ORDER BY q.message_id, q.user_id LIMIT :limit
    ),
    taken AS (
        DELETE FROM uncounted_acknowledgements q USING due WHERE q.message_id = due.message_id AND q.user_id = due.user_id
        RETURNING q.message_id, q.user_id, delay_bucket(q.acknowledged_at - q.sent_at) AS delay
    ),
    added AS (
        SELECT t.message_id, b.scope_id, count(*) AS number, array_agg(t.delay) AS delays
        FROM taken t JOIN messages m ON m.id = t.message_id
        JOIN memberships b ON b.user_id = t.user_id AND {versions.valid_at("b", "m.directory_version")}
        GROUP BY t.message_id, b.scope_id
    ),
    changed AS (
        UPDATE acknowledgement_counts c SET acknowledged = c.acknowledged + a.number, delays = add_delays(c.delays, a.delays)
        FROM added a WHERE c.message_id = a.message_id AND c.scope_id = a.scope_id
    )
    SELECT count(*) FROM taken
""")


def claim_counting(connection: Connection) -> bool:
    """Whether no other worker counts; until the end of the transaction none will."""
    return bool(connection.execute(_CLAIM).scalar_one())


def list_uncounted(connection: Connection, *, limit: int) -> list[uuid.UUID]:
    """Messages that ask for an acknowledgement, that are written or recalled, and whose recipients are not counted."""
    return list(connection.execute(_LIST_UNCOUNTED, {"limit": limit}).scalars())


def count_recipients(connection: Connection, *, message_id: uuid.UUID, of: audience.Audience, now: datetime) -> None:
    """May be repeated."""
    connection.execute(_COUNT_RECIPIENTS[of.sql], {**of.parameters(), "message_id": message_id})
    connection.execute(_MARK_COUNTED, {"message_id": message_id, "now": now})


def add_acknowledgements(connection: Connection, *, limit: int) -> int:
    """Moves acknowledgements from the queue into the counts; returns how many."""
    return int(connection.execute(_ADD, {"limit": limit}).scalar_one())
