"""SQL: where a platform's people sign in to the console, and their e-mail domains. A client secret is written and never read here."""

from dataclasses import dataclass

from sqlalchemy import Connection, text


@dataclass(frozen=True)
class Provider:
    issuer: str
    client_id: str
    user_claim: str
    email_domains: tuple[str, ...]


_FIND = text("""
    SELECT issuer, client_id, user_claim,
           ARRAY(SELECT domain FROM sign_in_domains d WHERE d.platform_id = i.platform_id ORDER BY domain) AS email_domains
    FROM identity_providers i WHERE platform_id = :platform_id
""")
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
_DELETE_DOMAINS = text("DELETE FROM sign_in_domains WHERE platform_id = :platform_id")
_INSERT_DOMAINS = text("""
    INSERT INTO sign_in_domains (domain, platform_id) SELECT unnest(CAST(:domains AS text[])), :platform_id
    ON CONFLICT DO NOTHING RETURNING domain
""")


def find(connection: Connection, *, platform_id: int) -> Provider | None:
    row = connection.execute(_FIND, {"platform_id": platform_id}).one_or_none()
    return Provider(**{**row._mapping, "email_domains": tuple(row.email_domains)}) if row else None


def insert(connection: Connection, *, platform_id: int, provider: Provider) -> None:
    connection.execute(_INSERT, {"platform_id": platform_id, **vars(provider)})


def update(connection: Connection, *, platform_id: int, provider: Provider) -> None:
    connection.execute(_UPDATE, {"platform_id": platform_id, **vars(provider)})


def set_secret(connection: Connection, *, platform_id: int, secret: str | None) -> None:
    connection.execute(_SET_SECRET, {"platform_id": platform_id, "secret": secret})


def set_domains(connection: Connection, *, platform_id: int, domains: tuple[str, ...]) -> set[str]:
    """The platform has these domains and no others. Returns those that belong to another platform, which are not set."""
    connection.execute(_DELETE_DOMAINS, {"platform_id": platform_id})
    made = connection.execute(_INSERT_DOMAINS, {"platform_id": platform_id, "domains": list(domains)}).scalars()
    return set(domains) - set(made)


def delete(connection: Connection, *, platform_id: int) -> None:
    connection.execute(_DELETE, {"platform_id": platform_id})
