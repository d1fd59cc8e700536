"""SQL: the platform and the user that a token names."""

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import rows

from shared import db

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
    jwks_url: str | None
    is_administrator: bool

    @property
    def is_active(self) -> bool:
        return self.status == ACTIVE

    @property
    def may_send(self) -> bool:
        return self.plan == ENTERPRISE


# A service may want `more` of the platform p and the user u.
FIND_CALLER = """
    SELECT u.id AS user_id, u.external_id, u.name, u.status, p.id AS platform_id, p.plan, p.issuer, p.jwks_url,
           EXISTS (SELECT FROM memberships m
                   WHERE m.user_id = u.id AND m.role = 'administrator' AND m.valid_to_version IS NULL) AS is_administrator{more}
    FROM platforms p
    JOIN users u ON u.platform_id = p.id
    WHERE p.key = :platform AND u.external_id = :user
"""
_FIND_CALLER = db.driver_sql(FIND_CALLER.format(more=""))

_FIND_ISSUER = db.driver_sql("SELECT issuer, jwks_url FROM platforms WHERE key = :platform")


def find_caller(connection: psycopg.Connection[Any], *, platform: str, user: str) -> Caller | None:
    cursor = connection.cursor(row_factory=rows.class_row(Caller))
    return cursor.execute(_FIND_CALLER, {"platform": platform, "user": user}).fetchone()


def find_issuer(connection: psycopg.Connection[Any], *, platform: str) -> Issuer | None:
    cursor = connection.cursor(row_factory=rows.class_row(Issuer))
    return cursor.execute(_FIND_ISSUER, {"platform": platform}).fetchone()
