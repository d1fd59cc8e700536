"""The user that a token names, and whether they administer the platform."""

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import rows

from shared import db
from shared.auth import store

_FIND_CALLER = db.driver_sql(
    store.FIND_CALLER.format(
        more="""
        , p.key AS platform_key,
        EXISTS (SELECT FROM memberships m WHERE m.user_id = u.id AND m.scope_id = p.id AND m.role = 'administrator'
                AND m.valid_to_version IS NULL) AS administers_platform
        """
    )
)


@dataclass(frozen=True)
class Caller(store.Caller):
    platform_key: str
    administers_platform: bool


def find_caller(connection: psycopg.Connection[Any], *, platform: str, user: str) -> Caller | None:
    cursor = connection.cursor(row_factory=rows.class_row(Caller))
    return cursor.execute(_FIND_CALLER, {"platform": platform, "user": user}).fetchone()
