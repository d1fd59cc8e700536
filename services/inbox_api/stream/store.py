"""SQL: what happened on a platform, and which scopes its connected users belong to."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy
from sqlalchemy import Connection

from services.inbox_api.store import notifications, relation
from services.inbox_api.store.notifications import Notification
from shared import follow_ups, lifecycle, versions


@dataclass(frozen=True)
class Fresh:
    """A message that was accepted, as each of its recipients is shown it, and the scopes and version that say who they are."""

    notification: Notification
    is_hidden: bool
    directory_version: int
    scope_ids: tuple[int, ...]
    is_partial: bool
    age_s: float

    @property
    def message_id(self) -> uuid.UUID:
        return self.notification.id


@dataclass(frozen=True)
class Gone:
    """A message that was recalled, expired or was superseded `at` a time."""

    message_id: uuid.UUID
    at: datetime
    directory_version: int
    scope_ids: tuple[int, ...]
    is_partial: bool


@dataclass(frozen=True)
class Known:
    """How much of a platform is known: up to which message, until when what has expired, and which version of the directory."""

    sent_at: datetime
    expired_until: datetime
    directory_version: int


@dataclass(frozen=True)
class Change:
    """A platform where something changed: `has_news` if a message was accepted or recalled or has expired."""

    platform_id: int
    directory_version: int
    has_news: bool


@dataclass(frozen=True)
class User:
    """A user's status in a version of the directory. `now` is the time of the transaction."""

    directory_version: int
    status: str
    now: datetime


@dataclass(frozen=True)
class Membership:
    user_id: int
    scope_id: int


_GET_NEWEST = sqlalchemy.text("""
    SELECT sent_at, id FROM messages WHERE platform_id = :platform_id ORDER BY sent_at DESC LIMIT 1
""")

_SCOPES = f"""
    ARRAY(SELECT t.scope_id FROM message_targets t WHERE t.message_id = m.id) AS scope_ids, {lifecycle.IS_PARTIAL} AS is_partial"""  # noqa: S608 (a constant)

# Messages of a platform become visible in the order of their times, so nothing ever appears behind where one has looked.
_LIST_FRESH = sqlalchemy.text(f"""
    SELECT {notifications.COLUMNS}, m.directory_version, {lifecycle.IS_HIDDEN} AS is_hidden, {_SCOPES},
           CAST(extract(epoch FROM clock_timestamp() - m.sent_at) AS double precision) AS age_s
    FROM (SELECT m.id AS message_id, CAST(NULL AS timestamptz) AS seen_at, CAST(NULL AS timestamptz) AS read_at,
                 CAST(NULL AS timestamptz) AS archived_at, CAST(NULL AS timestamptz) AS acknowledged_at
          FROM messages m WHERE m.platform_id = :platform_id AND m.sent_at > :after ORDER BY m.sent_at LIMIT :limit) p
    {notifications.JOINS} ORDER BY m.sent_at
""")  # noqa: S608 (a constant)

_LIST_SUPERSEDED = sqlalchemy.text(f"""
    SELECT m.id AS message_id, m.superseded_at AS at, m.directory_version, {_SCOPES}
    FROM messages later JOIN messages m ON m.id = later.supersedes
    WHERE later.id = ANY(CAST(:ids AS uuid[]))
""")  # noqa: S608 (a constant)

# A recall's time is taken a moment before it is committed, so one looks back further than to the last look.
_RECALLED_LATELY = """
    SELECT m.id, m.recalled_at AS at, m.directory_version, m.follows, m.recipient_role FROM messages m
    WHERE m.platform_id = {platform_id} AND m.recalled_at > now() - make_interval(secs => :seconds)
"""
_LIST_RECALLED = sqlalchemy.text(f"""
    SELECT m.id AS message_id, m.at, m.directory_version, {_SCOPES} FROM ({_RECALLED_LATELY.format(platform_id=":platform_id")}) m
""")  # noqa: S608 (constants)

_EXPIRED_SINCE = """
    SELECT m.id, m.expires_at AS at, m.directory_version, m.follows, m.recipient_role FROM messages m
    WHERE m.platform_id = {platform_id} AND m.expires_at > {since} AND m.expires_at <= now()
"""
_LIST_EXPIRED = sqlalchemy.text(f"""
    SELECT m.id AS message_id, m.at, m.directory_version, {_SCOPES}
    FROM ({_EXPIRED_SINCE.format(platform_id=":platform_id", since=":since")}) m
""")  # noqa: S608 (constants)

# Of what a user had by the time :sent_at.
_LIST_EXPIRED_OF_USER = sqlalchemy.text(f"""
    SELECT m.id FROM messages m
    WHERE m.platform_id = :platform_id AND m.expires_at > :sent_at AND m.expires_at <= now() AND m.sent_at <= :sent_at
      AND NOT {lifecycle.IS_RECALLED} AND {relation.HAS}
    ORDER BY m.sent_at LIMIT :limit
""")  # noqa: S608 (constants)

# Asked every second: the newest message is one step in the index, where EXISTS (… sent_at > p.sent_at) was a scan of the table
# (PostgreSQL expects a third of the rows to be later than a time it does not know).
_LIST_CHANGES = sqlalchemy.text(f"""
    SELECT * FROM (
        SELECT p.id AS platform_id, d.directory_version, p.directory_version AS known_version,
               coalesce((SELECT m.sent_at FROM messages m WHERE m.platform_id = p.id ORDER BY m.sent_at DESC LIMIT 1) > p.sent_at, false)
                   OR EXISTS ({_RECALLED_LATELY.format(platform_id="p.id")})
                   OR EXISTS ({_EXPIRED_SINCE.format(platform_id="p.id", since="p.expired_until")}) AS has_news
        FROM unnest(CAST(:platform_ids AS bigint[]), CAST(:positions AS timestamptz[]), CAST(:expired AS timestamptz[]),
                    CAST(:versions AS bigint[])) AS p(id, sent_at, expired_until, directory_version)
        JOIN platforms d ON d.id = p.id
    ) found
    WHERE has_news OR directory_version > known_version
""")  # noqa: S608 (a constant)

