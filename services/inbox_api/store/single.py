"""SQL: one notification of a user, in the inbox or expired. Each function is one statement."""

# ruff: noqa: S608 (only constants are put into statements)

import uuid
from dataclasses import dataclass
from datetime import datetime

from services.inbox_api.store import counts, inbox, notifications, relation
from services.inbox_api.store.counts import Counts
from services.inbox_api.store.notifications import Driver, Notification
from shared import db, lifecycle


@dataclass(frozen=True)
class Position:
    """The time of a notification that is in the user's inbox, or was until its recall.

    `now` is the time of the change that follows; until its transaction ends, no follow-up is accepted. content_hash: None where it never
    asked for an acknowledgement.
    """

    sent_at: datetime
    is_recalled: bool
    is_superseded: bool
    is_expired: bool
    content_hash: bytes | None
    now: datetime

    @property
    def is_asking(self) -> bool:
        return self.content_hash is not None and not (self.is_superseded or self.is_expired)


_THIS_ONE = "m.id = :message_id AND m.platform_id = :platform_id"
_ONE = f"""
    page AS (
        SELECT {inbox.COLUMNS}
        FROM (SELECT m.sent_at, m.id AS message_id FROM messages m
              WHERE {_THIS_ONE} AND NOT {lifecycle.IS_RECALLED} AND {relation.HAS}) i {inbox.STATE}
    )"""

_GET_WITH_COUNTS = [
    db.driver_sql(f"""
    WITH {relation.INFLIGHT}, {counts.cte(asks=asks)}, {_ONE}
    SELECT {counts.COLUMNS}, {notifications.COLUMNS}
    FROM counts c LEFT JOIN (page p {notifications.JOINS}) ON true
    """)
    for asks in (False, True)
]
_FIND = db.driver_sql(f"WITH {_ONE} SELECT {notifications.COLUMNS} FROM page p {notifications.JOINS}")
# A message that was recalled before anything was written has its recipients in message_targets only.
_FIND_POSITION = db.driver_sql(f"""
    SELECT m.sent_at, {lifecycle.IS_RECALLED} AS is_recalled, m.superseded_at IS NOT NULL AS is_superseded,
           {lifecycle.IS_EXPIRED} AS is_expired, m.content_hash, next_state_at(m.platform_id) AS now
    FROM messages m
    WHERE {_THIS_ONE}
      AND ({relation.HAS} OR ({lifecycle.IS_RECALLED} AND NOT {lifecycle.ENTRIES_DROPPED} AND {relation.is_recipient("message_targets")}))
""")


def get_with_counts(
    connection: Driver, *, user_id: int, platform_id: int, message_id: uuid.UUID, asks: bool
) -> tuple[Notification | None, Counts]:
    """The one notification, archived or expired or not, and the counts; None where the user never got it or it was recalled.

    `asks`: see `counts.ask`.
    """
    found = counts.ask(
        connection, _GET_WITH_COUNTS, asks=asks, user_id=user_id, platform_id=platform_id, message_id=message_id
    )
    return (None if found[0].id is None else notifications.read(found[0])), counts.read(found)


def find_notification(
    connection: Driver, *, user_id: int, platform_id: int, message_id: uuid.UUID
) -> Notification | None:
    found = notifications.ask(connection, _FIND, user_id=user_id, platform_id=platform_id, message_id=message_id)
    return notifications.read(found[0]) if found else None


def find_position(connection: Driver, *, user_id: int, platform_id: int, message_id: uuid.UUID) -> Position | None:
    found = notifications.ask(
        connection, _FIND_POSITION, user_id=user_id, platform_id=platform_id, message_id=message_id
    )
    return Position(**found[0]._asdict()) if found else None
