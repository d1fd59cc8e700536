"""SQL: one notification of a user, in the inbox or expired. Each function is one statement."""

# ruff: noqa: S608 (only constants are put into statements)

import uuid
from dataclasses import dataclass
from datetime import datetime

from services.inbox_api.store import inbox, relation
from shared import db, lifecycle


@dataclass(frozen=True)
class Position:
    """The time of a notification that is in the user's inbox, or was until its recall.

    `now` is the time of the change that follows; until its transaction ends, no follow-up is accepted.
    """

    sent_at: datetime
    is_recalled: bool
    now: datetime


_THIS_ONE = "m.id = :message_id AND m.platform_id = :platform_id"
_ONE = f"""
    page AS (
        SELECT {inbox.COLUMNS}
        FROM (SELECT m.sent_at, m.id AS message_id FROM messages m
              WHERE {_THIS_ONE} AND NOT {lifecycle.IS_RECALLED} AND {relation.HAS}) i {inbox.STATE}
    )"""

_GET_WITH_COUNTS = db.driver_sql(f"""
    WITH {relation.INFLIGHT}, {inbox.COUNTS}, {_ONE}
    SELECT c.unread_count, c.unseen_count, {inbox.NOTIFICATION}
    FROM counts c LEFT JOIN (page p {inbox.NOTIFICATIONS}) ON true
""")
_FIND = db.driver_sql(f"WITH {_ONE} SELECT {inbox.NOTIFICATION} FROM page p {inbox.NOTIFICATIONS}")
# A message that was recalled before anything was written has its recipients in message_targets only.
_FIND_POSITION = db.driver_sql(f"""
    SELECT m.sent_at, {lifecycle.IS_RECALLED} AS is_recalled, next_state_at(m.platform_id) AS now
    FROM messages m
    WHERE {_THIS_ONE}
      AND ({relation.HAS} OR ({lifecycle.IS_RECALLED} AND NOT {lifecycle.ENTRIES_DROPPED} AND {relation.is_recipient("message_targets")}))
""")


def get_with_counts(
    connection: inbox.Driver, *, user_id: int, platform_id: int, message_id: uuid.UUID
) -> tuple[inbox.Notification | None, inbox.Counts]:
    """The one notification, archived or expired or not, and the counts; None where the user never got it or it was recalled."""
    found = inbox.ask(connection, _GET_WITH_COUNTS, user_id=user_id, platform_id=platform_id, message_id=message_id)
    return (None if found[0].id is None else inbox.read_notification(found[0])), inbox.read_counts(found)


def find_notification(
    connection: inbox.Driver, *, user_id: int, platform_id: int, message_id: uuid.UUID
) -> inbox.Notification | None:
    found = inbox.ask(connection, _FIND, user_id=user_id, platform_id=platform_id, message_id=message_id)
    return inbox.read_notification(found[0]) if found else None


def find_position(
    connection: inbox.Driver, *, user_id: int, platform_id: int, message_id: uuid.UUID
) -> Position | None:
    found = inbox.ask(connection, _FIND_POSITION, user_id=user_id, platform_id=platform_id, message_id=message_id)
    return Position(found[0].sent_at, found[0].is_recalled, found[0].now) if found else None
