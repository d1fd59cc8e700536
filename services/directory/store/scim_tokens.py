"""The directory tokens of a platform, by the SHA-256 of each."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

MAX_LISTED = 100
_VALID = "revoked_at IS NULL AND (expires_at IS NULL OR expires_at > clock_timestamp())"
_FIND = text(f"""
    SELECT t.id AS token_id, p.id AS platform_id, p.key AS platform_key,
           t.last_used_at IS NULL OR t.last_used_at < clock_timestamp() - interval '1 minute' AS is_stale
    FROM scim_tokens t JOIN platforms p ON p.id = t.platform_id
    WHERE t.hash = :hash AND {_VALID}
""")  # noqa: S608 (a constant)
_TOUCH = text("UPDATE scim_tokens SET last_used_at = :now WHERE id = :token_id")
_INSERT = text("""
    INSERT INTO scim_tokens (platform_id, hash, expires_at) VALUES (:platform_id, :hash, :expires_at) RETURNING id
""")
_SELECT = f"""
    SELECT id, created_at, expires_at, last_used_at, revoked_at, {_VALID} AS is_valid
    FROM scim_tokens WHERE platform_id = :platform_id
"""  # noqa: S608 (a constant)
_GET = text(f"{_SELECT} AND id = :token_id")
_LIST = text(f"SELECT * FROM ({_SELECT} ORDER BY is_valid DESC, id DESC LIMIT {MAX_LISTED}) newest ORDER BY id")  # noqa: S608 (constants)
_REVOKE = text("UPDATE scim_tokens SET revoked_at = :now WHERE id = :token_id")


@dataclass(frozen=True)
class Found:
    """`is_stale`: its last use was noted more than a minute ago."""

    token_id: int
    platform_id: int
    platform_key: str
    is_stale: bool


@dataclass(frozen=True)
class Token:
    id: int
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None
    is_valid: bool


def find_valid(connection: Connection, *, hash_: bytes) -> Found | None:
    row = connection.execute(_FIND, {"hash": hash_}).one_or_none()
    return Found(**row._mapping) if row else None


def mark_used(connection: Connection, *, token_id: int, now: datetime) -> None:
    connection.execute(_TOUCH, {"token_id": token_id, "now": now})


def insert_token(connection: Connection, *, platform_id: int, hash_: bytes, expires_at: datetime | None) -> int:
    values = {"platform_id": platform_id, "hash": hash_, "expires_at": expires_at}
    return int(connection.execute(_INSERT, values).scalar_one())


def get_token(connection: Connection, *, platform_id: int, token_id: int) -> Token | None:
    row = connection.execute(_GET, {"platform_id": platform_id, "token_id": token_id}).one_or_none()
    return Token(**row._mapping) if row else None


def list_tokens(connection: Connection, *, platform_id: int) -> list[Token]:
    """By id: the valid ones, and the newest of the others."""
    return [Token(**row._mapping) for row in connection.execute(_LIST, {"platform_id": platform_id})]


def mark_revoked(connection: Connection, *, token_id: int, now: datetime) -> None:
    connection.execute(_REVOKE, {"token_id": token_id, "now": now})
