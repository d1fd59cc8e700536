"""SQL: what is shown of the recipients of a message. An export of a million recipients writes 25,000 rows in a second."""

# ruff: noqa: S608 (only constants are put into statements)

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy
from sqlalchemy import Connection

from services.inbox_api.store import people
from shared import versions


@dataclass(frozen=True)
class Clinic:
    id: str
    name: str


@dataclass(frozen=True)
class Recipient:
    """`clinics`: those within the viewer's reach, as of the message's version. `read_at` is None if unread or not known any more."""

    user_id: int
    id: str
    name: str
    clinics: tuple[Clinic, ...]
    read_at: datetime | None


_IS_READ = "mark.message_id = :message_id AND mark.read_at IS NOT NULL"
READ = people.Marks(
    rows=f"inbox_states mark WHERE mark.first_read_at IS NOT NULL AND {_IS_READ}",
    one=f"inbox_states mark WHERE mark.user_id = {{0}} AND mark.sent_at = :sent_at AND {_IS_READ}",
)

# The clinics of the user `u`, a row `belonged`.
CLINICS = f"""
    SELECT array_agg(s.external_id ORDER BY s.name, s.id) AS ids, array_agg(s.name ORDER BY s.name, s.id) AS names
    FROM memberships b JOIN scopes s ON s.id = b.scope_id
    WHERE b.user_id = u.id AND {versions.valid_at("b", ":version")} AND s.level = CAST(:level AS scope_level)
      AND (CAST(:administered AS bigint[]) IS NULL
           OR EXISTS (SELECT FROM scope_ancestors a
                      WHERE a.scope_id = s.id AND {versions.valid_at("a", ":version")}
                        AND {people.IS_ONE_OF.format("a.ancestor_id", ":administered")} OFFSET 0))
"""
_GET = sqlalchemy.text(f"""
    SELECT u.id AS user_id, u.external_id, u.name, r.read_at, belonged.ids, belonged.names
    FROM users u
    LEFT JOIN inbox_states r ON r.user_id = u.id AND r.sent_at = :sent_at AND r.message_id = :message_id
    CROSS JOIN LATERAL ({CLINICS}) AS belonged
    WHERE u.id = ANY(CAST(:user_ids AS bigint[]))
    ORDER BY u.id
""")


def get_recipients(connection: Connection, wanted: people.Wanted, *, user_ids: Sequence[int]) -> list[Recipient]:
    """These recipients, in the order of their ids."""
    values = {**wanted.parameters, "user_ids": list(user_ids), "level": "clinic"}
    return [
        Recipient(row.user_id, row.external_id, row.name, clinics(row.ids, row.names), row.read_at)
        for row in connection.execute(_GET, values)
    ]


def clinics(ids: Sequence[str] | None, names: Sequence[str] | None) -> tuple[Clinic, ...]:
    return tuple(map(Clinic, ids or (), names or ()))
