"""Users as a provisioning client sees them: those whom it has written, and those whom an import has.

Without a row in scim_users, the user name is the external id. Hidden users are found by their external id only, to come back.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from services.directory.provisioned import Page, UserState
from services.directory.store.scim_pages import VISIBLE, Kind, is_same, list_page

# The condition of each attribute has an index, apart from names and whether a user is active.
_KIND = Kind(
    columns=f"""
        u.id, u.external_id, u.name, u.email, u.status, s.user_name, s.external_id AS stated_external_id, s.attributes,
        NOT {VISIBLE} AS is_hidden, u.erased_at IS NOT NULL AS is_erased, s.created_at, s.changed_at
    """,
    source="users u LEFT JOIN scim_users s ON s.user_id = u.id",
    of_platform=f"u.platform_id = :platform_id AND {VISIBLE}",
    conditions={
        "id": "u.id = :{0}",
        "userName": f"""u.id IN (
            SELECT user_id FROM scim_users WHERE platform_id = :platform_id AND {is_same("user_name", "{0}")} AND NOT hidden
            UNION ALL
            SELECT i.id FROM users i WHERE i.platform_id = :platform_id AND i.external_id = :{{0}}
                AND NOT EXISTS (SELECT FROM scim_users x WHERE x.user_id = i.id)
        )""",  # noqa: S608 (constants)
        "externalId": "u.external_id = :{0} AND (s.user_id IS NULL OR s.external_id = :{0})",
        # As an array: with ORDER BY and LIMIT the planner would walk through the ids of all users instead of using the index.
        "emails": f"""u.id = ANY (ARRAY(
            SELECT e.id FROM users e
            WHERE e.platform_id = :platform_id AND {is_same("e.email", "{0}")} AND e.email <> ''
        ))""",  # noqa: S608 (constants)
        "displayName": is_same("u.name", "{0}"),
        "active": "(u.status = 'active') = :{0}",
    },
)
_GET = text(f"{_KIND.select} WHERE u.platform_id = :platform_id AND u.id = :user_id AND {VISIBLE}")
_FIND_BY_EXTERNAL_ID = text(f"{_KIND.select} WHERE u.platform_id = :platform_id AND u.external_id = :external_id")
_HAS_USER_NAME = text(f"""
    SELECT EXISTS (
        SELECT FROM scim_users
        WHERE platform_id = :platform_id AND {is_same("user_name", "user_name")}
          AND NOT hidden AND user_id IS DISTINCT FROM CAST(:other_than AS bigint)
    )
""")  # noqa: S608 (constants)
_INSERT = text("""
    INSERT INTO users (platform_id, external_id, name, email, status, disabled_at)
    VALUES (:platform_id, :external_id, :name, :email, CAST(:status AS text),
            CASE WHEN CAST(:status AS text) = 'disabled' THEN CAST(:now AS timestamptz) END)
    RETURNING id
""")
_UPDATE = text("""
    UPDATE users SET external_id = :external_id, name = :name, email = :email, status = CAST(:status AS text), erased_at = NULL,
        disabled_at = CASE WHEN CAST(:status AS text) = 'disabled' THEN coalesce(disabled_at, CAST(:now AS timestamptz)) END
    WHERE id = :user_id
""")
_DISABLE = text("""
    UPDATE users SET status = 'disabled', disabled_at = coalesce(disabled_at, CAST(:now AS timestamptz)) WHERE id = :user_id
""")
_PUT_STATED = text("""
    INSERT INTO scim_users AS s (user_id, platform_id, user_name, external_id, attributes, hidden, created_at, changed_at)
    VALUES (:user_id, :platform_id, :user_name, :external_id, CAST(:attributes AS jsonb), :hidden, :now, :now)
    ON CONFLICT (user_id) DO UPDATE SET user_name = excluded.user_name, external_id = excluded.external_id,
        attributes = excluded.attributes, hidden = excluded.hidden, changed_at = excluded.changed_at
