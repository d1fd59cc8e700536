"""SQL: identity providers, the people who sign in there, and the console's sessions, found by the hash of their id."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import psycopg
from psycopg import rows

from shared import db

_IDLE_MINUTES = 30
LONGEST_HOURS = 12
Reason = Literal["signed-out", "provider", "replaced", "user-inactive"]


@dataclass(frozen=True)
class Provider:
    """Where the people of a platform sign in. `user_claim`: sub, oid or email."""

    platform_id: int
    platform: str
    issuer: str
    client_id: str
    client_secret: str | None = field(repr=False)
    user_claim: str


@dataclass(frozen=True)
class Person:
    id: int
    external_id: str
    name: str
    status: str


@dataclass(frozen=True)
class Session:
    """A session, open or not. It ends at the earlier of `expires_at` and `idle_expires_at`."""

    id_hash: bytes
    platform_id: int
    platform: str
    user_id: int
    external_id: str
    name: str
    status: str
    issuer: str
    client_id: str
    id_token: str | None = field(repr=False)
    signed_in_at: datetime
    idle_expires_at: datetime
    expires_at: datetime
    is_open: bool
    now: datetime


@dataclass(frozen=True)
class NewSession:
    id_hash: bytes
    platform_id: int
    user_id: int
    issuer: str
    client_id: str
    subject: str
    sid: str | None
    id_token: str | None = field(repr=False)


@dataclass(frozen=True)
class Ended:
    """A session that was just ended: whose."""

    platform_id: int
    user_id: int


@dataclass(frozen=True)
class SignIn:
    """Where people of the hub may sign in: platforms with a provider, at most two, and whether some platform has none."""

    platforms: tuple[str, ...]
    tokens: bool


_PROVIDER = """
    SELECT p.id AS platform_id, p.key AS platform, i.issuer, i.client_id, i.client_secret, i.user_claim
    FROM identity_providers i JOIN platforms p ON p.id = i.platform_id
"""
# A key may look like a domain; the platform with that key comes first.
_FIND_PROVIDER = db.driver_sql(f"""
    {_PROVIDER} WHERE p.key = :platform OR p.id = (SELECT platform_id FROM sign_in_domains WHERE domain = :domain)
    ORDER BY p.key = :platform DESC LIMIT 1
""")  # noqa: S608 (constants)
_LIST_DOMAINS = db.driver_sql("SELECT domain FROM sign_in_domains WHERE platform_id = :platform_id ORDER BY domain")
_LIST_PROVIDERS = db.driver_sql(f"{_PROVIDER} WHERE i.issuer = :issuer AND i.client_id = ANY(:clients) ORDER BY p.id")
_GET_SIGN_IN = db.driver_sql("""
    SELECT ARRAY(SELECT p.key FROM identity_providers i JOIN platforms p ON p.id = i.platform_id ORDER BY p.key LIMIT 2) AS platforms,
           EXISTS (SELECT FROM platforms p WHERE NOT EXISTS (SELECT FROM identity_providers i WHERE i.platform_id = p.id)) AS tokens
""")
_PERSON = "SELECT u.id, u.external_id, u.name, u.status FROM users u"
_FIND_BY_ID = db.driver_sql(f"{_PERSON} WHERE u.platform_id = :platform_id AND u.external_id = :value")
_FIND_BY_EMAIL = db.driver_sql(f"{_PERSON} JOIN find_users_by_email(:platform_id, :value) f ON f = u.id")
_INSERT = db.driver_sql(f"""
    WITH old AS (DELETE FROM console_sessions WHERE coalesce(ended_at, expires_at) < now() - interval '1 day')
    INSERT INTO console_sessions (id_hash, platform_id, user_id, issuer, client_id, subject, sid, id_token, expires_at)
    VALUES (:id_hash, :platform_id, :user_id, :issuer, :client_id, :subject, :sid, :id_token, now() + interval '{LONGEST_HOURS} hours')
""")  # noqa: S608 (constants)
_IDLE_END = f"s.last_seen_at + interval '{_IDLE_MINUTES} minutes'"
# A condition on a session `s`.
IS_OPEN = f"s.ended_at IS NULL AND now() < least(s.expires_at, {_IDLE_END})"
_FIND = db.driver_sql(f"""
    SELECT s.id_hash, s.platform_id, p.key AS platform, s.user_id, u.external_id, u.name, u.status, s.issuer, s.client_id, s.id_token,
           s.created_at AS signed_in_at, {_IDLE_END} AS idle_expires_at, s.expires_at, {IS_OPEN} AS is_open, now() AS now
    FROM console_sessions s JOIN users u ON u.id = s.user_id JOIN platforms p ON p.id = s.platform_id
    WHERE s.id_hash = :id_hash
