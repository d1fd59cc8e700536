"""SQL: who is signed in to the console, and ending their sessions. As the owner."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy
from sqlalchemy import Connection

from services.compose_api.store.sessions import END, IS_OPEN


@dataclass(frozen=True)
class Session:
    """A session that is open."""

    id: str
    platform: str
    user: str
    signed_in_at: datetime
    last_seen_at: datetime
    expires_at: datetime


_WHICH = """
    (CAST(:platform AS text) IS NULL OR s.platform_id = (SELECT id FROM platforms WHERE key = :platform))
    AND (CAST(:user AS text) IS NULL OR s.user_id IN (SELECT id FROM users WHERE external_id = :user))
"""
_LIST = sqlalchemy.text(f"""
    SELECT CAST(s.id AS text) AS id, p.key AS platform, u.external_id AS user, s.created_at AS signed_in_at, s.last_seen_at, s.expires_at
    FROM console_sessions s JOIN platforms p ON p.id = s.platform_id JOIN users u ON u.id = s.user_id
    WHERE {IS_OPEN} AND {_WHICH}
    ORDER BY s.id
""")  # noqa: S608 (constants)
_END = sqlalchemy.text(f"""
    WITH ended AS ({END.format(which=_WHICH)})
    INSERT INTO audit_events (action, outcome, platform_id, user_id, operator)
    SELECT 'session', 'signed-out', platform_id, user_id, :operator FROM ended
""")  # noqa: S608 (constants)


def list_open(connection: Connection, *, platform: str | None, user: str | None) -> list[Session]:
    rows = connection.execute(_LIST, {"platform": platform, "user": user}).mappings()
    return [Session(**row) for row in rows]


def end(connection: Connection, *, platform: str, user: str | None, operator: str) -> int:
    """How many sessions were ended; each is in the audit trail."""
    values = {"platform": platform, "user": user, "reason": "operator", "operator": operator}
    return connection.execute(_END, values).rowcount
