"""SQL: messages as an administrator may see them."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy
from sqlalchemy import Connection

from shared import acknowledgements, lifecycle, versions
from shared.audience import ChosenScopes


@dataclass(frozen=True)
class Person:
    id: str
    name: str


@dataclass(frozen=True)
class AskedAcknowledgement:
    """What recipients are asked to confirm. `remind_days_before`: the first reminder comes first."""

    statement: str
    due_at: datetime | None
    remind_days_before: tuple[int, ...]
    content_hash: str


@dataclass(frozen=True)
class SentMessage:
    """Counts are numbers of users; recipient_count is None until the audience is counted."""

    id: uuid.UUID
    title: str
    body: str
    audience: ChosenScopes
    category: str | None
    priority: str
    pinned_until: datetime | None
    expires_at: datetime | None
    sender: Person
    status: str
    recipient_count: int | None
    delivered_count: int
    created_at: datetime
    sent_at: datetime
    completed_at: datetime | None
    recalled_at: datetime | None
    recalled_by: Person | None
    expired: bool
    entries_dropped: bool
    follows: uuid.UUID | None
    only: str | None
    acknowledgement: AskedAcknowledgement | None
    supersedes: uuid.UUID | None
    superseded_at: datetime | None
    superseded_by: uuid.UUID | None
    change_summary: str | None


@dataclass(frozen=True)
class Viewer:
    """An administrator and the ids of all scopes they administer now."""

    user_id: int
    platform_id: int
    administered: tuple[int, ...]

    @property
    def is_platform(self) -> bool:
        return self.platform_id in self.administered


_GET_ADMINISTERED = sqlalchemy.text("""
    SELECT scope_id FROM memberships
    WHERE user_id = :user_id AND role = 'administrator' AND valid_to_version IS NULL
    ORDER BY scope_id
""")

# A target is shown to the sender, and to administrators of it or of a scope that contained it when it was chosen.
_GET_MESSAGES = sqlalchemy.text(f"""
    SELECT m.id, m.title, m.body, m.category, m.priority, m.pinned_until, m.expires_at, m.follows, m.follows_only,
           m.statement, m.due_at, m.remind_days_before, m.content_hash, m.supersedes, m.superseded_at, m.change_summary,
           (SELECT later.id FROM messages later WHERE m.superseded_at IS NOT NULL AND later.supersedes = m.id) AS superseded_by,
           m.recipient_count, m.created_at, m.sent_at, m.completed_at, m.recalled_at,
           {lifecycle.STATUS} AS status,
           sender.external_id AS sender_id, sender.name AS sender_name,
           recaller.external_id AS recaller_id, recaller.name AS recaller_name,
           delivered.count AS delivered_count,
           {lifecycle.IS_EXPIRED} AS expired, {lifecycle.ENTRIES_DROPPED} AS entries_dropped,
           target.levels, target.external_ids, target.other_scopes,
           (SELECT count(*) FROM message_targets e
            WHERE e.message_id = m.follows
              AND NOT EXISTS (SELECT FROM message_targets t WHERE t.message_id = m.id AND t.scope_id = e.scope_id)) AS out_of_reach
    FROM messages m
    JOIN users sender ON sender.id = m.sender_id
    LEFT JOIN users recaller ON recaller.id = m.recalled_by_id
    CROSS JOIN LATERAL (
        SELECT CAST(COALESCE(sum(b.recipient_count), 0) AS bigint) AS count
        FROM fanout_batches b
        WHERE b.message_id = m.id AND b.delivered_at IS NOT NULL
    ) AS delivered
    CROSS JOIN LATERAL (
        SELECT array_agg(CAST(s.level AS text) ORDER BY t.position) FILTER (WHERE shown.yes) AS levels,
               array_agg(s.external_id ORDER BY t.position) FILTER (WHERE shown.yes) AS external_ids,
               count(*) FILTER (WHERE NOT shown.yes) AS other_scopes
        FROM message_targets t
        JOIN scopes s ON s.id = t.scope_id
        CROSS JOIN LATERAL (
            SELECT m.sender_id = :user_id OR EXISTS (
                SELECT FROM scope_ancestors a
                WHERE a.scope_id = t.scope_id AND a.ancestor_id = ANY(:administered)
                  AND {versions.valid_at("a", "m.directory_version")}
            ) AS yes
        ) AS shown
        WHERE t.message_id = m.id
    ) AS target
    WHERE m.id = ANY(CAST(:ids AS uuid[])) AND m.platform_id = :platform_id
    ORDER BY m.sent_at DESC, m.id DESC
""")  # noqa: S608 (constants)


def get_viewer(connection: Connection, *, user_id: int, platform_id: int) -> Viewer:
    administered = connection.execute(_GET_ADMINISTERED, {"user_id": user_id}).scalars().all()
    return Viewer(user_id=user_id, platform_id=platform_id, administered=tuple(administered))


def get_messages(connection: Connection, *, ids: Sequence[uuid.UUID], viewer: Viewer) -> list[SentMessage]:
    """The messages of the viewer's platform with these ids, newest first. The caller has checked that the viewer may see them."""
    parameters = {
        "ids": list(ids),
        "user_id": viewer.user_id,
        "platform_id": viewer.platform_id,
        "administered": list(viewer.administered),
    }
    return [_sent_message(row) for row in connection.execute(_GET_MESSAGES, parameters)]


def _sent_message(row: sqlalchemy.Row[tuple[object, ...]]) -> SentMessage:
    return SentMessage(
        id=row.id,
        title=row.title,
        body=row.body,
        audience=_audience(row.levels or (), row.external_ids or (), row.other_scopes, row.out_of_reach),
        category=row.category,
        priority=row.priority,
        pinned_until=row.pinned_until,
        expires_at=row.expires_at,
        sender=Person(id=row.sender_id, name=row.sender_name),
        status=row.status,
        recipient_count=row.recipient_count,
        delivered_count=row.delivered_count,
        created_at=row.created_at,
        sent_at=row.sent_at,
        completed_at=row.completed_at,
        recalled_at=row.recalled_at,
        recalled_by=None if row.recaller_id is None else Person(id=row.recaller_id, name=row.recaller_name),
        expired=row.expired,
        entries_dropped=row.entries_dropped,
        follows=row.follows,
        only=row.follows_only,
        acknowledgement=None
        if row.statement is None
        else AskedAcknowledgement(
            statement=row.statement,
            due_at=row.due_at,
            remind_days_before=tuple(row.remind_days_before or ()),
            content_hash=acknowledgements.format_hash(row.content_hash),
        ),
        supersedes=row.supersedes,
        superseded_at=row.superseded_at,
        superseded_by=row.superseded_by,
        change_summary=row.change_summary,
    )


def _audience(levels: Sequence[str], external_ids: Sequence[str], other_scopes: int, out_of_reach: int) -> ChosenScopes:
    chosen = list(zip(levels, external_ids, strict=True))
    return ChosenScopes(
        everyone="platform" in levels,
        organisations=tuple(external_id for level, external_id in chosen if level == "organisation"),
        clinics=tuple(external_id for level, external_id in chosen if level == "clinic"),
        other_scopes=other_scopes,
        out_of_reach=out_of_reach,
    )
