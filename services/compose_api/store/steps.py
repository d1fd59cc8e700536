"""SQL: what is to be done about acknowledgements by itself: which step is due, whom it concerns, how far it is."""

# ruff: noqa: S608 (only constants are put into statements)

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import psycopg
import sqlalchemy
from psycopg import rows
from sqlalchemy import Connection

from services.compose_api import domain, notices
from services.compose_api.store.audiences import Choice, FollowUp
from shared import db, follow_ups, lifecycle, versions


@dataclass(frozen=True)
class Due:
    """A step that the transaction has locked, and its message. `platform` and `sender` as tokens name them; `now` is PostgreSQL's time."""

    message_id: uuid.UUID
    kind: Literal["remind", "due"]
    at: datetime
    after_scope_id: int
    now: datetime
    platform_id: int
    platform: str
    sender: str
    title: str
    priority: str
    due_at: datetime
    is_recalled: bool
    is_superseded: bool
    is_expired: bool
    entries_dropped: bool

    @property
    def message(self) -> notices.Earlier:
        return notices.Earlier(self.message_id, self.title, self.priority, self.due_at)


@dataclass(frozen=True)
class Clinic:
    """`outstanding`: people there who are active and have not acknowledged. Without administrators, nobody can be told."""

    target: domain.Target
    name: str
    outstanding: int
    has_administrators: bool


@dataclass(frozen=True)
class Counts:
    """`overdue_seconds`: how late the first of those that wait is. `missed`: skipped within a day because of the hub."""

    waiting: int
    overdue_seconds: float
    missed: int


# From the partial index acknowledgement_steps_open.
_CLAIM = db.driver_sql(f"""
    SELECT s.message_id, s.kind, s.at, s.after_scope_id, t.now, m.platform_id, p.key AS platform, sender.external_id AS sender,
           m.title, m.priority, m.due_at, {lifecycle.IS_RECALLED} AS is_recalled, m.superseded_at IS NOT NULL AS is_superseded,
           {lifecycle.IS_EXPIRED} AS is_expired, {lifecycle.ENTRIES_DROPPED} AS entries_dropped
    FROM (SELECT plausible_time() AS now) AS t
    CROSS JOIN LATERAL (
        SELECT * FROM acknowledgement_steps
        WHERE done_at IS NULL AND at <= t.now AND message_id <> ALL(CAST(:skipped AS uuid[]))
          AND NOT EXISTS (SELECT FROM draft_hold WHERE held_at IS NOT NULL)
        ORDER BY at, message_id, kind
        LIMIT 1 FOR UPDATE SKIP LOCKED
    ) AS s
    JOIN messages m ON m.id = s.message_id
    JOIN platforms p ON p.id = m.platform_id
    JOIN users sender ON sender.id = m.sender_id
""")

_OF_STEP = "message_id = :message_id AND kind = :kind AND at = :at"
_END = db.driver_sql(f"UPDATE acknowledgement_steps SET done_at = :now, skipped_reason = :reason WHERE {_OF_STEP}")
_MOVE = db.driver_sql(f"UPDATE acknowledgement_steps SET after_scope_id = :after_scope_id WHERE {_OF_STEP}")

# The audience of the message as it was, whoever its sender is by now.
_GET_CHOICE = db.driver_sql(f"""
    SELECT p.directory_version, m.directory_version AS audience_version, s.id AS scope_id, s.level, s.external_id,
           ARRAY(SELECT a.ancestor_id FROM scope_ancestors a
                 WHERE a.scope_id = s.id AND {versions.valid_at("a", "m.directory_version")}) AS ancestor_ids
    FROM messages m JOIN platforms p ON p.id = m.platform_id
    JOIN message_targets t ON t.message_id = m.id JOIN scopes s ON s.id = t.scope_id
    WHERE m.id = :message_id
    ORDER BY t.position
""")

# The next clinics of the audience, with the recipients who belonged there when the message was sent, and its administrators now.
_LIST_CLINICS = db.driver_sql(f"""
    SELECT c.id AS scope_id, c.level, c.external_id, c.name, counted.outstanding,
           ARRAY(SELECT a.ancestor_id FROM scope_ancestors a WHERE a.scope_id = c.id AND a.valid_to_version IS NULL) AS ancestor_ids,
           EXISTS (SELECT FROM memberships o
                   WHERE o.scope_id = c.id AND o.role = 'administrator' AND o.valid_to_version IS NULL) AS has_administrators
    FROM messages m
    CROSS JOIN LATERAL (
        SELECT DISTINCT s.id FROM message_targets t
        JOIN scope_ancestors a ON a.ancestor_id = t.scope_id AND {versions.valid_at("a", "m.directory_version")}
        JOIN scopes s ON s.id = a.scope_id AND s.level = CAST(:level AS scope_level) AND s.id > :after_scope_id
        WHERE t.message_id = m.id
        ORDER BY s.id LIMIT :limit
    ) AS next
    JOIN scopes c ON c.id = next.id
    CROSS JOIN LATERAL (
        SELECT count(*) AS outstanding FROM memberships person
        WHERE person.scope_id = c.id AND {versions.valid_at("person", "m.directory_version")}
          AND NOT EXISTS (SELECT FROM acknowledgements k
                          WHERE k.message_id = m.id AND k.user_id = person.user_id AND k.sent_at = m.sent_at)
          AND EXISTS (SELECT FROM memberships n
                      WHERE n.user_id = person.user_id AND n.scope_id = m.platform_id AND n.valid_to_version IS NULL)
          AND (m.follows IS NULL OR NOT EXISTS ({follow_ups.excluded(follow_ups.CHAIN, "person.user_id")}))
    ) AS counted
    WHERE m.id = :message_id
    ORDER BY c.id
""")

