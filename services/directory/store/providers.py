"""SQL: where a platform's people sign in to the console. A client secret is written and never read here."""

from dataclasses import dataclass

from sqlalchemy import Connection, text


@dataclass(frozen=True)
class Provider:
    issuer: str
    client_id: str
    user_claim: str


_FIND = text("""
    SELECT i.issuer, i.client_id, i.user_claim FROM identity_providers i JOIN platforms p ON p.id = i.platform_id WHERE p.key = :key
""")
_INSERT = text("""
    INSERT INTO identity_providers (platform_id, issuer, client_id, user_claim)
    SELECT id, :issuer, :client_id, :user_claim FROM platforms WHERE key = :key
""")
_UPDATE = text("""
    UPDATE identity_providers SET issuer = :issuer, client_id = :client_id, user_claim = :user_claim
    WHERE platform_id = (SELECT id FROM platforms WHERE key = :key)
""")
_SET_SECRET = text("""
    UPDATE identity_providers SET client_secret = :secret WHERE platform_id = (SELECT id FROM platforms WHERE key = :key)
""")
_DELETE = text("DELETE FROM identity_providers WHERE platform_id = (SELECT id FROM platforms WHERE key = :key)")


def find(connection: Connection, *, key: str) -> Provider | None:
    row = connection.execute(_FIND, {"key": key}).one_or_none()
    return Provider(*row) if row else None


def insert(connection: Connection, *, key: str, provider: Provider) -> None:
    connection.execute(_INSERT, {"key": key, **vars(provider)})


def update(connection: Connection, *, key: str, provider: Provider) -> None:
    connection.execute(_UPDATE, {"key": key, **vars(provider)})


def set_secret(connection: Connection, *, key: str, secret: str | None) -> None:
    connection.execute(_SET_SECRET, {"key": key, "secret": secret})


def delete(connection: Connection, *, key: str) -> None:
    connection.execute(_DELETE, {"key": key})
