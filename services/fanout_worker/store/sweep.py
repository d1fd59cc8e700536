"""SQL of the sweep: tasks to publish again, messages to complete, partitions to create and drop."""

import uuid
from datetime import date, datetime

import sqlalchemy
from sqlalchemy import Connection

from shared import contracts, lifecycle

# Due: published 30 s × 2^attempts ago, at most 5 minutes; at once when the broker was emptied, or when the clock was set back after the
# task was published. A task published after `waiting_since`, when the oldest task in the queue was published, still waits there. A locked
# row is being worked on, so it is skipped. All these times are PostgreSQL's.
_DUE = """
    ({published_at} > CAST(:now AS timestamptz) + interval '1 minute' OR
     {published_at} < CASE WHEN :at_once THEN CAST(:now AS timestamptz)
        ELSE CAST(:now AS timestamptz) - least({first_wait} * power(2, least({attempts}, 10)), interval '5 minutes') END
     AND (CAST(:waiting_since AS timestamptz) IS NULL OR {published_at} < :waiting_since))
"""

_CLAIM_DUE_BATCHES = sqlalchemy.text(f"""
    WITH due AS MATERIALIZED (
        SELECT b.message_id, b.seq, m.request_id
        FROM fanout_batches b JOIN messages m ON m.id = b.message_id
        WHERE {lifecycle.IS_UNDELIVERED}
          AND {_DUE.format(published_at="b.published_at", attempts="b.attempts", first_wait="interval '30 seconds'")}
        ORDER BY b.published_at, b.message_id, b.seq
        LIMIT :limit
        FOR UPDATE OF b SKIP LOCKED
    )
    UPDATE fanout_batches b SET published_at = :now, attempts = b.attempts + CASE WHEN :at_once THEN 0 ELSE 1 END
    FROM due WHERE b.message_id = due.message_id AND b.seq = due.seq
    RETURNING b.message_id, b.seq, due.request_id
""")  # noqa: S608 (only constants are put in)

# A message that may never have been published is due after 5 s; one that was being cut, after 30 s.
_DUE_MESSAGE = _DUE.format(
    published_at="COALESCE(m.expand_published_at, m.created_at)",
    attempts="m.expand_attempts",
    first_wait="CASE WHEN m.expand_published_at IS NULL THEN interval '5 seconds' ELSE interval '30 seconds' END",
)
_CLAIM_DUE_MESSAGES = sqlalchemy.text(f"""
    WITH due AS MATERIALIZED (
        SELECT m.id FROM messages m
        WHERE {lifecycle.IS_UNFINISHED} AND m.recipient_count IS NULL AND {_DUE_MESSAGE}
        ORDER BY m.sent_at, m.id
        LIMIT :limit
        FOR UPDATE SKIP LOCKED
    )
    UPDATE messages m
    SET expand_published_at = :now, expand_attempts = m.expand_attempts + CASE WHEN :at_once THEN 0 ELSE 1 END
    FROM due WHERE m.id = due.id
    RETURNING m.id AS message_id, m.request_id
""")  # noqa: S608 (only constants are put in)

_LIST_FINISHED = sqlalchemy.text(f"""
    SELECT m.id FROM messages m
    WHERE {lifecycle.IS_UNFINISHED} AND m.status = 'sending' AND m.recipient_count IS NOT NULL
      AND NOT EXISTS (SELECT FROM fanout_batches b WHERE b.message_id = m.id AND {lifecycle.IS_UNDELIVERED})
    ORDER BY m.sent_at, m.id
    LIMIT :limit
""")  # noqa: S608 (constants)

_LIST_RECALLED = sqlalchemy.text(f"""
    SELECT DISTINCT m.id FROM inflight_targets t JOIN messages m ON m.id = t.message_id
    WHERE {lifecycle.IS_RECALLED}
    LIMIT :limit
""")  # noqa: S608 (a constant)