""")
_COUNT = text("SELECT count(*) FROM scim_users WHERE platform_id = :platform_id AND NOT hidden")
_MARK_DEACTIVATED = text("UPDATE scim_users SET deactivated_at = :at WHERE user_id = :user_id")


@dataclass(frozen=True)
class User:
    """`user_name`, `stated_external_id` and `attributes` are the client's; None if it has not written this user. Times as well."""

    id: int
    external_id: str
    name: str
    email: str
    status: str
    user_name: str | None
    stated_external_id: str | None
    attributes: Mapping[str, Any] | None
    is_hidden: bool
    is_erased: bool
    created_at: datetime | None
    changed_at: datetime | None

    @property
    def is_active(self) -> bool:
        return self.status == "active"

    @property
    def state(self) -> UserState:
        """As the client stated them, or would have."""
        if self.user_name is None or self.attributes is None:
            emails = [{"value": self.email, "type": "work", "primary": True}] if self.email else []
            attributes = {"displayName": self.name, **({"emails": emails} if emails else {})}
            return UserState(self.external_id, self.external_id, self.is_active, attributes)
        return UserState(self.user_name, self.stated_external_id, self.is_active, self.attributes)


def get_user(connection: Connection, *, platform_id: int, user_id: int) -> User | None:
    """None too if the client deleted this user."""
    row = connection.execute(_GET, {"platform_id": platform_id, "user_id": user_id}).one_or_none()
    return User(**row._mapping) if row else None


def find_by_external_id(connection: Connection, *, platform_id: int, external_id: str) -> User | None:
    """Hidden or not."""
    values = {"platform_id": platform_id, "external_id": external_id}
    row = connection.execute(_FIND_BY_EXTERNAL_ID, values).one_or_none()
    return User(**row._mapping) if row else None


def list_users(connection: Connection, *, platform_id: int, page: Page) -> tuple[int, Sequence[User]]:
    """How many match, and those of the page, by id."""
    total, rows = list_page(connection, _KIND, platform_id=platform_id, page=page)
    return total, [User(**row._mapping) for row in rows]


def count_provisioned(connection: Connection, *, platform_id: int) -> int:
    """Users whom the client has written and not deleted."""
    return int(connection.execute(_COUNT, {"platform_id": platform_id}).scalar_one())


def has_user_name(connection: Connection, *, platform_id: int, user_name: str, other_than: int | None) -> bool:
    """Whether another user has this user name, in any case."""
    values = {"platform_id": platform_id, "user_name": user_name, "other_than": other_than}
    return bool(connection.execute(_HAS_USER_NAME, values).scalar_one())


def insert_user(connection: Connection, *, platform_id: int, user: Mapping[str, Any], now: datetime) -> int:
    """`user`: external_id, name, email, status. Returns the id."""
    return int(connection.execute(_INSERT, {**user, "platform_id": platform_id, "now": now}).scalar_one())


def update_user(connection: Connection, *, user_id: int, user: Mapping[str, Any], now: datetime) -> None:
    connection.execute(_UPDATE, {**user, "user_id": user_id, "now": now})


def disable_user(connection: Connection, *, user_id: int, now: datetime) -> None:
    connection.execute(_DISABLE, {"user_id": user_id, "now": now})


def put_stated(
    connection: Connection, *, platform_id: int, user_id: int, state: UserState, hidden: bool, now: datetime
) -> None:
    values = {
        "platform_id": platform_id,
        "user_id": user_id,
        "user_name": state.user_name,
        "external_id": state.external_id,
        "attributes": json.dumps(dict(state.attributes)),
        "hidden": hidden,
        "now": now,
    }
    connection.execute(_PUT_STATED, values)


def mark_deactivated(connection: Connection, *, user_id: int, at: datetime | None) -> None:
    """For the brake. None: the user is active again."""
    connection.execute(_MARK_DEACTIVATED, {"user_id": user_id, "at": at})
