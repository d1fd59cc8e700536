"""SQL: the audit trail as `message-hub audit` reads it, and what the commands themselves add to it."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import sqlalchemy
from sqlalchemy import Connection


@dataclass(frozen=True)
class Event:
    """One line of the trail. `who` is a user's id on the platform or an operator; both ids are None where there is none (any more)."""

    happened_at: datetime
    platform: str | None
    who: str
    action: str
    outcome: str
    reason: str | None
    message_id: str | None
    directory_version: int | None
    address: str | None
    request_id: str | None
    detail: str | None


# Ids are made in the order of time, so the newest are found from the end of an index, and those since a moment from its middle.
_LIST = sqlalchemy.text("""
    SELECT a.happened_at, p.key AS platform, coalesce(u.external_id, a.operator, 'user ' || a.user_id) AS who,
           a.action, a.outcome, a.reason, CAST(a.message_id AS text) AS message_id, a.directory_version,
           host(a.address) AS address, a.request_id, a.detail
    FROM (
        SELECT * FROM audit_events
        WHERE (CAST(:platform_id AS bigint) IS NULL OR platform_id = :platform_id)
          AND (CAST(:message_id AS uuid) IS NULL OR message_id = :message_id)
          AND (CAST(:from_id AS uuid) IS NULL OR id >= :from_id)
        ORDER BY id DESC
        LIMIT :limit
    ) a
    LEFT JOIN platforms p ON p.id = a.platform_id
    LEFT JOIN users u ON u.id = a.user_id
    ORDER BY a.id
""")
_INSERT = sqlalchemy.text("""
    INSERT INTO audit_events (action, outcome, platform_id, operator, message_id, detail)
    SELECT :action, :outcome, platform_id, :operator, id, :detail FROM messages WHERE id = :message_id
""")
_INSERT_CLOCK = sqlalchemy.text(
    "INSERT INTO audit_events (action, outcome, operator) VALUES ('clock', 'changed', :operator)"
)
_FIND_PLATFORM = sqlalchemy.text("SELECT id FROM platforms WHERE key = :key")


def list_events(
    connection: Connection,
    *,
    limit: int,
    platform_id: int | None = None,
    message_id: uuid.UUID | None = None,
    since: datetime | None = None,
) -> list[Event]:
    """The newest `limit` events that fit, oldest first."""
    values = {
        "limit": limit,
        "platform_id": platform_id,
        "message_id": message_id,
        "from_id": None if since is None else first_id(since),
    }
    return [Event(**row) for row in connection.execute(_LIST, values).mappings()]


def insert(
    connection: Connection,
    *,
    action: Literal["repair", "retry", "export"],
    message_id: uuid.UUID,
    operator: str,
    detail: str,
) -> None:
    """Records what an operator did to a message. Only the owner's role may insert this."""
    outcome = "exported" if action == "export" else "changed"
    values = {"action": action, "outcome": outcome, "message_id": message_id, "operator": operator, "detail": detail}
    connection.execute(_INSERT, values)


def insert_clock(connection: Connection, *, operator: str) -> None:
    """Records that an operator confirmed PostgreSQL's clock. Only the owner's role may insert this."""
    connection.execute(_INSERT_CLOCK, {"operator": operator})


def find_platform_id(connection: Connection, *, key: str) -> int | None:
    return connection.execute(_FIND_PLATFORM, {"key": key}).scalar_one_or_none()


def first_id(moment: datetime) -> uuid.UUID:
    """The lowest id that an event of this moment may have (UUIDv7: milliseconds since 1970 come first)."""
    return uuid.UUID(int=max(0, int(moment.timestamp() * 1_000)) << 80)
