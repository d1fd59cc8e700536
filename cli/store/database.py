"""SQL: the database itself, for `doctor`: version, clock, roles, and what its platforms need for checking tokens."""

import sqlalchemy
from sqlalchemy import Connection

_COUNT_PLATFORMS = sqlalchemy.text("""
    SELECT count(*), count(*) FILTER (WHERE issuer IS NULL), min(key) FILTER (WHERE issuer IS NULL) FROM platforms
""")

_LIST_ROLES = sqlalchemy.text("""
    SELECT wanted, r.oid IS NOT NULL AND pg_has_role(current_user, r.oid, 'SET') AS usable
    FROM unnest(CAST(:roles AS text[])) wanted
    LEFT JOIN pg_roles r ON r.rolname = wanted
    ORDER BY wanted
""")


def count_platforms(connection: Connection) -> tuple[int, int, str]:
    """How many platforms there are, how many of them have no issuer of their own, and the key of one of those."""
    count, without, first = connection.execute(_COUNT_PLATFORMS).one()
    return int(count), int(without), str(first or "")


def list_unusable_roles(connection: Connection, *, roles: list[str]) -> list[str]:
    """Those of `roles` that do not exist or that this user may not act as."""
    return [wanted for wanted, usable in connection.execute(_LIST_ROLES, {"roles": roles}) if not usable]


def get_server_version(connection: Connection) -> str:
    return str(connection.execute(sqlalchemy.text("SHOW server_version")).scalar_one())


def get_time(connection: Connection) -> float:
    """PostgreSQL's clock, in seconds since 1970."""
    return float(connection.execute(sqlalchemy.text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one())
