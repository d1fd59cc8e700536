"""The platform's row. Its key columns never change and its lock is FOR NO KEY UPDATE: messages that refer to it go on."""

from dataclasses import dataclass

from sqlalchemy import Connection, text


@dataclass(frozen=True)
class Platform:
    id: int
    key: str
    name: str
    plan: str
    directory_version: int
    issuer: str | None
    jwks_url: str | None


_COLUMNS = "id, key, name, plan, directory_version, issuer, jwks_url"

_LIST = text(f"SELECT {_COLUMNS} FROM platforms ORDER BY key")  # noqa: S608 (constants)
_GET = text(f"SELECT {_COLUMNS} FROM platforms WHERE key = :key")  # noqa: S608 (constants)
_LOCK = text(f"SELECT {_COLUMNS} FROM platforms WHERE key = :key FOR NO KEY UPDATE")  # noqa: S608 (constants)
_INSERT = text("""
    WITH made AS (
        INSERT INTO platforms (key, name, plan, issuer, jwks_url) VALUES (:key, :name, :plan, :issuer, :jwks_url)
        RETURNING id
    )
    INSERT INTO scope_user_counts (scope_id, platform_id, user_count) SELECT id, id, 0 FROM made
""")
_UPDATE = text("""
    UPDATE platforms
    SET name = :name, plan = :plan, issuer = :issuer, jwks_url = :jwks_url, directory_version = directory_version + 1
    WHERE key = :key
""")
_SET_VERSION = text("UPDATE platforms SET directory_version = :version WHERE id = :platform_id")
_GET_BY_ISSUER = text("SELECT key FROM platforms WHERE issuer = :issuer AND key <> :key")


def list_platforms(connection: Connection) -> list[Platform]:
    return [Platform(*row) for row in connection.execute(_LIST)]


def get_platform(connection: Connection, *, key: str) -> Platform | None:
    row = connection.execute(_GET, {"key": key}).one_or_none()
    return Platform(*row) if row else None


def lock_platform(connection: Connection, *, key: str) -> Platform | None:
    """The platform as it stands; its directory is the caller's until the transaction ends."""
    row = connection.execute(_LOCK, {"key": key}).one_or_none()
    return Platform(*row) if row else None


def get_key_by_issuer(connection: Connection, *, issuer: str, other_than: str) -> str | None:
    """The key of another platform that has this issuer."""
    return connection.execute(_GET_BY_ISSUER, {"issuer": issuer, "key": other_than}).scalar_one_or_none()


def insert_platform(
    connection: Connection, *, key: str, name: str, plan: str, issuer: str | None, jwks_url: str | None
) -> None:
    values = {"key": key, "name": name, "plan": plan, "issuer": issuer, "jwks_url": jwks_url}
    connection.execute(_INSERT, values)


def update_platform(
    connection: Connection, *, key: str, name: str, plan: str, issuer: str | None, jwks_url: str | None
) -> None:
    """Writes all of it and raises the version."""
    values = {"key": key, "name": name, "plan": plan, "issuer": issuer, "jwks_url": jwks_url}
    connection.execute(_UPDATE, values)


def set_directory_version(connection: Connection, *, platform_id: int, version: int) -> None:
    connection.execute(_SET_VERSION, {"platform_id": platform_id, "version": version})
