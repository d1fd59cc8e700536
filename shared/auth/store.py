"""SQL: the platform and the user that a token names."""

from dataclasses import dataclass

import sqlalchemy
from sqlalchemy import Connection

ENTERPRISE = "enterprise"
ACTIVE = "active"


@dataclass(frozen=True)
class Issuer:
    """A platform's own token issuer; both None when it has none."""

    issuer: str | None
    jwks_url: str | None


@dataclass(frozen=True)
class Caller:
    """The user behind a request, as the directory has them now."""

    user_id: int
    external_id: str
    name: str
    status: str
    platform_id: int
    plan: str
    issuer: str | None
    is_administrator: bool

    @property
    def is_active(self) -> bool:
        return self.status == ACTIVE

    @property
    def may_send(self) -> bool:
        return self.plan == ENTERPRISE


# The columns in the order of Caller's fields; a service may want `more` of the platform p and the user u.
FIND_CALLER = """
    SELECT u.id AS user_id, u.external_id, u.name, u.status, p.id AS platform_id, p.plan, p.issuer,
           EXISTS (SELECT FROM memberships m
                   WHERE m.user_id = u.id AND m.role = 'administrator' AND m.valid_to_version IS NULL) AS is_administrator{more}
    FROM platforms p
    JOIN users u ON u.platform_id = p.id
    WHERE p.key = :platform AND u.external_id = :user
"""
_FIND_CALLER = sqlalchemy.text(FIND_CALLER.format(more=""))

_FIND_ISSUER = sqlalchemy.text("SELECT issuer, jwks_url FROM platforms WHERE key = :platform")


def find_caller(connection: Connection, *, platform: str, user: str) -> Caller | None:
    row = connection.execute(_FIND_CALLER, {"platform": platform, "user": user}).one_or_none()
    return None if row is None else Caller(**row._mapping)


def find_issuer(connection: Connection, *, platform: str) -> Issuer | None:
    row = connection.execute(_FIND_ISSUER, {"platform": platform}).one_or_none()
    return None if row is None else Issuer(**row._mapping)
