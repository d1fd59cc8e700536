"""SQL: messages, their targets and their batches, as `status`, `doctor` and `explain` read them."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy
from sqlalchemy import Connection

# A recalled message keeps its lifecycle status; what we show is `recalled`.
_STATUS = "CASE WHEN m.recalled_at IS NULL THEN m.status ELSE 'recalled' END"

# How far the fan-out of message `m` is.
_PROGRESS = """CROSS JOIN LATERAL (
        SELECT count(*) AS batches, count(*) FILTER (WHERE delivered_at IS NULL) AS undelivered,
               CAST(coalesce(sum(recipient_count) FILTER (WHERE delivered_at IS NOT NULL), 0) AS bigint) AS delivered_count
        FROM fanout_batches WHERE message_id = m.id
    ) b"""


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


@dataclass(frozen=True)
class Totals:
    queued: int
    sending: int
    sent: int
    recalled: int
    batches_delivered: int
    batches_undelivered: int


@dataclass(frozen=True)
class Message:
    """Everything about the life of one message; its words are for its recipients only."""

    id: str
    platform: str
    sender: str
    status: str
    directory_version: int
    request_id: str
    created_at: datetime
    sent_at: datetime
    recalled_at: datetime | None
    recalled_by: str | None
    recipient_count: int | None
    delivered_count: int
    completed_at: datetime | None
    expand_published_at: datetime | None
    expand_attempts: int
    last_error: str | None
    batches: int
    undelivered: int
    in_flight_targets: int
    expired: bool


@dataclass(frozen=True)
class Target:
    scope_id: int
    level: str
    external_id: str


_COUNT_MESSAGES = sqlalchemy.text(f"SELECT {_STATUS} AS status, count(*) AS count FROM messages m GROUP BY 1")  # noqa: S608 (constants)

_COUNT_BATCHES = sqlalchemy.text("""
    SELECT count(*) FILTER (WHERE b.delivered_at IS NOT NULL) AS delivered,
           count(*) FILTER (WHERE b.delivered_at IS NULL AND m.recalled_at IS NULL) AS undelivered
    FROM fanout_batches b
    JOIN messages m ON m.id = b.message_id
""")

_LIST_UNFINISHED = sqlalchemy.text(f"""
    SELECT CAST(m.id AS text) AS id, p.key AS platform, m.status,
           CAST(extract(epoch FROM clock_timestamp() - m.sent_at) AS float) AS age_s,
           m.recipient_count, m.expand_attempts, m.last_error, b.*
    FROM messages m
    JOIN platforms p ON p.id = m.platform_id
    {_PROGRESS}
    WHERE m.status <> 'sent' AND m.recalled_at IS NULL
    ORDER BY m.sent_at, m.id
    LIMIT :limit
""")  # noqa: S608 (constants)

_COUNT_FAILING = sqlalchemy.text("""
    SELECT count(*)
    FROM fanout_batches b
    JOIN messages m ON m.id = b.message_id
    WHERE b.delivered_at IS NULL AND b.last_error IS NOT NULL AND m.recalled_at IS NULL
""")

_LIST_UNDELIVERED = sqlalchemy.text("""
    SELECT CAST(b.message_id AS text) AS message_id, b.seq, b.recipient_count, b.attempts, b.last_error,
           CAST(extract(epoch FROM clock_timestamp() - b.published_at) AS float) AS published_age_s
    FROM fanout_batches b
    JOIN messages m ON m.id = b.message_id
    WHERE b.delivered_at IS NULL AND m.recalled_at IS NULL
      AND (CAST(:message_id AS uuid) IS NULL OR b.message_id = :message_id)
      AND (b.last_error IS NOT NULL OR NOT :only_failing)
    ORDER BY b.attempts DESC, b.message_id, b.seq
    LIMIT :limit
""")

_FIND_MESSAGE = sqlalchemy.text(f"""
    SELECT CAST(m.id AS text) AS id, p.key AS platform, s.external_id AS sender, {_STATUS} AS status,
           m.directory_version, m.request_id, m.created_at, m.sent_at, m.recalled_at, r.external_id AS recalled_by,
           m.recipient_count, m.completed_at, m.expand_published_at, m.expand_attempts, m.last_error, b.*,
           (SELECT count(*) FROM inflight_targets i WHERE i.message_id = m.id) AS in_flight_targets,
           m.sent_at < (SELECT dropped_before FROM inbox_retention) AS expired
    FROM messages m
    JOIN platforms p ON p.id = m.platform_id
    JOIN users s ON s.id = m.sender_id
    LEFT JOIN users r ON r.id = m.recalled_by_id
    {_PROGRESS}
    WHERE m.id = :message_id
""")  # noqa: S608 (constants)

_LIST_TARGETS = sqlalchemy.text("""
    SELECT t.scope_id, CAST(s.level AS text) AS level, s.external_id
    FROM message_targets t JOIN scopes s ON s.id = t.scope_id
    WHERE t.message_id = :message_id
    ORDER BY t.position
""")


def get_totals(connection: Connection) -> Totals:
    messages = {str(status): int(count) for status, count in connection.execute(_COUNT_MESSAGES)}
    delivered, undelivered = connection.execute(_COUNT_BATCHES).one()
    return Totals(
        queued=messages.get("queued", 0),
        sending=messages.get("sending", 0),
        sent=messages.get("sent", 0),
        recalled=messages.get("recalled", 0),
        batches_delivered=delivered,
        batches_undelivered=undelivered,
    )


def list_unfinished(connection: Connection, *, limit: int) -> list[Unfinished]:
    """Messages that are neither sent nor recalled, oldest first."""
    return [Unfinished(**row) for row in connection.execute(_LIST_UNFINISHED, {"limit": limit}).mappings()]


def count_failing_batches(connection: Connection) -> int:
    return int(connection.execute(_COUNT_FAILING).scalar_one())


def list_undelivered(
    connection: Connection, *, limit: int, message_id: str | None = None, only_failing: bool = False
) -> list[Batch]:
    """Batches not delivered yet, those tried most often first."""
    values = {"limit": limit, "message_id": message_id, "only_failing": only_failing}
    return [Batch(**row) for row in connection.execute(_LIST_UNDELIVERED, values).mappings()]


def find_message(connection: Connection, *, message_id: str) -> Message | None:
    row = connection.execute(_FIND_MESSAGE, {"message_id": message_id}).mappings().one_or_none()
    return None if row is None else Message(**row)


def list_targets(connection: Connection, *, message_id: str) -> list[Target]:
    return [Target(**row) for row in connection.execute(_LIST_TARGETS, {"message_id": message_id}).mappings()]
