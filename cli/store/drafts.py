"""SQL: drafts of all platforms as operators see them, cancelling one, and holding all releases. As the owner."""

import uuid
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy
from sqlalchemy import Connection

from shared import db


@dataclass(frozen=True)
class Draft:
    """`author` and `sender` as the platform names them. `reason`: the code of why it was missed or failed."""

    id: str
    platform: str
    state: str
    send_at: datetime | None
    not_after: datetime | None
    local: datetime | None
    time_zone: str | None
    author: str
    sender: str
    title: str | None
    created_at: datetime
    updated_at: datetime
    ended_at: datetime | None
    reason: str | None
    detail: str | None


_SELECT = """
    SELECT CAST(d.id AS text) AS id, p.key AS platform, d.state, d.send_at, d.not_after, d.local_time AS local, d.time_zone,
           author.external_id AS author, sender.external_id AS sender, d.content ->> 'title' AS title,
           d.created_at, d.updated_at, d.ended_at, d.reason, d.detail
    FROM drafts d
    JOIN platforms p ON p.id = d.platform_id
    JOIN users author ON author.id = d.author_id
    JOIN users sender ON sender.id = d.sender_id
"""
_FIND = sqlalchemy.text(f"{_SELECT} WHERE d.id = :id")
_LIST = sqlalchemy.text(f"""
    {_SELECT}
    WHERE d.state = ANY(:states) AND (CAST(:platform_id AS bigint) IS NULL OR d.platform_id = :platform_id)
    ORDER BY d.send_at NULLS LAST, d.id
    LIMIT :limit
""")
_CANCEL = sqlalchemy.text("""
    WITH cancelled AS (
        UPDATE drafts SET state = 'cancelled', revision = revision + 1, updated_at = plausible_time(), ended_at = plausible_time()
        WHERE id = :id AND state = 'scheduled'
        RETURNING id, platform_id
    )
    INSERT INTO audit_events (action, outcome, platform_id, operator, message_id)
    SELECT 'draft', 'cancelled', platform_id, :operator, id FROM cancelled
""")
_INSERT_RELEASE = sqlalchemy.text("""
    INSERT INTO audit_events (action, outcome, platform_id, operator, message_id, detail)
    SELECT 'draft', 'changed', platform_id, :operator, id, 'released by an operator' FROM drafts WHERE id = :id
""")
_SET_HOLD = sqlalchemy.text("""
    WITH changed AS (
        UPDATE draft_hold SET held_at = CASE WHEN :is_on THEN plausible_time() END
        WHERE (held_at IS NOT NULL) <> :is_on RETURNING 1
    )
    INSERT INTO audit_events (action, outcome, operator)
    SELECT 'draft', CASE WHEN :is_on THEN 'held' ELSE 'resumed' END, :operator FROM changed
""")
_FIND_HOLD = sqlalchemy.text("SELECT held_at FROM draft_hold")


def find(connection: Connection, *, draft_id: uuid.UUID) -> Draft | None:
    row = connection.execute(_FIND, {"id": draft_id}).mappings().one_or_none()
    return None if row is None else Draft(**row)


def list_(connection: Connection, *, states: list[str], platform_id: int | None, limit: int) -> list[Draft]:
    """In the order of their times of sending."""
    values = {"states": states, "platform_id": platform_id, "limit": limit}
    return [Draft(**row) for row in connection.execute(_LIST, values).mappings()]


def cancel(connection: Connection, *, draft_id: uuid.UUID, operator: str) -> bool:
    """Whether it was scheduled; then it is cancelled, and that is in the audit trail."""
    return connection.execute(_CANCEL, {"id": draft_id, "operator": operator}).rowcount > 0


def insert_release(connection: Connection, *, draft_id: uuid.UUID, operator: str) -> None:
    """Records that an operator released a draft."""
    connection.execute(_INSERT_RELEASE, {"id": draft_id, "operator": operator})


def set_hold(connection: Connection, *, is_on: bool, operator: str) -> bool:
    """Whether that changed anything. Waits until no draft is being released."""
    db.lock(connection, purpose="release", key="drafts")
    return connection.execute(_SET_HOLD, {"is_on": is_on, "operator": operator}).rowcount > 0


def find_hold(connection: Connection) -> datetime | None:
    """Since when releases are on hold."""
    held_at: datetime | None = connection.execute(_FIND_HOLD).scalar_one()
    return held_at
