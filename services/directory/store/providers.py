"""SQL: where a platform's people sign in to the console. A client secret is written and never read here."""

from dataclasses import dataclass

from sqlalchemy import Connection, text


@dataclass(frozen=True)
class Provider:
    issuer: str
    client_id: str
    user_claim: str


_FIND = text("SELECT issuer, client_id, user_claim FROM identity_providers WHERE platform_id = :platform_id")
_INSERT = text("""
    INSERT INTO identity_providers (platform_id, issuer, client_id, user_claim)
    VALUES (:platform_id, :issuer, :client_id, :user_claim)
""")
_UPDATE = text("""
    UPDATE identity_providers SET issuer = :issuer, client_id = :client_id, user_claim = :user_claim
    WHERE platform_id = :platform_id
""")
_SET_SECRET = text("UPDATE identity_providers SET client_secret = :secret WHERE platform_id = :platform_id")
_DELETE = text("DELETE FROM identity_providers WHERE platform_id = :platform_id")


def find(connection: Connection, *, platform_id: int) -> Provider | None:
    row = connection.execute(_FIND, {"platform_id": platform_id}).one_or_none()
    return Provider(**row._mapping) if row else None


def insert(connection: Connection, *, platform_id: int, provider: Provider) -> None:
    connection.execute(_INSERT, {"platform_id": platform_id, **vars(provider)})


def update(connection: Connection, *, platform_id: int, provider: Provider) -> None:
    connection.execute(_UPDATE, {"platform_id": platform_id, **vars(provider)})


def set_secret(connection: Connection, *, platform_id: int, secret: str | None) -> None:
    connection.execute(_SET_SECRET, {"platform_id": platform_id, "secret": secret})


def delete(connection: Connection, *, platform_id: int) -> None:
    connection.execute(_DELETE, {"platform_id": platform_id})
