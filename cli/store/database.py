"""SQL: the database itself: version, clock, roles, partitions, and what its platforms need for checking tokens."""

from datetime import datetime, timedelta

import sqlalchemy
from sqlalchemy import Connection

_COUNT_PLATFORMS = sqlalchemy.text("""
    SELECT count(*), count(*) FILTER (WHERE issuer IS NULL), min(key) FILTER (WHERE issuer IS NULL) FROM platforms
""")

# A membership is valid only while its user is active. The platform's own scope has the platform's id.
_LIST_WITHOUT_ADMINISTRATOR = sqlalchemy.text("""
    SELECT p.key FROM platforms p
    WHERE NOT EXISTS (
        SELECT FROM memberships m WHERE m.scope_id = p.id AND m.role = 'administrator' AND m.valid_to_version IS NULL
    )
    ORDER BY p.key
""")

_LIST_UNUSABLE_ROLES = sqlalchemy.text("""
    SELECT wanted FROM unnest(CAST(:roles AS text[])) wanted LEFT JOIN pg_roles r ON r.rolname = wanted
    WHERE r.oid IS NULL OR NOT pg_has_role(current_user, r.oid, 'SET')
    ORDER BY wanted
""")

# Every role may read alembic_version. pg_dump does not contain roles, so a restore in another server loses all that they may do.
_LIST_ROLES_WITHOUT_PRIVILEGES = sqlalchemy.text("""
    SELECT wanted FROM unnest(CAST(:roles AS text[])) wanted LEFT JOIN pg_roles r ON r.rolname = wanted
    WHERE to_regclass('alembic_version') IS NOT NULL
      AND (r.oid IS NULL OR NOT has_table_privilege(r.oid, to_regclass('alembic_version'), 'SELECT'))
    ORDER BY wanted
""")

_LIST_EXPECTED_MONTHS = sqlalchemy.text("""
    SELECT to_char((plausible_time() AT TIME ZONE 'UTC') + month * interval '1 month', 'YYYY-MM')
    FROM generate_series(0, CAST(:ahead AS integer)) month
    ORDER BY month
""")

_CONFIRM_CLOCK = sqlalchemy.text("""
    UPDATE known_time SET known_good = clock_timestamp(), accept_until = (SELECT coalesce(max(sent_at), '-infinity') FROM messages)
""")

# -infinity: nothing was dropped yet.
_GET_DROPPED_BEFORE = sqlalchemy.text("""
    SELECT CASE WHEN isfinite(dropped_before) THEN dropped_before END FROM inbox_retention
""")


def count_platforms(connection: Connection) -> tuple[int, int, str]:
    """How many platforms there are, how many of them have no issuer of their own, and the key of one of those."""
    count, without, first = connection.execute(_COUNT_PLATFORMS).one()
    return int(count), int(without), str(first or "")


def list_platforms_without_administrator(connection: Connection) -> list[str]:
    """The keys of the platforms that no active user administers."""
    return list(connection.execute(_LIST_WITHOUT_ADMINISTRATOR).scalars())


def list_unusable_roles(connection: Connection, *, roles: list[str]) -> list[str]:
    """Those of `roles` that do not exist or that this user may not act as."""
    return list(connection.execute(_LIST_UNUSABLE_ROLES, {"roles": roles}).scalars())


def list_roles_without_privileges(connection: Connection, *, roles: list[str]) -> list[str]:
    """Those of `roles` that are missing or may do nothing, although the schema is there; empty where there is no schema."""
    return list(connection.execute(_LIST_ROLES_WITHOUT_PRIVILEGES, {"roles": roles}).scalars())


def list_expected_months(connection: Connection, *, ahead: int) -> list[str]:
    """This month and the next `ahead` ones in UTC, as YYYY-MM."""
    return list(connection.execute(_LIST_EXPECTED_MONTHS, {"ahead": ahead}).scalars())


def find_dropped_before(connection: Connection) -> datetime | None:
    """Entries of messages sent before that have been dropped; None: nothing was dropped yet."""
    return connection.execute(_GET_DROPPED_BEFORE).scalar_one_or_none()


def confirm_clock(connection: Connection) -> None:
    """From now on PostgreSQL's clock counts as right, and platforms with messages ahead of it may send."""
    connection.execute(_CONFIRM_CLOCK)


def get_server_version(connection: Connection) -> str:
    return str(connection.execute(sqlalchemy.text("SHOW server_version")).scalar_one())


def moment_of(connection: Connection, since: datetime | timedelta) -> datetime:
    """A length of time as the moment so long ago by PostgreSQL's clock, with which what is stored is compared."""
    if isinstance(since, datetime):
        return since
    statement = sqlalchemy.text("SELECT clock_timestamp() - CAST(:since AS interval)")
    return connection.execute(statement, {"since": since}).scalar_one()  # type: ignore[no-any-return]


def get_time(connection: Connection) -> float:
    """PostgreSQL's clock, in seconds since 1970."""
    return float(connection.execute(sqlalchemy.text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one())
