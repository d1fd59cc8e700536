"""SQL: the fan-out's backlog and the workers' counters."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy
from sqlalchemy import Connection

from shared import lifecycle, partitions


@dataclass(frozen=True)
class Backlog:
    """An age is 0 where nothing waits. `last_sweep_seconds` is None before the first sweep.

    `clock_offset_seconds`: PostgreSQL's clock less the last known good time. `newest_ahead_seconds`: how far the newest message of any
    platform is ahead of the clock, or 0. `platforms_refused`: those that cannot send because of it.
    """

    messages_unfinished: int
    oldest_unfinished_seconds: float
    oldest_queued_seconds: float
    messages_failing: int
    batches_undelivered: int
    oldest_undelivered_batch_seconds: float
    batches_retried: int
    batches_failing: int
    uncounted_acknowledgements: int
    oldest_uncounted_acknowledgement_seconds: float
    partition_months_ahead: int
    last_sweep_seconds: float | None
    database_clock_seconds: float
    clock_offset_seconds: float
    newest_ahead_seconds: float
    platforms_refused: int


@dataclass(frozen=True)
class Refused:
    """The number of tasks that workers refused; the last one with its reason and age."""

    count: int
    last: str
    age_s: float


# Reads two partial indexes, a queue, and the newest message of each platform. By created_at, the clock at the time of acceptance: sent_at
# may be ahead of it.
_GET_BACKLOG = sqlalchemy.text(f"""
    SELECT m.messages AS messages_unfinished,
           extract(epoch FROM t.now - m.oldest) AS oldest_unfinished_seconds,
           extract(epoch FROM t.now - m.oldest_queued) AS oldest_queued_seconds,
           m.failing AS messages_failing,
           b.batches AS batches_undelivered,
           extract(epoch FROM t.now - b.oldest) AS oldest_undelivered_batch_seconds,
           b.retried AS batches_retried,
           b.failing AS batches_failing,
           q.acknowledgements AS uncounted_acknowledgements,
           extract(epoch FROM t.now - q.oldest) AS oldest_uncounted_acknowledgement_seconds,
           p.ahead AS partition_months_ahead,
           extract(epoch FROM t.now) AS database_clock_seconds,
           extract(epoch FROM t.now - k.known_good) AS clock_offset_seconds,
           extract(epoch FROM n.newest - t.now) AS newest_ahead_seconds,
           n.refused AS platforms_refused,
           (SELECT extract(epoch FROM t.now - c.changed_at) FROM fanout_counters c WHERE c.name = 'sweeps') AS last_sweep_seconds
    FROM (SELECT clock_timestamp() AS now) AS t,
         known_time AS k,
         LATERAL (SELECT max(newest) AS newest, count(*) FILTER (WHERE is_clock_wrong(t.now, k, newest)) AS refused
                  FROM (SELECT (SELECT max(sent_at) FROM messages m WHERE m.platform_id = p.id) AS newest FROM platforms p)) AS n,
         (SELECT count(*) AS messages, min(created_at) AS oldest, min(created_at) FILTER (WHERE status = 'queued') AS oldest_queued,
                 count(*) FILTER (WHERE last_error IS NOT NULL) AS failing
          FROM messages m WHERE {lifecycle.IS_UNFINISHED}) AS m,
         (SELECT count(*) AS batches, min(m.created_at) AS oldest, count(*) FILTER (WHERE b.attempts > 0) AS retried,
                 count(*) FILTER (WHERE b.last_error IS NOT NULL) AS failing
          FROM fanout_batches b JOIN messages m ON m.id = b.message_id
          WHERE {lifecycle.IS_UNDELIVERED}) AS b,
         (SELECT count(*) AS acknowledgements, min(acknowledged_at) AS oldest FROM uncounted_acknowledgements) AS q,
         (SELECT count(*) AS ahead FROM ({partitions.MONTHS}) AS made
          WHERE made.month > to_char(plausible_time() AT TIME ZONE 'UTC', 'YYYY_MM')) AS p
""")  # noqa: S608 (a constant)

_FIND_REFUSED = sqlalchemy.text("""
    SELECT value AS count, detail AS last, extract(epoch FROM clock_timestamp() - changed_at) AS age_s
    FROM fanout_counters WHERE name = 'tasks_refused' AND changed_at > clock_timestamp() - interval '1 day'
""")
_GET_COUNTERS = sqlalchemy.text("SELECT name, value FROM fanout_counters")


def get_backlog(connection: Connection) -> Backlog:
    row = connection.execute(_GET_BACKLOG).mappings().one()
    swept = row["last_sweep_seconds"]
    values: dict[str, Any] = {name: _age(row[name]) if name.endswith("_seconds") else row[name] for name in row}
    return Backlog(
        **{
            **values,
            "last_sweep_seconds": None if swept is None else _age(swept),
            "clock_offset_seconds": float(row["clock_offset_seconds"]),
        }
    )


def find_refused(connection: Connection) -> Refused | None:
    """None if no task was refused within a day."""
    row = connection.execute(_FIND_REFUSED).mappings().one_or_none()
    return None if row is None else Refused(count=row["count"], last=row["last"] or "", age_s=_age(row["age_s"]))


def get_counters(connection: Connection) -> dict[str, int]:
    """The counters by name; a counter of 0 is absent."""
    return {str(name): int(value) for name, value in connection.execute(_GET_COUNTERS)}


def _age(seconds: Any) -> float:
    return max(0.0, float(seconds or 0))
