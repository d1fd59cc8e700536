"""SQL: the user behind a poll, and the stamp of their inbox. The one statement of a poll that finds nothing changed."""

from dataclasses import dataclass
from typing import Any

import psycopg

from shared import db
from shared.auth import store as auth


@dataclass(frozen=True)
class Reader(auth.Caller):
    """A caller, and a stamp that differs whenever anything may have changed in what their inbox shows."""

    stamp: str


# An inbox shows the messages that reached the user, less those recalled and those past the retention, as the user's states
# have them, with the names the directory gives. Each of these has one value here that rises with every change, in the
# transaction that makes it: so two readings of the same stamp have the same inbox between them. From indexes only, 0.1 ms.
_FIND_READER = db.driver_sql(
    auth.FIND_CALLER.format(
        more=""",
           CAST(ROW(p.directory_version,
               (SELECT max(m.sent_at) FROM messages m WHERE m.platform_id = p.id),
               (SELECT max(m.recalled_at) FROM messages m WHERE m.platform_id = p.id AND m.recalled_at IS NOT NULL),
               (SELECT r.revision FROM inbox_revisions r WHERE r.user_id = u.id),
               (SELECT dropped_before FROM inbox_retention)) AS text) AS stamp"""
    )
)


def find_reader(connection: psycopg.Connection[Any], *, platform: str, user: str) -> Reader | None:
    row = connection.execute(_FIND_READER, {"platform": platform, "user": user}).fetchone()
    return None if row is None else Reader(*row)
