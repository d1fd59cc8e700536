"""SQL: drafts, who may see them, and what becomes of them."""

# ruff: noqa: S608 (only constants are put into statements)

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import psycopg
from psycopg import rows
from psycopg.types import json

from services.compose_api import domain
from services.compose_api.store.messages import Earlier
from shared import db
from shared.sent_messages.store import Person

State = Literal["draft", "scheduled", "released", "cancelled", "missed", "failed"]
End = Literal["released", "cancelled", "missed", "failed"]
# An author's drafts that are not released.
MAX_DRAFTS = 1_000


@dataclass(frozen=True)
class Draft:
    """`content`: the fields of a message as JSON, as far as they are known. `send_at` is resolved from `local` where that is given.

    `reason`: the code of why it was missed or failed. `may_see`: whether the reader is its author or sender, or administers all of its
    audience.
    """

    id: uuid.UUID
    author_id: int
    sender_id: int
    author: Person
    sender: Person
    content: dict[str, Any]
    state: State
    revision: int
    created_at: datetime
    updated_at: datetime
    send_at: datetime | None
    not_after: datetime | None
    local: datetime | None
    time_zone: str | None
    adjusted: str | None
    ended_at: datetime | None
    reason: str | None
    detail: str | None
    may_see: bool


@dataclass(frozen=True)
class Ending:
    """`reason`: the code of why it was missed or failed."""

    state: End
    reason: str | None = None
    detail: str | None = None


_ADMINISTERED = """
    SELECT m.scope_id FROM memberships m WHERE m.user_id = :user_id AND m.role = 'administrator' AND m.valid_to_version IS NULL"""
_REACH = f"""
    SELECT a.scope_id FROM ({_ADMINISTERED}) AS own
    JOIN scope_ancestors a ON a.ancestor_id = own.scope_id AND a.valid_to_version IS NULL"""
# Scopes that exist no more are beneath the platform only. IS NOT TRUE keeps IN from becoming a join: the reach is hashed once for all
# drafts of a list.
_COVERS = f"""
    d.scope_ids <> '{{}}' AND (
        :platform_id IN ({_ADMINISTERED})
        OR NOT EXISTS (SELECT FROM unnest(d.scope_ids) AS target(scope_id) WHERE (target.scope_id IN ({_REACH})) IS NOT TRUE))"""
_MAY_SEE = f"(d.author_id = :user_id OR d.sender_id = :user_id OR {_COVERS})"

_SELECT = f"""
    SELECT d.id, d.author_id, d.sender_id, d.content, d.state, d.revision, d.created_at, d.updated_at, d.send_at, d.not_after,
           d.local_time AS local, d.time_zone, d.adjusted, d.ended_at, d.reason, d.detail,
           author.external_id AS author_external_id, author.name AS author_name,
           sender.external_id AS sender_external_id, sender.name AS sender_name, {_MAY_SEE} AS may_see
    FROM drafts d
    JOIN users author ON author.id = d.author_id
    JOIN users sender ON sender.id = d.sender_id
    WHERE d.platform_id = :platform_id"""
_FIND = db.driver_sql(f"{_SELECT} AND d.id = :id")
_LOCK = db.driver_sql(f"{_SELECT} AND d.id = :id FOR UPDATE OF d")


def _list(begin: str, order: str) -> tuple[str, str]:
    """The statements for administrators of the platform, and for others: a page that begins there, in that order."""
    wanted = f"{begin} AND (CAST(:state AS text) IS NULL OR d.state = :state)"
    # An index finds the drafts that touch the viewer's reach. They are then checked one by one in the list's order, until the page is
    # full: OFFSET 0 keeps that order of work.
    seen = f"""
    {_SELECT} AND d.id IN (
        SELECT d.id FROM (
            SELECT d.id, d.send_at, d.author_id, d.sender_id, d.scope_ids FROM drafts d
            WHERE d.platform_id = :platform_id AND {wanted}
              AND (d.author_id = :user_id OR d.sender_id = :user_id OR d.scope_ids && ARRAY({_REACH}))
            ORDER BY {order} OFFSET 0) AS d
        WHERE {_MAY_SEE} ORDER BY {order} LIMIT :limit)
    ORDER BY {order}"""
    every = f"""
    {_SELECT} AND {wanted} AND (d.scope_ids <> '{{}}' OR d.author_id = :user_id OR d.sender_id = :user_id)
    ORDER BY {order} LIMIT :limit"""
    return db.driver_sql(every), db.driver_sql(seen)