""")  # noqa: S608 (constants)
_MARK_SEEN = db.driver_sql(f"""
    UPDATE console_sessions s SET last_seen_at = now()
    WHERE id_hash = :id_hash AND {IS_OPEN} AND last_seen_at < now() - interval '1 minute'
""")  # noqa: S608 (constants)
# Of the sessions `s` that fulfil {which}, those that have not ended.
END = """
    UPDATE console_sessions s SET ended_at = now(), ended_reason = :reason, id_token = NULL
    WHERE s.ended_at IS NULL AND {which}
    RETURNING platform_id, user_id
"""
_END_ONE = db.driver_sql(END.format(which="s.id_hash = :id_hash"))
_END_OF_PROVIDER = db.driver_sql(
    END.format(
        which="""s.issuer = :issuer AND s.client_id = :client_id
        AND (CAST(:sid AS text) IS NULL OR s.sid = :sid) AND (CAST(:subject AS text) IS NULL OR s.subject = :subject)"""
    )
)
_INSERT_LOGOUT = db.driver_sql("""
    WITH old AS (DELETE FROM console_logouts WHERE expires_at < now())
    INSERT INTO console_logouts (issuer, jti, expires_at) VALUES (:issuer, :jti, now() + interval '1 day')
    ON CONFLICT DO NOTHING
""")


def find_provider(connection: psycopg.Connection[Any], *, platform: str, domain: str | None = None) -> Provider | None:
    """The provider of the platform with this key, else of the one with this e-mail domain."""
    cursor = connection.cursor(row_factory=rows.class_row(Provider))
    return cursor.execute(_FIND_PROVIDER, {"platform": platform, "domain": domain}).fetchone()


def list_domains(connection: psycopg.Connection[Any], *, platform_id: int) -> list[str]:
    return [domain for (domain,) in connection.execute(_LIST_DOMAINS, {"platform_id": platform_id}).fetchall()]


def list_providers(connection: psycopg.Connection[Any], *, issuer: str, clients: list[str]) -> list[Provider]:
    """The platforms that sign in at `issuer` as one of `clients`."""
    cursor = connection.cursor(row_factory=rows.class_row(Provider))
    return cursor.execute(_LIST_PROVIDERS, {"issuer": issuer, "clients": clients}).fetchall()


def get_sign_in(connection: psycopg.Connection[Any]) -> SignIn:
    cursor = connection.cursor(row_factory=rows.dict_row)
    found = cursor.execute(_GET_SIGN_IN).fetchone()
    assert found is not None  # noqa: S101 (a SELECT without FROM has one row)
    return SignIn(tuple(found["platforms"]), found["tokens"])


def list_people(connection: psycopg.Connection[Any], *, platform_id: int, value: str, is_email: bool) -> list[Person]:
    """The users of the platform with this external id or e-mail address; of an address that several have, two."""
    cursor = connection.cursor(row_factory=rows.class_row(Person))
    statement = _FIND_BY_EMAIL if is_email else _FIND_BY_ID
    return cursor.execute(statement, {"platform_id": platform_id, "value": value}).fetchall()


def insert(connection: psycopg.Connection[Any], new: NewSession) -> None:
    """Also deletes the rows of sessions that ended more than a day ago."""
    connection.execute(_INSERT, vars(new))


def find(connection: psycopg.Connection[Any], *, id_hash: bytes) -> Session | None:
    cursor = connection.cursor(row_factory=rows.class_row(Session))
    return cursor.execute(_FIND, {"id_hash": id_hash}).fetchone()


def mark_seen(connection: psycopg.Connection[Any], *, id_hash: bytes) -> None:
    """Begins the idle time anew, at most once a minute; an ended session stays ended."""
    connection.execute(_MARK_SEEN, {"id_hash": id_hash})


def end(connection: psycopg.Connection[Any], *, id_hash: bytes, reason: Reason) -> Ended | None:
    """Ends the session; None if it had ended."""
    cursor = connection.cursor(row_factory=rows.class_row(Ended))
    return cursor.execute(_END_ONE, {"id_hash": id_hash, "reason": reason}).fetchone()


def end_at_provider(
    connection: psycopg.Connection[Any], provider: Provider, *, sid: str | None, subject: str | None
) -> list[Ended]:
    """Ends the sessions with this sid and subject, as far as each is given."""
    values = {"issuer": provider.issuer, "client_id": provider.client_id, "sid": sid, "subject": subject}
    cursor = connection.cursor(row_factory=rows.class_row(Ended))
    return cursor.execute(_END_OF_PROVIDER, {**values, "reason": "provider"}).fetchall()


def insert_logout(connection: psycopg.Connection[Any], *, issuer: str, jti: str) -> bool:
    """Whether this logout token is the first with its jti."""
    return connection.execute(_INSERT_LOGOUT, {"issuer": issuer, "jti": jti}).rowcount == 1
