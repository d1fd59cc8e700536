"""The audit trail of imports, erasures, platforms and provisioning.

Rows are added and never changed; the directory's role cannot read them.
"""

from dataclasses import asdict, dataclass
from typing import Literal

from sqlalchemy import Connection, text

Action = Literal["import", "platform", "erase", "scim", "scope"]
Outcome = Literal["created", "updated", "changed", "unchanged", "tried", "refused"]

_LONGEST_OPERATOR, _LONGEST_DETAIL = 200, 500


@dataclass(frozen=True)
class Event:
    """`operator`: who ran the command, and where, or the directory token; None for a user. `reason`: the code of a refusal. `detail`:
    numbers and names of fields.
    """

    action: Action
    outcome: Outcome
    operator: str | None
    platform_key: str
    directory_version: int | None = None
    reason: str | None = None
    detail: str | None = None
    user_id: int | None = None
    request_id: str | None = None
    address: str | None = None


# Id and time are defaults that no role may override. The platform of a refusal may not exist.
_INSERT = text("""
    INSERT INTO audit_events (action, outcome, reason, platform_id, user_id, operator, directory_version, request_id, address, detail)
    SELECT :action, :outcome, :reason, (SELECT id FROM platforms WHERE key = :platform_key), CAST(:user_id AS bigint), :operator,
           CAST(:directory_version AS bigint), :request_id, CAST(:address AS inet), :detail
""")


def insert(connection: Connection, event: Event) -> None:
    values = asdict(event)
    if event.user_id is None:
        values["operator"] = _printable(event.operator or "", _LONGEST_OPERATOR) or "unknown"
    values["detail"] = _printable(event.detail or "", _LONGEST_DETAIL) or None
    connection.execute(_INSERT, values)


def _printable(value: str, longest: int) -> str:
    printable = "".join(character if character.isprintable() else "?" for character in value)
    return printable if len(printable) <= longest else printable[: longest - 1] + "…"