_NEWEST_FIRST = _list("(CAST(:after_id AS uuid) IS NULL OR d.id < :after_id)", "d.id DESC")
_NEXT_FIRST = _list(
    "(CAST(:after_id AS uuid) IS NULL OR (d.send_at, d.id) > (CAST(:after_send_at AS timestamptz), :after_id))",
    "d.send_at, d.id",
)

_FIND_EARLIER = db.driver_sql("""
    SELECT id, request_hash FROM drafts WHERE author_id = :user_id AND idempotency_key = :idempotency_key
""")
_INSERT = db.driver_sql(f"""
    WITH old AS (
        DELETE FROM drafts WHERE id IN (
            SELECT id FROM drafts WHERE ended_at < now() - interval '90 days' ORDER BY ended_at, id LIMIT 100 FOR UPDATE SKIP LOCKED)
    )
    INSERT INTO drafts (id, platform_id, author_id, sender_id, content, scope_ids, idempotency_key, request_hash)
    SELECT uuidv7(), :platform_id, :user_id, :user_id, :content, CAST(:scope_ids AS bigint[]), CAST(:idempotency_key AS text), :request_hash
    WHERE (SELECT count(*) FROM drafts WHERE author_id = :user_id AND state <> 'released') < {MAX_DRAFTS}
    RETURNING id
""")

_GET_TIME = db.driver_sql("SELECT plausible_time()")
_UPDATE = "UPDATE drafts SET revision = revision + 1, updated_at = :now, {} WHERE id = :id"
_SET_CONTENT = db.driver_sql(
    _UPDATE.format(
        "content = :content, scope_ids = coalesce(CAST(:scope_ids AS bigint[]), scope_ids), sender_id = :sender_id"
    )
)
_SET_SCHEDULE = db.driver_sql(
    _UPDATE.format("""
        state = CASE WHEN CAST(:send_at AS timestamptz) IS NULL THEN 'draft' ELSE 'scheduled' END,
        send_at = :send_at, not_after = :not_after, local_time = :local, time_zone = :time_zone, adjusted = :adjusted,
        sender_id = :sender_id, ended_at = NULL, reason = NULL, detail = NULL""")
)
_SET_END = db.driver_sql(
    _UPDATE.format("state = :state, ended_at = :now, reason = :reason, detail = :detail, sender_id = :sender_id")
)
_DELETE = db.driver_sql("DELETE FROM drafts WHERE id = :id")


_IS_PLATFORM_ADMINISTRATOR = db.driver_sql(f"SELECT :platform_id IN ({_ADMINISTERED})")


@dataclass(frozen=True)
class Reader:
    user_id: int
    platform_id: int


@dataclass(frozen=True)
class Position:
    """Of a draft in a list. `send_at` only in the list of scheduled ones."""

    id: uuid.UUID
    send_at: datetime | None


@dataclass(frozen=True)
class New:
    author: Reader
    content: dict[str, Any]
    idempotency_key: str | None
    request_hash: bytes


def find(
    connection: psycopg.Connection[Any], *, reader: Reader, draft_id: uuid.UUID, is_locked: bool = False
) -> Draft | None:
    """A draft of the reader's platform. With `is_locked` it waits for the row's lock, which the transaction then holds."""
    row = _cursor(connection).execute(_LOCK if is_locked else _FIND, {**vars(reader), "id": draft_id}).fetchone()
    return None if row is None else _draft(row)


