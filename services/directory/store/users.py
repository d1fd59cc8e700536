"""The users of a platform. New users are inserted first, so that later statements work on ids; other changes are planned, then applied."""

from dataclasses import dataclass

from sqlalchemy import Connection, text

from services.directory import report

_INSERT_NEW = text("""
    INSERT INTO users (platform_id, external_id, name, email, status)
    SELECT :platform_id, s.external_id, s.name, s.email, s.status
    FROM staged_users s
    LEFT JOIN users u ON u.platform_id = :platform_id AND u.external_id = s.external_id
    WHERE u.id IS NULL
    ORDER BY s.line
""")
_COUNT_ACTIVE = text("SELECT count(*) FROM users WHERE platform_id = :platform_id AND status = 'active'")
_PLAN = text("""
    INSERT INTO user_changes (user_id, name, email, status, is_missing, was_active)
    SELECT u.id, coalesce(s.name, u.name), coalesce(s.email, u.email), coalesce(s.status, 'disabled'),
           s.external_id IS NULL, u.status = 'active'
    FROM users u
    LEFT JOIN staged_users s ON s.external_id = u.external_id
    WHERE u.platform_id = :platform_id
      AND CASE WHEN s.external_id IS NULL THEN u.status <> 'disabled'
               ELSE u.name <> s.name OR u.email <> s.email OR u.status <> s.status END
""")
_COUNT_PLANNED = text("""
    SELECT count(*) FILTER (WHERE NOT is_missing), count(*) FILTER (WHERE is_missing),
           count(*) FILTER (WHERE was_active AND status <> 'active'), (SELECT count(*) FROM staged_users)
    FROM user_changes
""")
_APPLY = text("""
    UPDATE users u SET name = c.name, email = c.email, status = c.status FROM user_changes c WHERE u.id = c.user_id
""")
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


def count_active(connection: Connection, *, platform_id: int) -> int:
    return int(connection.execute(_COUNT_ACTIVE, {"platform_id": platform_id}).scalar_one())


def plan(connection: Connection, *, platform_id: int) -> Plan:
    """Inserts new users, and lists the users who change or end and those who will be active."""
    values = {"platform_id": platform_id}
    connection.execute(_PLAN, values)
    added = connection.execute(_INSERT_NEW, values).rowcount
    connection.execute(_LIST_ACTIVE, values)
    changed, ended, leaving, staged = connection.execute(_COUNT_PLANNED).one()
    difference = report.Difference(added=added, changed=changed, ended=ended, unchanged=staged - added - changed)
    return Plan(difference, leaving)


def apply(connection: Connection) -> None:
    """Applies the planned changes."""
    connection.execute(_APPLY)
