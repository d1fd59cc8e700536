"""The users of a platform. New users are inserted first, so that later statements work on ids; other changes are planned, then applied.

The files do not change the name of a user who was erased, until that user is no longer disabled.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from services.directory import report

FORMER_USER = "Former user"

_GET_TIME = text("SELECT clock_timestamp()")
_INSERT_NEW = text("""
    INSERT INTO users (platform_id, external_id, name, email, status, disabled_at)
    SELECT :platform_id, s.external_id, s.name, s.email, s.status,
           CASE WHEN s.status = 'disabled' THEN CAST(:now AS timestamptz) END
    FROM staged_users s
    LEFT JOIN users u ON u.platform_id = :platform_id AND u.external_id = s.external_id
    WHERE u.id IS NULL
    ORDER BY s.line
""")
_COUNT_ACTIVE = text("SELECT count(*) FROM users WHERE platform_id = :platform_id AND status = 'active'")
_KEEPS_NAME = "(s.external_id IS NULL OR s.status = 'disabled' AND u.erased_at IS NOT NULL)"
_PLAN = text(f"""
    INSERT INTO user_changes (user_id, name, email, status, is_missing, was_active)
    SELECT u.id, CASE WHEN {_KEEPS_NAME} THEN u.name ELSE s.name END, CASE WHEN {_KEEPS_NAME} THEN u.email ELSE s.email END,
           coalesce(s.status, 'disabled'), s.external_id IS NULL, u.status = 'active'
    FROM users u
    LEFT JOIN staged_users s ON s.external_id = u.external_id
    WHERE u.platform_id = :platform_id
      AND (u.status <> coalesce(s.status, 'disabled') OR NOT {_KEEPS_NAME} AND (u.name <> s.name OR u.email <> s.email))
""")  # noqa: S608 (a constant)
_COUNT_PLANNED = text("""
    SELECT count(*) FILTER (WHERE NOT is_missing), count(*) FILTER (WHERE is_missing),
           count(*) FILTER (WHERE was_active AND status <> 'active'), (SELECT count(*) FROM staged_users)
    FROM user_changes
""")
_APPLY = text("""
    UPDATE users u
    SET name = c.name, email = c.email, status = c.status,
        disabled_at = CASE WHEN c.status = 'disabled' THEN coalesce(u.disabled_at, CAST(:now AS timestamptz)) END,
        erased_at = CASE WHEN c.status = 'disabled' THEN u.erased_at END
    FROM user_changes c WHERE u.id = c.user_id
""")
# What a provisioning client stated goes too; only ids stay.
_ERASE = """
    WITH erased AS (
        UPDATE users SET name = :former_user, email = '', erased_at = :now
        WHERE platform_id = :platform_id AND status = 'disabled' AND erased_at IS NULL AND {which}
        RETURNING id
    ), stated AS (
        UPDATE scim_users s SET user_name = 'former-user-' || s.user_id, attributes = '{{}}' FROM erased e WHERE s.user_id = e.id
    )
    SELECT count(*) FROM erased
"""
_ERASE_FORMER = text(_ERASE.format(which="disabled_at <= :before"))
_ERASE_ONE = text(_ERASE.format(which="id = :user_id"))
_FIND = text("SELECT id, status FROM users WHERE platform_id = :platform_id AND external_id = :external_id")
_LIST_ACTIVE = text("""
    INSERT INTO active_users (user_id, external_id)
    SELECT u.id, u.external_id
    FROM staged_users s
    JOIN users u ON u.platform_id = :platform_id AND u.external_id = s.external_id
    WHERE s.status = 'active'
""")


@dataclass(frozen=True)
class Plan:
    """`leaving`: the number of active users who will be inactive."""

    difference: report.Difference
    leaving: int


@dataclass(frozen=True)
class User:
    id: int
    status: str


def get_time(connection: Connection) -> datetime:
    """PostgreSQL's clock."""
    now: datetime = connection.execute(_GET_TIME).scalar_one()
    return now


def find_user(connection: Connection, *, platform_id: int, external_id: str) -> User | None:
    row = connection.execute(_FIND, {"platform_id": platform_id, "external_id": external_id}).one_or_none()
    return User(row.id, row.status) if row else None


def count_active(connection: Connection, *, platform_id: int) -> int:
    return int(connection.execute(_COUNT_ACTIVE, {"platform_id": platform_id}).scalar_one())


def plan(connection: Connection, *, platform_id: int, now: datetime) -> Plan:
    """Inserts new users, and lists the users who change or end and those who will be active."""
    values = {"platform_id": platform_id}
    connection.execute(_PLAN, values)
    added = connection.execute(_INSERT_NEW, {**values, "now": now}).rowcount
    connection.execute(_LIST_ACTIVE, values)
    changed, ended, leaving, staged = connection.execute(_COUNT_PLANNED).one()
    difference = report.Difference(added=added, changed=changed, ended=ended, unchanged=staged - added - changed)
    return Plan(difference, leaving)


def apply(connection: Connection, *, now: datetime) -> None:
    """Applies the planned changes."""
    connection.execute(_APPLY, {"now": now})


def erase_former(connection: Connection, *, platform_id: int, before: datetime, now: datetime) -> int:
    """Replaces name and e-mail address of the users who were disabled `before`; returns how many had one."""
    values = {"platform_id": platform_id, "before": before, "now": now, "former_user": FORMER_USER}
    return int(connection.execute(_ERASE_FORMER, values).scalar_one())


def erase_one(connection: Connection, *, platform_id: int, user_id: int, now: datetime) -> int:
    """The same for one disabled user."""
    values = {"platform_id": platform_id, "user_id": user_id, "now": now, "former_user": FORMER_USER}
    return int(connection.execute(_ERASE_ONE, values).scalar_one())
