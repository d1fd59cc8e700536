"""The newest refused requests of each platform's provisioning client."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from services.directory.provisioned import Client

KEPT = 50
_MAX_REQUEST, _MAX_DETAIL = 200, 500
# The part that deletes does not see the inserted row.
_INSERT = text(f"""
    WITH inserted AS (
        INSERT INTO scim_refusals (platform_id, token_id, request, status, code, detail, request_id)
        VALUES (:platform_id, :token_id, :request, :status, :code, :detail, :request_id)
    )
    DELETE FROM scim_refusals WHERE platform_id = :platform_id AND id <= (
        SELECT id FROM scim_refusals WHERE platform_id = :platform_id ORDER BY id DESC OFFSET {KEPT - 1} LIMIT 1
    )
""")  # noqa: S608 (a constant)
_LIST = text(f"""
    SELECT happened_at, token_id, request, status, code, detail, request_id
    FROM scim_refusals WHERE platform_id = :platform_id ORDER BY id DESC LIMIT {KEPT}
""")  # noqa: S608 (a constant)


@dataclass(frozen=True)
class Refusal:
    """`request`: method and path. `code`: the hub's, or SCIM's scimType. `detail`: the text of the response."""

    happened_at: datetime
    token_id: int
    request: str
    status: int
    code: str
    detail: str
    request_id: str


def insert_refusal(connection: Connection, *, client: Client, status: int, code: str, detail: str) -> None:
    """Replaces the platform's oldest one if there are KEPT."""
    values = {
        "platform_id": client.platform_id,
        "token_id": client.token_id,
        "request": client.request[:_MAX_REQUEST],
        "status": status,
        "code": code,
        "detail": detail[:_MAX_DETAIL],
        "request_id": client.request_id,
    }
    connection.execute(_INSERT, values)


def list_refusals(connection: Connection, *, platform_id: int) -> list[Refusal]:
    """Newest first."""
    return [Refusal(**row._mapping) for row in connection.execute(_LIST, {"platform_id": platform_id})]
