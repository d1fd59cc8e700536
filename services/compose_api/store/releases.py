"""SQL: the scheduled drafts that are due, one after the other."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
import sqlalchemy
from psycopg import rows
from sqlalchemy import Connection

from shared import db

# All from the partial index drafts_scheduled, so the cost does not depend on how many drafts wait.
_GET_WAIT = db.driver_sql("""
    SELECT extract(epoch FROM min(d.send_at) - plausible_time()) FROM drafts d
    WHERE d.state = 'scheduled' AND NOT EXISTS (SELECT FROM draft_hold WHERE held_at IS NOT NULL)
""")
_CLAIM = db.driver_sql("""
    SELECT d.id, d.platform_id, p.key AS platform, d.sender_id, sender.external_id AS sender, d.content, d.send_at, d.not_after, t.now
    FROM (SELECT plausible_time() AS now) AS t
    CROSS JOIN LATERAL (
        SELECT * FROM drafts
        WHERE state = 'scheduled' AND send_at <= t.now AND platform_id <> ALL(CAST(:skipped AS bigint[]))
          AND NOT EXISTS (SELECT FROM draft_hold WHERE held_at IS NOT NULL)
        ORDER BY send_at, id
        LIMIT 1 FOR UPDATE SKIP LOCKED
    ) AS d
    JOIN platforms p ON p.id = d.platform_id
    JOIN users sender ON sender.id = d.sender_id
""")
_CLAIM_ONE = db.driver_sql("""
    SELECT d.id, d.platform_id, p.key AS platform, d.sender_id, sender.external_id AS sender, d.content,
           d.send_at, d.not_after, plausible_time() AS now
    FROM drafts d JOIN platforms p ON p.id = d.platform_id JOIN users sender ON sender.id = d.sender_id
    WHERE d.id = :id AND d.state IN ('scheduled', 'missed', 'failed') FOR UPDATE OF d
""")
_LIST_LOCAL = db.driver_sql("""
    SELECT id, platform_id, sender_id, send_at, not_after, local_time AS local, time_zone FROM drafts
    WHERE state = 'scheduled' AND time_zone IS NOT NULL ORDER BY send_at, id
""")
_MOVE = db.driver_sql("""
    UPDATE drafts SET send_at = :send_at, not_after = :not_after, adjusted = :adjusted, revision = revision + 1
    WHERE id = :id AND state = 'scheduled' AND send_at = :was
""")
# Of those that ended in the last day: an alert ends by itself.
_GET_COUNTS = sqlalchemy.text("""
    SELECT t.waiting AS scheduled, greatest(extract(epoch FROM n.now - t.first), 0) AS overdue_seconds,
           ended.missed, ended.failed, (SELECT count(*) FROM draft_hold WHERE held_at IS NOT NULL) AS held
    FROM (SELECT plausible_time() AS now) AS n
    CROSS JOIN LATERAL (SELECT count(*) AS waiting, min(send_at) AS first FROM drafts WHERE state = 'scheduled') AS t
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE state = 'missed') AS missed, count(*) FILTER (WHERE state = 'failed') AS failed
        FROM drafts WHERE ended_at > n.now - interval '1 day'
    ) AS ended
""")


@dataclass(frozen=True)
class Local:
    """A scheduled draft whose time was given as `local` in `time_zone`."""

    id: uuid.UUID
    platform_id: int
    sender_id: int
    send_at: datetime
    not_after: datetime
    local: datetime
    time_zone: str


@dataclass(frozen=True)
class Counts:
    """`overdue_seconds`: how late the first of the scheduled drafts is. `held`: 1 while releases are on hold, else 0."""

    scheduled: int
    overdue_seconds: float
    missed: int
    failed: int
    held: int


@dataclass(frozen=True)
class Due:
    """A draft that the transaction has locked. `platform` and `sender` as tokens name them; `now` is PostgreSQL's time."""

    id: uuid.UUID
    platform_id: int
    platform: str
    sender_id: int
    sender: str
    content: dict[str, Any]
    send_at: datetime
    not_after: datetime
    now: datetime


def get_counts(connection: Connection) -> Counts:
    row = connection.execute(_GET_COUNTS).mappings().one()
    return Counts(**{**row, "overdue_seconds": float(row["overdue_seconds"] or 0)})


def get_wait(connection: psycopg.Connection[Any]) -> float | None:
    """Seconds until the next scheduled draft is due, negative where it is late; None where none is scheduled or all are held."""
    wait = connection.cursor(row_factory=rows.scalar_row).execute(_GET_WAIT).fetchone()
    return None if wait is None else float(wait)


def claim(connection: psycopg.Connection[Any], *, skipped_platforms: Sequence[int]) -> Due | None:
    """The first draft in the order of (send_at, id) that is due and that no other transaction has locked."""
    cursor = connection.cursor(row_factory=rows.class_row(Due))
    return cursor.execute(_CLAIM, {"skipped": list(skipped_platforms)}).fetchone()


def claim_one(connection: psycopg.Connection[Any], *, draft_id: uuid.UUID) -> Due | None:
    """A draft that was scheduled and is not released, due or not; waits for its lock."""
    return connection.cursor(row_factory=rows.class_row(Due)).execute(_CLAIM_ONE, {"id": draft_id}).fetchone()


def list_local(connection: psycopg.Connection[Any]) -> list[Local]:
    return connection.cursor(row_factory=rows.class_row(Local)).execute(_LIST_LOCAL).fetchall()


def move(connection: psycopg.Connection[Any], *, draft: Local, send_at: datetime, adjusted: str | None) -> bool:
    """Gives the draft another time of sending; its end moves along. False if it is not scheduled for that time any more."""
    not_after = draft.not_after + (send_at - draft.send_at)
    values = {"id": draft.id, "was": draft.send_at, "send_at": send_at, "not_after": not_after, "adjusted": adjusted}
    return connection.execute(_MOVE, values).rowcount > 0
