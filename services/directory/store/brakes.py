"""The brake on mass deactivation of each platform, and what it counts."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

_GET = text("""
    SELECT b.braked_at, coalesce(b.released_until > clock_timestamp(), false) AS is_released,
           (SELECT count(*) FROM scim_users u
            WHERE u.platform_id = s.id AND u.deactivated_at > clock_timestamp() - interval '1 hour'
              AND u.deactivated_at > coalesce(b.released_until, '-infinity')) AS deactivated,
           s.user_count AS active
    FROM scopes s
    LEFT JOIN scim_brakes b ON b.platform_id = s.id
    WHERE s.id = :platform_id
""")
_BRAKE = text("""
    INSERT INTO scim_brakes AS b (platform_id, braked_at) VALUES (:platform_id, :now)
    ON CONFLICT (platform_id) DO UPDATE SET braked_at = coalesce(b.braked_at, excluded.braked_at), released_until = NULL
""")
_RELEASE = text("""
    INSERT INTO scim_brakes (platform_id, released_until) VALUES (:platform_id, :until)
    ON CONFLICT (platform_id) DO UPDATE SET braked_at = NULL, released_until = excluded.released_until
""")
_COUNT_BRAKED = text("SELECT count(*) FROM scim_brakes WHERE braked_at IS NOT NULL")


@dataclass(frozen=True)
class Brake:
    """`deactivated`: users whom the client deactivated within the last hour and who still are; `active`: users who are active."""

    braked_at: datetime | None
    is_released: bool
    deactivated: int
    active: int


def get_brake(connection: Connection, *, platform_id: int) -> Brake:
    return Brake(**connection.execute(_GET, {"platform_id": platform_id}).one()._mapping)


def brake(connection: Connection, *, platform_id: int, now: datetime) -> None:
    connection.execute(_BRAKE, {"platform_id": platform_id, "now": now})


def release(connection: Connection, *, platform_id: int, until: datetime) -> None:
    connection.execute(_RELEASE, {"platform_id": platform_id, "until": until})


def count_braked(connection: Connection) -> int:
    return int(connection.execute(_COUNT_BRAKED).scalar_one())
