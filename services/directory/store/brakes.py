"""The brake on mass deactivation of each platform, and what it counts."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from services.directory.provisioned import Client

_GET = text("""
    SELECT b.braked_at, b.braked_request, b.braked_token_id, b.braked_request_id,
           CASE WHEN b.released_until > clock_timestamp() THEN b.released_until END AS released_until,
           (SELECT count(*) FROM scim_users u
            WHERE u.platform_id = s.id AND u.deactivated_at > clock_timestamp() - interval '1 hour'
              AND u.deactivated_at > coalesce(b.released_until, '-infinity')) AS deactivated,
           s.user_count AS active
    FROM scopes s
    LEFT JOIN scim_brakes b ON b.platform_id = s.id
    WHERE s.id = :platform_id
""")
_BRAKE = text("""
    INSERT INTO scim_brakes AS b (platform_id, braked_at, braked_request, braked_token_id, braked_request_id)
    VALUES (:platform_id, :now, :request, :token_id, :request_id)
    ON CONFLICT (platform_id) DO UPDATE SET braked_at = excluded.braked_at, braked_request = excluded.braked_request,
        braked_token_id = excluded.braked_token_id, braked_request_id = excluded.braked_request_id, released_until = NULL
    WHERE b.braked_at IS NULL
""")
_RELEASE = text("""
    INSERT INTO scim_brakes (platform_id, released_until) VALUES (:platform_id, :until)
    ON CONFLICT (platform_id) DO UPDATE SET braked_at = NULL, braked_request = NULL, braked_token_id = NULL,
        braked_request_id = NULL, released_until = excluded.released_until
""")
_COUNT_BRAKED = text("SELECT count(*) FROM scim_brakes WHERE braked_at IS NOT NULL")


@dataclass(frozen=True)
class Brake:
    """`braked_request` and the rest: what was refused first. `deactivated`: users whom the client deactivated within the last hour and
    who still are; `active`: users who are active.
    """

    braked_at: datetime | None
    braked_request: str | None
    braked_token_id: int | None
    braked_request_id: str | None
    released_until: datetime | None
    deactivated: int
    active: int


def get_brake(connection: Connection, *, platform_id: int) -> Brake:
    return Brake(**connection.execute(_GET, {"platform_id": platform_id}).one()._mapping)


def brake(connection: Connection, *, client: Client, now: datetime) -> None:
    """Puts it on because of the client's request, unless it is on."""
    values = {
        "platform_id": client.platform_id,
        "now": now,
        "request": client.request,
        "token_id": client.token_id,
        "request_id": client.request_id,
    }
    connection.execute(_BRAKE, values)


def release(connection: Connection, *, platform_id: int, until: datetime) -> None:
    connection.execute(_RELEASE, {"platform_id": platform_id, "until": until})


def count_braked(connection: Connection) -> int:
    return int(connection.execute(_COUNT_BRAKED).scalar_one())
