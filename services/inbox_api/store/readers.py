"""SQL: the user who polls and the version of their inbox. A poll that finds nothing changed runs this statement only."""

# ruff: noqa: S608 (only constants are put into statements)

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import rows

from shared import db, lifecycle
from shared.auth import store as auth


@dataclass(frozen=True)
class Reader(auth.Caller):
    """A caller. `inbox_version` differs whenever anything may have changed in their inbox.

    `asks`: whether a message of their platform asks for acknowledgements.
    """

    asks: bool
    inbox_version: str


# An inbox depends on the messages sent, recalled and expired, the pins, what is due, the retention, the user's states and the directory.
# Each has one value here that increases with every change, in the transaction of that change or at the time of it: with the same version,
# the inbox is the same. A message is superseded when another is sent. From indexes only, 0.1 ms.
_FIND_READER = db.driver_sql(
    auth.FIND_CALLER.format(
        more=f""",
           EXISTS (SELECT FROM messages m WHERE m.platform_id = p.id AND {lifecycle.ASKS}) AS asks,
           CAST(ROW(p.directory_version,
               (SELECT max(m.sent_at) FROM messages m WHERE m.platform_id = p.id),
               (SELECT max(m.recalled_at) FROM messages m WHERE m.platform_id = p.id AND m.recalled_at IS NOT NULL),
               (SELECT max(m.expires_at) FROM messages m WHERE m.platform_id = p.id AND m.expires_at <= now()),
               (SELECT max(m.pinned_until) FROM messages m WHERE m.platform_id = p.id AND m.pinned_until <= now()),
               (SELECT max(m.due_at) FROM messages m WHERE m.platform_id = p.id AND m.due_at <= now()),
               (SELECT r.revision FROM inbox_revisions r WHERE r.user_id = u.id),
               (SELECT dropped_before FROM inbox_retention)) AS text) AS inbox_version"""
    )
)


def find_reader(connection: psycopg.Connection[Any], *, platform: str, user: str) -> Reader | None:
    cursor = connection.cursor(row_factory=rows.class_row(Reader))
    return cursor.execute(_FIND_READER, {"platform": platform, "user": user}).fetchone()