_GET_VERSION = db.driver_sql("SELECT directory_version FROM platforms WHERE id = :platform_id")

_GET_COUNTS = sqlalchemy.text("""
    SELECT t.waiting, greatest(extract(epoch FROM n.now - t.first), 0) AS overdue_seconds,
           (SELECT count(*) FROM acknowledgement_steps
            WHERE done_at > n.now - interval '1 day' AND skipped_reason IN ('too-late', 'internal-error', 'past-retention')) AS missed
    FROM (SELECT plausible_time() AS now) AS n
    CROSS JOIN LATERAL (
        SELECT count(*) AS waiting, min(at) AS first FROM acknowledgement_steps WHERE done_at IS NULL
    ) AS t
""")


def claim(connection: psycopg.Connection[Any], *, skipped: Sequence[uuid.UUID]) -> Due | None:
    """The first step that is due and that no other transaction has locked, of other messages than these."""
    return connection.cursor(row_factory=rows.class_row(Due)).execute(_CLAIM, {"skipped": list(skipped)}).fetchone()


def end(connection: psycopg.Connection[Any], *, due: Due, reason: str | None = None) -> None:
    """Marks the step as done; with a reason, as skipped."""
    connection.execute(_END, {**_key(due), "now": due.now, "reason": reason})


def move(connection: psycopg.Connection[Any], *, due: Due, after_scope_id: int) -> None:
    """Notes that the clinics up to this one have their notice."""
    connection.execute(_MOVE, {**_key(due), "after_scope_id": after_scope_id})


def get_choice(connection: psycopg.Connection[Any], *, due: Due) -> Choice:
    """What a reminder is addressed to: the whole audience of the message, without looking at its sender's reach today."""
    found = connection.cursor(row_factory=rows.dict_row).execute(_GET_CHOICE, {"message_id": due.message_id}).fetchall()
    return Choice(
        directory_version=found[0]["directory_version"],
        categories=(),
        now=due.now,
        reach=domain.Reach(due.platform_id, frozenset()),
        targets=tuple(_target(row) for row in found),
        unknown=(),
        follow_up=FollowUp(
            follows=due.message_id,
            only="not_acknowledged",
            audience_version=found[0]["audience_version"],
            out_of_reach=0,
            is_visible=True,
            is_recalled=False,
            is_forgotten=False,
            asks=True,
            is_notice=False,
            chain_length=0,
        ),
    )


def get_clinic_choice(connection: psycopg.Connection[Any], *, due: Due, clinic: Clinic) -> Choice:
    """What a notice to this clinic is addressed to now."""
    found = (
        connection.cursor(row_factory=rows.dict_row).execute(_GET_VERSION, {"platform_id": due.platform_id}).fetchone()
    )
    assert found is not None  # noqa: S101 (for mypy)
    return Choice(
        directory_version=found["directory_version"],
        categories=(),
        now=due.now,
        reach=domain.Reach(due.platform_id, frozenset()),
        targets=(clinic.target,),
        unknown=(),
    )


def list_clinics(connection: psycopg.Connection[Any], *, due: Due, limit: int) -> list[Clinic]:
    """The next clinics of the message's audience, in the order of their ids."""
    parameters = {
        "message_id": due.message_id,
        "after_scope_id": due.after_scope_id,
        "limit": limit,
        "level": "clinic",
    }
    found = connection.cursor(row_factory=rows.dict_row).execute(_LIST_CLINICS, parameters)
    return [Clinic(_target(row), row["name"], row["outstanding"], row["has_administrators"]) for row in found]


def get_counts(connection: Connection) -> Counts:
    row = connection.execute(_GET_COUNTS).one()
    return Counts(row.waiting, float(row.overdue_seconds or 0), row.missed)


def _target(row: dict[str, Any]) -> domain.Target:
    return domain.Target(row["scope_id"], row["level"], row["external_id"], frozenset(row["ancestor_ids"]))


def _key(due: Due) -> dict[str, Any]:
    return {"message_id": due.message_id, "kind": due.kind, "at": due.at}
