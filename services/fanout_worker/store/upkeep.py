"""SQL of the sweep: what is due to be published again, what is finished but not said to be, partitions."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy
from sqlalchemy import Connection


@dataclass(frozen=True)
class DueBatch:
    message_id: uuid.UUID
    seq: int
    request_id: str


@dataclass(frozen=True)
class DueMessage:
    message_id: uuid.UUID
    request_id: str


# Due: published 30 s × 2^attempts ago, at most 5 minutes; at once when the broker was emptied. Never what merely waits in the
# queue: waiting_since is when the oldest task there was published. A row that somebody holds is being served, so it is skipped.
_DUE = """
    {published_at} < CASE WHEN :at_once THEN CAST(:now AS timestamptz)
        ELSE CAST(:now AS timestamptz) - least({first_wait} * power(2, least({attempts}, 10)), interval '5 minutes') END
    AND (CAST(:waiting_since AS timestamptz) IS NULL OR {published_at} < :waiting_since)
"""

_CLAIM_DUE_BATCHES = sqlalchemy.text(f"""
    WITH due AS MATERIALIZED (
        SELECT b.message_id, b.seq, m.request_id
        FROM fanout_batches b JOIN messages m ON m.id = b.message_id
        WHERE b.delivered_at IS NULL AND m.recalled_at IS NULL
          AND {_DUE.format(published_at="b.published_at", attempts="b.attempts", first_wait="interval '30 seconds'")}
        ORDER BY b.published_at, b.message_id, b.seq
        LIMIT :limit
        FOR UPDATE OF b SKIP LOCKED
    )
    UPDATE fanout_batches b SET published_at = :now, attempts = b.attempts + CASE WHEN :at_once THEN 0 ELSE 1 END
    FROM due WHERE b.message_id = due.message_id AND b.seq = due.seq
    RETURNING b.message_id, b.seq, due.request_id
""")  # noqa: S608 (only constants are put in)

# A message whose first publish may never have happened is looked at after 5 s; one that was being cut, after 30 s.
_DUE_MESSAGE = _DUE.format(
    published_at="COALESCE(m.expand_published_at, m.sent_at)",
    attempts="m.expand_attempts",
    first_wait="CASE WHEN m.expand_published_at IS NULL THEN interval '5 seconds' ELSE interval '30 seconds' END",
)
_CLAIM_DUE_MESSAGES = sqlalchemy.text(f"""
    WITH due AS MATERIALIZED (
        SELECT m.id FROM messages m
        WHERE m.status <> 'sent' AND m.recalled_at IS NULL AND m.recipient_count IS NULL AND {_DUE_MESSAGE}
        ORDER BY m.sent_at, m.id
        LIMIT :limit
        FOR UPDATE SKIP LOCKED
    )
    UPDATE messages m
    SET expand_published_at = :now, expand_attempts = m.expand_attempts + CASE WHEN :at_once THEN 0 ELSE 1 END
    FROM due WHERE m.id = due.id
    RETURNING m.id AS message_id, m.request_id
""")  # noqa: S608 (only constants are put in)

_FIND_FINISHED = sqlalchemy.text("""
    SELECT m.id FROM messages m
    WHERE m.status = 'sending' AND m.recalled_at IS NULL AND m.recipient_count IS NOT NULL
      AND NOT EXISTS (SELECT FROM fanout_batches b WHERE b.message_id = m.id AND b.delivered_at IS NULL)
    ORDER BY m.sent_at, m.id
    LIMIT :limit
""")

_FIND_RECALLED = sqlalchemy.text("""
    SELECT DISTINCT m.id FROM inflight_targets t JOIN messages m ON m.id = t.message_id
    WHERE m.recalled_at IS NOT NULL
    LIMIT :limit
""")

_CREATE_PARTITIONS = sqlalchemy.text("SELECT create_inbox_partitions(:month)")
_DROP_PARTITIONS = sqlalchemy.text("SELECT drop_inbox_partitions(:month)")


def claim_due_batches(
    connection: Connection, *, now: datetime, waiting_since: datetime | None, at_once: bool, limit: int
) -> list[DueBatch]:
    """Undelivered batches whose task must have been lost, marked as published now; publish them once this is committed."""
    parameters = {"now": now, "waiting_since": waiting_since, "at_once": at_once, "limit": limit}
    return [DueBatch(**row._mapping) for row in connection.execute(_CLAIM_DUE_BATCHES, parameters)]


def claim_due_messages(
    connection: Connection, *, now: datetime, waiting_since: datetime | None, at_once: bool, limit: int
) -> list[DueMessage]:
    """Messages not wholly cut whose task must have been lost, marked as published now; publish them once this is committed."""
    parameters = {"now": now, "waiting_since": waiting_since, "at_once": at_once, "limit": limit}
    return [DueMessage(**row._mapping) for row in connection.execute(_CLAIM_DUE_MESSAGES, parameters)]


def find_finished(connection: Connection, *, limit: int) -> list[uuid.UUID]:
    """Messages all of whose entries are written but that do not say so yet."""
    return list(connection.execute(_FIND_FINISHED, {"limit": limit}).scalars())


def find_recalled_in_flight(connection: Connection, *, limit: int) -> list[uuid.UUID]:
    return list(connection.execute(_FIND_RECALLED, {"limit": limit}).scalars())


def create_partitions(connection: Connection, *, month: date) -> int:
    """Makes the partitions of that month that are missing; how many."""
    return int(connection.execute(_CREATE_PARTITIONS, {"month": month}).scalar_one())


def drop_partitions(connection: Connection, *, month: date) -> int:
    """Drops the partitions of every month before that month; how many."""
    return int(connection.execute(_DROP_PARTITIONS, {"month": month}).scalar_one())
