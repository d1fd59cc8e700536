"""The platform's row. Its key columns never change, and its lock is FOR NO KEY UPDATE, which does not block messages that refer to it."""

from dataclasses import asdict, dataclass

from sqlalchemy import Connection, text

from services.directory import domain


@dataclass(frozen=True)
class Platform:
    id: int
    key: str
    name: str
    plan: str
    directory_version: int
    issuer: str | None
    jwks_url: str | None
    managed_by: str
    categories: list[str]


_SELECT = """
    SELECT p.id, p.key, root.name, p.plan, p.directory_version, p.issuer, p.jwks_url, p.managed_by, p.categories
    FROM platforms p JOIN scopes root ON root.id = p.id
"""
_LIST = text(f"{_SELECT} ORDER BY p.key")
_GET = text(f"{_SELECT} WHERE p.key = :key")
_LOCK = text(f"{_SELECT} WHERE p.key = :key FOR NO KEY UPDATE OF p")
# The platform, and the root of its tree, which has the same id.
_INSERT = text("""
    WITH platform AS (
        INSERT INTO platforms (key, plan, issuer, jwks_url, managed_by, categories)
        VALUES (:key, :plan, :issuer, :jwks_url, :managed_by, :categories) RETURNING id
    ), root AS (
        INSERT INTO scopes (id, platform_id, level, external_id, name)
        SELECT id, id, CAST(:root_level AS scope_level), :key, :name FROM platform
    )
    INSERT INTO scope_ancestors (scope_id, ancestor_id, valid_from_version, platform_id) SELECT id, id, 0, id FROM platform
""")
_UPDATE = text("""
    UPDATE platforms SET plan = :plan, issuer = :issuer, jwks_url = :jwks_url, managed_by = :managed_by,
        categories = :categories, directory_version = directory_version + 1
    WHERE key = :key
    RETURNING id
""")
_RENAME = text("UPDATE scopes SET name = :name WHERE id = :platform_id AND name <> :name")
_SET_VERSION = text("UPDATE platforms SET directory_version = :version WHERE id = :platform_id")
_GET_BY_ISSUER = text("SELECT key FROM platforms WHERE issuer = :issuer AND key <> :key")


def list_platforms(connection: Connection) -> list[Platform]:
    return [Platform(*row) for row in connection.execute(_LIST)]


def get_platform(connection: Connection, *, key: str) -> Platform | None:
    row = connection.execute(_GET, {"key": key}).one_or_none()
    return Platform(*row) if row else None


def lock_platform(connection: Connection, *, key: str) -> Platform | None:
    """The platform, locked until the transaction ends."""
    row = connection.execute(_LOCK, {"key": key}).one_or_none()
    return Platform(*row) if row else None


def get_key_by_issuer(connection: Connection, *, issuer: str, other_than: str) -> str | None:
    """The key of another platform that has this issuer."""
    return connection.execute(_GET_BY_ISSUER, {"issuer": issuer, "key": other_than}).scalar_one_or_none()


def insert_platform(connection: Connection, *, platform: Platform) -> None:
    """Its id and version are the database's."""
    connection.execute(_INSERT, {**asdict(platform), "root_level": domain.ROOT_LEVEL})


def update_platform(connection: Connection, *, platform: Platform) -> None:
    """Updates all columns and increments the directory version."""
    platform_id = connection.execute(_UPDATE, asdict(platform)).scalar_one()
    connection.execute(_RENAME, {"platform_id": platform_id, "name": platform.name})


def set_directory_version(connection: Connection, *, platform_id: int, version: int) -> None:
    connection.execute(_SET_VERSION, {"platform_id": platform_id, "version": version})
