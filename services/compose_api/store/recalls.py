"""SQL: finding a message that a user wants to recall or correct, and recalling it."""

# ruff: noqa: S608 (only constants are put into statements)

import itertools
import uuid
from dataclasses import dataclass
from typing import Any

import psycopg
import sqlalchemy
from psycopg import rows
from sqlalchemy import Connection

from services.compose_api import domain
from shared import db, lifecycle, versions


@dataclass(frozen=True)
class Recallable:
    """The facts that decide whether a user may see a message, and recall or correct it. `reach`: the user's."""

    is_sender: bool
    is_recalled: bool
    is_superseded: bool
    targets: tuple[domain.Target, ...]
    reach: domain.Reach

    @property
    def is_visible(self) -> bool:
        return self.is_sender or any(map(self.reach.covers, self.targets))

    @property
    def is_within_reach(self) -> bool:
        """The user sent it, or administers a scope above each of its targets."""
        return self.is_sender or all(map(self.reach.is_above, self.targets))


_FIND_RECALLABLE = db.driver_sql(f"""
    SELECT m.sender_id = :user_id AS is_sender, {lifecycle.IS_RECALLED} AS is_recalled, m.superseded_at IS NOT NULL AS is_superseded,
           t.scope_id, s.level, s.external_id, above.ids AS ancestor_ids,
           ARRAY(SELECT o.scope_id FROM memberships o
                 WHERE o.user_id = :user_id AND o.scope_id = ANY(above.ids || m.platform_id)
                   AND o.role = 'administrator' AND o.valid_to_version IS NULL) AS administered
    FROM messages m
    JOIN message_targets t ON t.message_id = m.id
    JOIN scopes s ON s.id = t.scope_id
    CROSS JOIN LATERAL (
        SELECT array_agg(a.ancestor_id) AS ids FROM scope_ancestors a
        WHERE a.scope_id = t.scope_id AND {versions.valid_at("a", "m.directory_version")}
    ) AS above
    WHERE m.id = :message_id AND m.platform_id = :platform_id
    ORDER BY t.position
""")

# Under the platform's lock: later than every committed recall, so that readers see from the newest recall whether anything changed. A
# recall is possible while the clock is wrong too.
_GET_RECALL_TIME = sqlalchemy.text("""
    SELECT greatest(plausible_time(), newest.recalled_at + interval '1 microsecond')
    FROM (SELECT max(recalled_at) AS recalled_at FROM messages
          WHERE platform_id = :platform_id AND recalled_at IS NOT NULL) AS newest
""")

_MARK_RECALLED = sqlalchemy.text("""
    UPDATE messages SET recalled_at = :recalled_at, recalled_by_id = :user_id WHERE id = :message_id AND recalled_at IS NULL
""")


def find_recallable(
    connection: psycopg.Connection[Any], *, platform_id: int, message_id: uuid.UUID, user_id: int
) -> Recallable | None:
    """A message of the platform, as far as it concerns the user."""
    parameters = {"platform_id": platform_id, "message_id": message_id, "user_id": user_id}
    found = connection.cursor(row_factory=rows.dict_row).execute(_FIND_RECALLABLE, parameters).fetchall()
    if not found:
        return None
    first = found[0]
    return Recallable(
        is_sender=first["is_sender"],
        is_recalled=first["is_recalled"],
        is_superseded=first["is_superseded"],
        targets=tuple(
            domain.Target(row["scope_id"], row["level"], row["external_id"], frozenset(row["ancestor_ids"]))
            for row in found
        ),
        reach=domain.Reach(platform_id, frozenset(itertools.chain.from_iterable(row["administered"] for row in found))),
    )


def mark_recalled(connection: Connection, *, platform_id: int, message_id: uuid.UUID, user_id: int) -> bool:
    """Recalls the message; returns False if it was recalled before. The caller holds the platform's `recall` lock.

    The time is bound: Citus takes no now() in an UPDATE.
    """
    recalled_at = connection.execute(_GET_RECALL_TIME, {"platform_id": platform_id}).scalar_one()
    marked = connection.execute(
        _MARK_RECALLED, {"message_id": message_id, "user_id": user_id, "recalled_at": recalled_at}
    )
    return marked.rowcount > 0
