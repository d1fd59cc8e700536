"""SQL: a notification as its user sees it. `COLUMNS` and `JOINS` complete any relation `p` of messages with the user's states."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg import rows

from shared import acknowledgements, lifecycle

Driver = psycopg.Connection[Any]


@dataclass(frozen=True)
class Sender:
    name: str


@dataclass(frozen=True)
class Acknowledgement:
    """What the user is asked to acknowledge, or has acknowledged. `overdue`: `due_at` passed before that."""

    statement: str
    due_at: datetime | None
    overdue: bool
    acknowledged_at: datetime | None
    content_hash: str


@dataclass(frozen=True)
class Notification:
    id: uuid.UUID
    title: str
    body: str
    category: str | None
    priority: str
    pinned_until: datetime | None
    expires_at: datetime | None
    expired: bool
    sender: Sender
    sent_at: datetime
    seen_at: datetime | None
    read_at: datetime | None
    archived_at: datetime | None
    acknowledgement: Acknowledgement | None
    supersedes: uuid.UUID | None
    change_summary: str | None
    superseded: bool


JOINS = "JOIN messages m ON m.id = p.message_id AND m.platform_id = :platform_id JOIN users u ON u.id = m.sender_id"
# A superseded message asks for nothing any more; who had acknowledged it keeps that.
COLUMNS = f"""
    m.id, m.title, m.body, m.category, m.priority, m.pinned_until, m.expires_at, {lifecycle.IS_EXPIRED} AS expired,
    u.name AS sender_name, m.sent_at, p.seen_at, p.read_at, p.archived_at, p.acknowledged_at,
    CASE WHEN m.superseded_at IS NULL OR p.acknowledged_at IS NOT NULL THEN m.statement END AS statement,
    m.due_at AS due, coalesce(m.due_at <= coalesce(p.acknowledged_at, now()), false) AS overdue, m.content_hash,
    m.supersedes, m.change_summary, m.superseded_at IS NOT NULL AS superseded"""


def ask(connection: Driver, statement: str, **values: object) -> Sequence[Any]:
    return connection.cursor(row_factory=rows.namedtuple_row).execute(statement, values).fetchall()


def read(row: Any) -> Notification:
    """A row with `COLUMNS`."""
    return Notification(
        id=row.id,
        title=row.title,
        body=row.body,
        category=row.category,
        priority=row.priority,
        pinned_until=row.pinned_until,
        expires_at=row.expires_at,
        expired=row.expired,
        sender=Sender(row.sender_name),
        sent_at=row.sent_at,
        seen_at=row.seen_at,
        read_at=row.read_at,
        archived_at=row.archived_at,
        acknowledgement=_read_acknowledgement(row),
        supersedes=row.supersedes,
        change_summary=row.change_summary,
        superseded=row.superseded,
    )


def _read_acknowledgement(row: Any) -> Acknowledgement | None:
    if row.statement is None:
        return None
    content_hash = acknowledgements.format_hash(row.content_hash)
    return Acknowledgement(row.statement, row.due, row.overdue, row.acknowledged_at, content_hash)
