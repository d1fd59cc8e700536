"""SQL: the message that a reminder is about, and when its sender last reminded of it."""

# ruff: noqa: S608 (only constants are put into statements)

import uuid
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import rows

from services.compose_api import notices
from shared import db, lifecycle


@dataclass(frozen=True)
class Remindable(notices.Earlier):
    """`wait_s`: seconds until the same person may remind of it again; None where they may now."""

    is_expired: bool
    wait_s: float | None


# Follow-ups of any kind count, also automatic ones in this person's name: nobody gets two in a day.
_FIND = db.driver_sql(f"""
    SELECT m.id, m.title, m.priority, m.due_at, {lifecycle.IS_EXPIRED} AS is_expired,
           (SELECT CAST(extract(epoch FROM max(r.sent_at) + interval '1 day' - clock_timestamp()) AS float) FROM messages r
            WHERE r.sender_id = :user_id AND r.follows = m.id AND r.follows_only = 'not_acknowledged' AND r.recalled_at IS NULL
              AND r.sent_at > clock_timestamp() - interval '1 day') AS wait_s
    FROM messages m WHERE m.id = :message_id AND m.platform_id = :platform_id
""")


def find(
    connection: psycopg.Connection[Any], *, message_id: uuid.UUID, platform_id: int, user_id: int
) -> Remindable | None:
    """A message of the platform, whether or not the user may see it."""
    parameters = {"message_id": message_id, "platform_id": platform_id, "user_id": user_id}
    return connection.cursor(row_factory=rows.class_row(Remindable)).execute(_FIND, parameters).fetchone()
