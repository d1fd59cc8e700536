"""SQL: batches and the entries they become."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
import sqlalchemy
from sqlalchemy import Connection

from services.fanout_worker import batching
from shared import audience, db


@dataclass(frozen=True)
class Progress:
    """How far an audience has been cut: the number of batches and the highest user id they cover."""

    batch_count: int
    up_to_user_id: int


@dataclass(frozen=True)
class Totals:
    recipient_count: int
    undelivered: int


_GET_PROGRESS = sqlalchemy.text("""
    SELECT count(*) AS batch_count, COALESCE(max(up_to_user_id), 0) AS up_to_user_id
    FROM fanout_batches WHERE message_id = :message_id
""")

_GET_TOTALS = sqlalchemy.text("""
    SELECT CAST(COALESCE(sum(recipient_count), 0) AS bigint) AS recipient_count,
           count(*) FILTER (WHERE delivered_at IS NULL) AS undelivered
    FROM fanout_batches WHERE message_id = :message_id
""")

_INSERT_BATCHES = sqlalchemy.text("""
    INSERT INTO fanout_batches (message_id, seq, after_user_id, up_to_user_id, recipient_count, published_at, delivered_at)
    SELECT :message_id, :first_seq + t.position - 1, t.after_user_id, t.up_to_user_id, t.recipient_count, :now, :delivered_at
    FROM unnest(CAST(:after AS bigint[]), CAST(:up_to AS bigint[]), CAST(:counts AS bigint[]))
        WITH ORDINALITY AS t(after_user_id, up_to_user_id, recipient_count, position)
""")

# Whoever holds the row is writing its entries; whoever comes second has nothing to do.
_CLAIM_BATCH = sqlalchemy.text("""
    SELECT after_user_id, up_to_user_id, recipient_count FROM fanout_batches
    WHERE message_id = :message_id AND seq = :seq AND delivered_at IS NULL
    FOR UPDATE SKIP LOCKED
""")

# Plain, sorted, one statement: 340,000 to 460,000 entries/s over two connections here, 190,000/s with ON CONFLICT.
_INSERT_ENTRIES = {
    people: sqlalchemy.text(f"""
        INSERT INTO inbox_entries (user_id, sent_at, message_id)
        SELECT user_id, :sent_at, :message_id FROM ({people}) AS audience ORDER BY user_id
    """)  # noqa: S608 (constants)
    for people in audience.STATEMENTS
}

# PostgreSQL's own clock: this table is never distributed.
_MARK_DELIVERED = sqlalchemy.text("""
    UPDATE fanout_batches SET delivered_at = clock_timestamp(), last_error = NULL
    WHERE message_id = :message_id AND seq = :seq
""")

_HAS_UNDELIVERED = db.driver_sql(
    "SELECT EXISTS (SELECT FROM fanout_batches WHERE message_id = :message_id AND delivered_at IS NULL)"
)

_NOTE_ERROR = sqlalchemy.text("""
    UPDATE fanout_batches SET last_error = :error WHERE message_id = :message_id AND seq = :seq AND delivered_at IS NULL
""")


def get_progress(connection: Connection, *, message_id: uuid.UUID) -> Progress:
    row = connection.execute(_GET_PROGRESS, {"message_id": message_id}).one()
    return Progress(batch_count=row.batch_count, up_to_user_id=row.up_to_user_id)


def get_totals(connection: Connection, *, message_id: uuid.UUID) -> Totals:
    row = connection.execute(_GET_TOTALS, {"message_id": message_id}).one()
    return Totals(recipient_count=row.recipient_count, undelivered=row.undelivered)


def insert_batches(
    connection: Connection,
    *,
    message_id: uuid.UUID,
    first_seq: int,
    batches: Sequence[batching.Batch],
    now: datetime,
    delivered_at: datetime | None = None,
) -> None:
    connection.execute(
        _INSERT_BATCHES,
        {
            "message_id": message_id,
            "first_seq": first_seq,
            "after": [batch.after_user_id for batch in batches],
            "up_to": [batch.up_to_user_id for batch in batches],
            "counts": [batch.recipient_count for batch in batches],
            "now": now,
            "delivered_at": delivered_at,
        },
    )


def claim_batch(connection: Connection, *, message_id: uuid.UUID, seq: int) -> batching.Batch | None:
    """The batch, held until the transaction ends; None when it is delivered, being delivered, or not there."""
    row = connection.execute(_CLAIM_BATCH, {"message_id": message_id, "seq": seq}).one_or_none()
    return None if row is None else batching.Batch(row.after_user_id, row.up_to_user_id, row.recipient_count)


def insert_entries(
    connection: Connection,
    *,
    message_id: uuid.UUID,
    sent_at: datetime,
    of: audience.Audience,
    batch: batching.Batch,
) -> int:
    """Writes the entries of a batch and answers how many. Raises IntegrityError if one is there already: a bug, not a path."""
    parameters = of.parameters(after_user_id=batch.after_user_id, up_to_user_id=batch.up_to_user_id)
    return connection.execute(
        _INSERT_ENTRIES[of.sql], {**parameters, "sent_at": sent_at, "message_id": message_id}
    ).rowcount


def mark_delivered(connection: Connection, *, message_id: uuid.UUID, seq: int) -> None:
    connection.execute(_MARK_DELIVERED, {"message_id": message_id, "seq": seq})


def has_undelivered(connection: psycopg.Connection[Any], *, message_id: uuid.UUID) -> bool:
    """Whether a batch of the message is still to be delivered; asked after each one, so past SQLAlchemy."""
    (row,) = connection.execute(_HAS_UNDELIVERED, {"message_id": message_id})
    return bool(row[0])


def note_error(connection: Connection, *, message_id: uuid.UUID, seq: int, error: str) -> None:
    connection.execute(_NOTE_ERROR, {"message_id": message_id, "seq": seq, "error": error})