def list_(
    connection: psycopg.Connection[Any], *, reader: Reader, state: State | None, after: Position | None, limit: int
) -> list[Draft]:
    """The drafts after this one that the reader may see, newest first; scheduled ones in the order of their times."""
    cursor = _cursor(connection)
    scalars = connection.cursor(row_factory=rows.scalar_row)
    is_above_all = scalars.execute(_IS_PLATFORM_ADMINISTRATOR, vars(reader)).fetchone()
    every, seen = _NEXT_FIRST if state == "scheduled" else _NEWEST_FIRST
    place = {"after_id": after and after.id, "after_send_at": after and after.send_at}
    found = cursor.execute(every if is_above_all else seen, {**vars(reader), "state": state, "limit": limit, **place})
    return [_draft(row) for row in found]


def find_earlier(connection: psycopg.Connection[Any], *, new: New) -> Earlier | None:
    """The draft that its author made with the same idempotency key."""
    parameters = {"user_id": new.author.user_id, "idempotency_key": new.idempotency_key}
    return connection.cursor(row_factory=rows.class_row(Earlier)).execute(_FIND_EARLIER, parameters).fetchone()


def insert(connection: psycopg.Connection[Any], *, new: New, scope_ids: Sequence[int]) -> uuid.UUID | None:
    """The id of a new draft. None if its author has MAX_DRAFTS already.

    Raises `psycopg.errors.UniqueViolation` when the author has used the idempotency key.
    """
    parameters = {
        **vars(new.author),
        "content": json.Jsonb(new.content),
        "scope_ids": list(scope_ids),
        "idempotency_key": new.idempotency_key,
        "request_hash": new.request_hash,
    }
    row = _cursor(connection).execute(_INSERT, parameters).fetchone()
    return None if row is None else row["id"]


def get_time(connection: psycopg.Connection[Any]) -> datetime:
    """PostgreSQL's clock, or the last known good time where it is wrong."""
    now = connection.cursor(row_factory=rows.scalar_row).execute(_GET_TIME).fetchone()
    assert isinstance(now, datetime)  # noqa: S101 (for mypy)
    return now


def set_content(
    connection: psycopg.Connection[Any],
    *,
    draft: Draft,
    content: dict[str, Any],
    scope_ids: Sequence[int] | None,
    sender_id: int,
    now: datetime,
) -> None:
    """`scope_ids`: None where the audience stays."""
    connection.execute(
        _SET_CONTENT,
        {
            "id": draft.id,
            "content": json.Jsonb(content),
            "scope_ids": None if scope_ids is None else list(scope_ids),
            "sender_id": sender_id,
            "now": now,
        },
    )


def set_schedule(
    connection: psycopg.Connection[Any],
    *,
    draft: Draft,
    schedule: domain.Schedule | None,
    sender_id: int,
    now: datetime,
) -> None:
    """Schedules the draft, also one that was cancelled, missed or failed. Without a schedule it is a plain draft again."""
    unscheduled = dict.fromkeys(("send_at", "not_after", "local", "time_zone", "adjusted"))
    parameters = vars(schedule) if schedule else unscheduled
    connection.execute(_SET_SCHEDULE, {**parameters, "id": draft.id, "sender_id": sender_id, "now": now})


def end(
    connection: psycopg.Connection[Any],
    *,
    draft_id: uuid.UUID,
    ending: Ending,
    sender_id: int,
    now: datetime,
) -> None:
    connection.execute(_SET_END, {**vars(ending), "id": draft_id, "sender_id": sender_id, "now": now})


def delete(connection: psycopg.Connection[Any], *, draft_id: uuid.UUID) -> None:
    connection.execute(_DELETE, {"id": draft_id})


def _cursor(connection: psycopg.Connection[Any]) -> psycopg.Cursor[dict[str, Any]]:
    return connection.cursor(row_factory=rows.dict_row)


def _draft(row: dict[str, Any]) -> Draft:
    author = Person(row.pop("author_external_id"), row.pop("author_name"))
    sender = Person(row.pop("sender_external_id"), row.pop("sender_name"))
    return Draft(**row, author=author, sender=sender)
