"""SQL: who of a message's recipients has acknowledged it."""

# ruff: noqa: S608 (only constants are put into statements)

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import sqlalchemy
from sqlalchemy import Connection

from services.inbox_api.store import people, recipients
from shared import lifecycle

Status = Literal["acknowledged", "outstanding", "overdue", "left", "no_longer_asked"]
ClosedBecause = Literal["superseded", "recalled"]


@dataclass(frozen=True)
class Request:
    """What a message asks for. `closed_because`: why what is outstanding is not asked for any more. `is_counted`: by the worker;
    `is_dropped`: its acknowledgements are past the retention.
    """

    statement: str
    due_at: datetime | None
    is_overdue: bool
    closed_because: ClosedBecause | None
    is_counted: bool
    is_dropped: bool
    as_of: datetime


@dataclass(frozen=True)
class Person:
    """A recipient. `clinics`: those within the viewer's reach, as of the message's version. `content_hash`: of what they acknowledged,
    `authentication`: how they had signed in.
    """

    user_id: int
    id: str
    name: str
    clinics: tuple[recipients.Clinic, ...]
    status: Status
    acknowledged_at: datetime | None
    content_hash: bytes | None
    authentication: str | None
    request_id: str | None


@dataclass(frozen=True)
class Message:
    """What evidence says about a message."""

    id: uuid.UUID
    title: str
    body: str
    statement: str
    content_hash: bytes
    platform_id: str
    platform_name: str
    sender_id: str
    sender_name: str
    sent_at: datetime
    due_at: datetime | None
    directory_version: int
    supersedes: uuid.UUID | None
    superseded_at: datetime | None
    recalled_at: datetime | None


ACKNOWLEDGED = people.Marks(
    rows="acknowledgements mark WHERE mark.message_id = :message_id AND mark.sent_at = :sent_at",
    one="acknowledgements mark WHERE mark.message_id = :message_id AND mark.user_id = {0} AND mark.sent_at = :sent_at",
    # Only of those who are still asked.
    unmarked="EXISTS (SELECT FROM users _u WHERE _u.id = {0} AND _u.status = 'active' OFFSET 0)",
)

_FIND_REQUEST = sqlalchemy.text(f"""
    SELECT m.statement, m.due_at, coalesce(m.due_at <= now(), false) AS is_overdue,
           CASE WHEN m.superseded_at IS NOT NULL THEN 'superseded' WHEN {lifecycle.IS_RECALLED} THEN 'recalled' END AS closed_because,
           m.counted_at IS NOT NULL AS is_counted,
           m.sent_at < (SELECT acknowledgements_dropped_before FROM inbox_retention) AS is_dropped, now() AS as_of
    FROM messages m WHERE m.id = :message_id AND m.statement IS NOT NULL
""")

_GET = sqlalchemy.text(f"""
    SELECT u.id AS user_id, u.external_id, u.name, u.status = 'active' AS is_active, a.acknowledged_at, a.content_hash, a.authentication,
           a.request_id, belonged.ids, belonged.names
    FROM users u
    LEFT JOIN acknowledgements a ON a.message_id = :message_id AND a.user_id = u.id AND a.sent_at = :sent_at
    CROSS JOIN LATERAL ({recipients.CLINICS}) AS belonged
    WHERE u.id = ANY(CAST(:user_ids AS bigint[]))
    ORDER BY u.id
""")

_GET_MESSAGE = sqlalchemy.text("""
    SELECT m.id, m.title, m.body, m.statement, m.content_hash, p.external_id AS platform_id, p.name AS platform_name,
           s.external_id AS sender_id, s.name AS sender_name, m.sent_at, m.due_at, m.directory_version, m.supersedes, m.superseded_at,
           m.recalled_at
    FROM messages m JOIN scopes p ON p.id = m.platform_id JOIN users s ON s.id = m.sender_id WHERE m.id = :message_id
""")
_LIST_SCOPES = sqlalchemy.text("""
    SELECT CAST(level AS text) AS level, external_id AS id, name FROM scopes WHERE id = ANY(CAST(:ids AS bigint[])) ORDER BY level, name, id
""")


def find_request(connection: Connection, *, message_id: uuid.UUID) -> Request | None:
    """None where the message asks for no acknowledgement."""
    row = connection.execute(_FIND_REQUEST, {"message_id": message_id}).one_or_none()
    return None if row is None else Request(**row._mapping)


def get_people(
    connection: Connection, wanted: people.Wanted, request: Request, *, user_ids: Sequence[int]
) -> list[Person]:
    """These recipients, in the order of their ids."""
    values = {**wanted.parameters, "user_ids": list(user_ids), "level": "clinic"}
    return [
        Person(
            row.user_id,
            row.external_id,
            row.name,
            recipients.clinics(row.ids, row.names),
            _status(request, is_acknowledged=row.acknowledged_at is not None, is_active=row.is_active),
            row.acknowledged_at,
            row.content_hash,
            row.authentication,
            row.request_id,
        )
        for row in connection.execute(_GET, values)
    ]


def get_message(connection: Connection, *, message_id: uuid.UUID) -> Message:
    return Message(**connection.execute(_GET_MESSAGE, {"message_id": message_id}).one()._mapping)


def list_scopes(connection: Connection, *, ids: Sequence[int]) -> list[dict[str, str]]:
    """Level, external id and name of these scopes."""
    return [dict(row) for row in connection.execute(_LIST_SCOPES, {"ids": list(ids)}).mappings()]


def _status(request: Request, *, is_acknowledged: bool, is_active: bool) -> Status:
    if is_acknowledged:
        return "acknowledged"
    if not is_active:
        return "left"
    if request.closed_because is not None:
        return "no_longer_asked"
    return "overdue" if request.is_overdue else "outstanding"
