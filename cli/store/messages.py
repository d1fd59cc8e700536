"""SQL: unfinished messages and undelivered batches, as `status` and `doctor` show them."""

import uuid
from dataclasses import dataclass

import sqlalchemy
from sqlalchemy import Connection

from services.fanout_worker.store import proof
from shared import lifecycle


@dataclass(frozen=True)
class Unfinished:
    """A message that is not sent yet. `age_s`: how long ago it was accepted."""

    id: str
    platform: str
    status: str
    age_s: float
    recipient_count: int | None
    delivered_count: int
    batches: int
    undelivered: int
    expand_attempts: int
    last_error: str | None


@dataclass(frozen=True)
class Batch:
    """A batch that is not delivered. `published_age_s`: how long ago its task was last put in a queue."""

    message_id: str
    seq: int
    recipient_count: int
    attempts: int
    published_age_s: float
    last_error: str | None


_COUNT_MESSAGES = sqlalchemy.text(f"SELECT {lifecycle.STATUS} AS status, count(*) FROM messages m GROUP BY 1")  # noqa: S608 (a constant)

_COUNT_BATCHES = sqlalchemy.text(f"""
    SELECT count(*) FILTER (WHERE b.delivered_at IS NOT NULL) AS batches_delivered,
           count(*) FILTER (WHERE {lifecycle.IS_UNDELIVERED}) AS batches_undelivered
    FROM fanout_batches b JOIN messages m ON m.id = b.message_id
""")  # noqa: S608 (constants)

_LIST_UNFINISHED = sqlalchemy.text(f"""
    SELECT CAST(m.id AS text) AS id, p.key AS platform, m.status,
           CAST(extract(epoch FROM clock_timestamp() - m.created_at) AS float) AS age_s,
           m.recipient_count, m.expand_attempts, m.last_error, b.*
    FROM messages m JOIN platforms p ON p.id = m.platform_id CROSS JOIN LATERAL ({proof.PROGRESS}) b
    WHERE {lifecycle.IS_UNFINISHED}
    ORDER BY m.sent_at, m.id
    LIMIT :limit
""")  # noqa: S608 (constants)

_LIST_UNDELIVERED = sqlalchemy.text(f"""
    SELECT CAST(b.message_id AS text) AS message_id, b.seq, b.recipient_count, b.attempts, b.last_error,
           CAST(extract(epoch FROM clock_timestamp() - b.published_at) AS float) AS published_age_s
    FROM fanout_batches b JOIN messages m ON m.id = b.message_id
    WHERE {lifecycle.IS_UNDELIVERED}
      AND (CAST(:message_id AS uuid) IS NULL OR b.message_id = :message_id)
      AND (b.last_error IS NOT NULL OR NOT :only_failing)
    ORDER BY b.attempts DESC, b.message_id, b.seq
    LIMIT :limit
""")  # noqa: S608 (constants)

_FIND_PLATFORM = sqlalchemy.text("SELECT platform_id FROM messages WHERE id = :message_id")


def find_platform_id(connection: Connection, *, message_id: uuid.UUID) -> int | None:
    """The platform of the message; None for an unknown one."""
    return connection.execute(_FIND_PLATFORM, {"message_id": message_id}).scalar_one_or_none()


def get_totals(connection: Connection) -> dict[str, int]:
    """Messages by status; batches, delivered and not."""
    messages = dict.fromkeys(("queued", "sending", "sent", "recalled"), 0)
    messages |= {row["status"]: row["count"] for row in connection.execute(_COUNT_MESSAGES).mappings()}
    return {**messages, **connection.execute(_COUNT_BATCHES).mappings().one()}


def list_unfinished(connection: Connection, *, limit: int) -> list[Unfinished]:
    """Messages that are neither sent nor recalled, oldest first."""
    return [Unfinished(**row) for row in connection.execute(_LIST_UNFINISHED, {"limit": limit}).mappings()]


def list_undelivered(
    connection: Connection, *, limit: int, message_id: str | None = None, only_failing: bool = False
) -> list[Batch]:
    """Batches not delivered yet, those tried most often first."""
    values = {"limit": limit, "message_id": message_id, "only_failing": only_failing}
    return [Batch(**row) for row in connection.execute(_LIST_UNDELIVERED, values).mappings()]