_GET_USER = sqlalchemy.text("""
    SELECT p.directory_version, u.status, now() AS now FROM users u JOIN platforms p ON p.id = u.platform_id WHERE u.id = :user_id
""")

_LIST_INACTIVE = sqlalchemy.text("""
    SELECT id FROM users WHERE id = ANY(CAST(:user_ids AS bigint[])) AND status <> 'active'
""")

_LIST_MEMBERSHIPS = sqlalchemy.text(f"""
    SELECT b.user_id, b.scope_id FROM memberships b
    WHERE b.user_id = ANY(CAST(:user_ids AS bigint[])) AND {versions.valid_at("b", ":version")}
""")  # noqa: S608 (a constant)

_LIST_RECIPIENTS = sqlalchemy.text(f"""
    SELECT asked.user_id FROM unnest(CAST(:user_ids AS bigint[])) AS asked (user_id) JOIN messages m ON m.id = :message_id
    WHERE {follow_ups.is_recipient("asked.user_id")}
""")  # noqa: S608 (a constant)


def find_newest(connection: Connection, *, platform_id: int) -> tuple[datetime, uuid.UUID] | None:
    """Where the newest message of the platform stands, recalled or not."""
    row = connection.execute(_GET_NEWEST, {"platform_id": platform_id}).one_or_none()
    return None if row is None else (row.sent_at, row.id)


def list_fresh(connection: Connection, *, platform_id: int, after: datetime, limit: int) -> list[Fresh]:
    """The oldest messages of the platform that were accepted after `after`, oldest first."""
    rows = connection.execute(_LIST_FRESH, {"platform_id": platform_id, "after": after, "limit": limit})
    return [
        Fresh(
            notifications.read(row),
            row.is_hidden,
            row.directory_version,
            tuple(row.scope_ids),
            row.is_partial,
            row.age_s,
        )
        for row in rows
    ]


def list_superseded(connection: Connection, *, ids: Sequence[uuid.UUID]) -> list[Gone]:
    """What these messages supersede."""
    return [_gone(row) for row in connection.execute(_LIST_SUPERSEDED, {"ids": list(ids)})]


def list_recalled(connection: Connection, *, platform_id: int, seconds: float) -> list[Gone]:
    """What was recalled on the platform in the last `seconds`."""
    rows = connection.execute(_LIST_RECALLED, {"platform_id": platform_id, "seconds": seconds})
    return [_gone(row) for row in rows]


def list_expired(connection: Connection, *, platform_id: int, since: datetime) -> list[Gone]:
    """What has expired on the platform after `since`."""
    rows = connection.execute(_LIST_EXPIRED, {"platform_id": platform_id, "since": since})
    return [_gone(row) for row in rows]


def list_expired_of_user(
    connection: Connection, *, user_id: int, platform_id: int, sent_at: datetime, limit: int
) -> list[uuid.UUID]:
    """Of what the user had by the time `sent_at`, what has expired since, the oldest first."""
    parameters = {"user_id": user_id, "platform_id": platform_id, "sent_at": sent_at, "limit": limit}
    return list(connection.execute(_LIST_EXPIRED_OF_USER, parameters).scalars())


def list_changes(connection: Connection, *, known: Mapping[int, Known], seconds: float) -> list[Change]:
    """Those of the platforms with a later message, expiry or version than is known, or a recent recall."""
    parameters = {
        "platform_ids": list(known),
        "positions": [one.sent_at for one in known.values()],
        "expired": [one.expired_until for one in known.values()],
        "versions": [one.directory_version for one in known.values()],
        "seconds": seconds,
    }
    rows = connection.execute(_LIST_CHANGES, parameters)
    return [Change(row.platform_id, row.directory_version, row.has_news) for row in rows]


def get_user(connection: Connection, *, user_id: int) -> User:
    return User(**connection.execute(_GET_USER, {"user_id": user_id}).one()._mapping)


def list_inactive(connection: Connection, *, user_ids: Sequence[int]) -> list[int]:
    """Those of the users who are pending or disabled."""
    return list(connection.execute(_LIST_INACTIVE, {"user_ids": list(user_ids)}).scalars())


def list_memberships(connection: Connection, *, user_ids: Sequence[int], version: int) -> list[Membership]:
    """Where these users belonged in that version of the directory; nowhere if they were not active then."""
    rows = connection.execute(_LIST_MEMBERSHIPS, {"user_ids": list(user_ids), "version": version})
    return [Membership(**row._mapping) for row in rows]


def list_recipients(connection: Connection, *, message_id: uuid.UUID, user_ids: Sequence[int]) -> list[int]:
    """Of these users, who are in the audience of the message, its recipients: a follow-up does not go to all of its audience."""
    return list(connection.execute(_LIST_RECIPIENTS, {"message_id": message_id, "user_ids": list(user_ids)}).scalars())


def _gone(row: sqlalchemy.Row[tuple[object, ...]]) -> Gone:
    return Gone(row.message_id, row.at, row.directory_version, tuple(row.scope_ids), row.is_partial)