# Never set back, and never moved by a clock that is wrong.
_KEEP_KNOWN_TIME = sqlalchemy.text("""
    UPDATE known_time k SET known_good = :now
    WHERE k.known_good < :now AND NOT is_clock_wrong(CAST(:now AS timestamptz), k, NULL)
""")
_GET_PLAUSIBLE_TIME = sqlalchemy.text("SELECT plausible_time()")
# The months of the messages that are still to be written.
_LIST_NEEDED_MONTHS = sqlalchemy.text(f"""
    SELECT DISTINCT CAST(date_trunc('month', m.sent_at, 'UTC') AT TIME ZONE 'UTC' AS date) AS month FROM messages m
    WHERE {lifecycle.IS_UNFINISHED} AND NOT {lifecycle.ENTRIES_DROPPED} ORDER BY month
""")  # noqa: S608 (constants)
_CREATE_PARTITIONS = sqlalchemy.text("SELECT create_inbox_partitions(:month)")
_DROP_PARTITIONS = sqlalchemy.text("SELECT drop_inbox_partitions(:month, :acknowledgement_month)")


def claim_due_batches(
    connection: Connection, *, now: datetime, waiting_since: datetime | None, at_once: bool, limit: int
) -> list[contracts.DeliverBatch]:
    """The lost tasks of undelivered batches, marked as published now. Publish them after the commit."""
    parameters = {"now": now, "waiting_since": waiting_since, "at_once": at_once, "limit": limit}
    rows = connection.execute(_CLAIM_DUE_BATCHES, parameters)
    return [
        contracts.DeliverBatch(message_id=str(row.message_id), seq=row.seq, request_id=row.request_id, published_at=now)
        for row in rows
    ]


def claim_due_messages(
    connection: Connection, *, now: datetime, waiting_since: datetime | None, at_once: bool, limit: int
) -> list[contracts.ExpandMessage]:
    """The lost tasks of messages that are not completely cut, marked as published now. Publish them after the commit."""
    parameters = {"now": now, "waiting_since": waiting_since, "at_once": at_once, "limit": limit}
    rows = connection.execute(_CLAIM_DUE_MESSAGES, parameters)
    return [
        contracts.ExpandMessage(message_id=str(row.message_id), request_id=row.request_id, published_at=now)
        for row in rows
    ]


def list_finished(connection: Connection, *, limit: int) -> list[uuid.UUID]:
    """Messages whose entries are all written and whose status is not `sent` yet."""
    return list(connection.execute(_LIST_FINISHED, {"limit": limit}).scalars())


def list_recalled_in_flight(connection: Connection, *, limit: int) -> list[uuid.UUID]:
    return list(connection.execute(_LIST_RECALLED, {"limit": limit}).scalars())


def keep_known_time(connection: Connection, *, now: datetime) -> None:
    """Notes that PostgreSQL's clock said `now`, unless it is wrong."""
    connection.execute(_KEEP_KNOWN_TIME, {"now": now})


def get_plausible_time(connection: Connection) -> datetime:
    """PostgreSQL's clock, or the last known good time where the clock is wrong."""
    return connection.execute(_GET_PLAUSIBLE_TIME).scalar_one()  # type: ignore[no-any-return]


def list_needed_months(connection: Connection) -> list[date]:
    """The months of messages with entries still to be written, in order."""
    return list(connection.execute(_LIST_NEEDED_MONTHS).scalars())


def create_partitions(connection: Connection, *, month: date) -> int:
    """Creates the missing partitions of the month; returns how many."""
    return int(connection.execute(_CREATE_PARTITIONS, {"month": month}).scalar_one())


def drop_partitions(connection: Connection, *, month: date, acknowledgement_month: date) -> int:
    """Drops the partitions of all earlier months, those of acknowledgements before a month of their own; returns how many."""
    parameters = {"month": month, "acknowledgement_month": acknowledgement_month}
    return int(connection.execute(_DROP_PARTITIONS, parameters).scalar_one())
