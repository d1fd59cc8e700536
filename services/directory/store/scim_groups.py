"""The groups of a provisioning client, what they mean, and their members."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from services.directory.provisioned import GroupState, Page, StatedScope
from services.directory.store.scim_pages import VISIBLE, Kind, is_same, list_page

_COLUMNS = """
    g.id, g.display_name, g.external_id, g.scope_id, CAST(g.role AS text) AS role, g.is_mapped, CAST(g.stated_level AS text),
    g.stated_scope, CAST(g.stated_role AS text), g.revision, g.created_at, g.changed_at
"""
_KIND = Kind(
    columns=_COLUMNS,
    source="scim_groups g",
    of_platform="g.platform_id = :platform_id",
    conditions={
        "id": "g.id = :{0}",
        "displayName": is_same("g.display_name", "{0}"),
        "externalId": "g.external_id = :{0}",
        "members": "EXISTS (SELECT FROM scim_members m WHERE m.group_id = g.id AND m.user_id = :{0})",
    },
)
_GET = text(f"{_KIND.select} WHERE g.platform_id = :platform_id AND g.id = :group_id")
_FIND_NAME = text(f"""
    SELECT id FROM scim_groups WHERE platform_id = :platform_id AND {is_same("display_name", "name")}
""")  # noqa: S608 (constants)
_VALUES = """display_name = :display_name, external_id = :external_id, scope_id = :scope_id, role = CAST(:role AS membership_role),
        is_mapped = :is_mapped, stated_level = CAST(:stated_level AS scope_level), stated_scope = :stated_scope,
        stated_role = CAST(:stated_role AS membership_role)"""
_INSERT = text("""
    INSERT INTO scim_groups (platform_id, display_name, external_id, stated_level, stated_scope, stated_role, created_at, changed_at)
    VALUES (:platform_id, :display_name, :external_id, CAST(:stated_level AS scope_level), :stated_scope,
            CAST(:stated_role AS membership_role), :now, :now)
    RETURNING id
""")
_UPDATE = text(f"UPDATE scim_groups SET {_VALUES} WHERE id = :group_id")  # noqa: S608 (a constant)
_BUMP = text(f"""
    UPDATE scim_groups g SET revision = revision + 1, changed_at = :now WHERE id = :group_id RETURNING {_COLUMNS}
""")  # noqa: S608 (a constant)
_DELETE = text("DELETE FROM scim_groups WHERE id = :group_id")
_FIND_SCOPES = text("""
    SELECT id FROM scopes
    WHERE platform_id = :platform_id AND external_id = :external_id
      AND (CAST(:level AS scope_level) IS NULL OR level = CAST(:level AS scope_level))
""")
_RESOLVE_WAITING = text("""
    UPDATE scim_groups g SET scope_id = found.scope_id, role = g.stated_role
    FROM (
        SELECT w.id AS group_id, min(s.id) AS scope_id
        FROM scim_groups w
        JOIN scopes s ON s.platform_id = w.platform_id AND s.external_id = w.stated_scope
             AND (w.stated_level IS NULL OR s.level = w.stated_level)
        WHERE w.platform_id = :platform_id AND w.scope_id IS NULL AND w.stated_scope IS NOT NULL AND w.stated_role IS NOT NULL
        GROUP BY w.id HAVING count(*) = 1
    ) AS found
    WHERE g.id = found.group_id
""")
_SUMMARY = """
    SELECT g.id, g.display_name AS name, g.external_id, CAST(s.level AS text) AS level, s.external_id AS scope,
           s.name AS scope_name, CAST(g.role AS text) AS role, g.is_mapped, g.stated_scope,
           (SELECT count(*) FROM scim_members m WHERE m.group_id = g.id) AS members
    FROM scim_groups g LEFT JOIN scopes s ON s.id = g.scope_id
"""
_GET_SUMMARY = text(f"{_SUMMARY} WHERE g.id = :group_id")
_SUMMARIES = text(f"""
    {_SUMMARY}
    WHERE g.platform_id = :platform_id AND g.id > :after
      AND (CAST(:is_waiting AS boolean) IS NULL OR (g.scope_id IS NULL) = CAST(:is_waiting AS boolean))
    ORDER BY g.id LIMIT CAST(:limit AS bigint)
""")
_COUNT = text("""
    SELECT count(*) AS groups, count(*) FILTER (WHERE scope_id IS NULL) AS waiting FROM scim_groups WHERE platform_id = :platform_id
""")
_KNOWN = text(f"""
    SELECT u.id FROM users u LEFT JOIN scim_users s ON s.user_id = u.id
    WHERE u.platform_id = :platform_id AND u.id = ANY(:user_ids) AND {VISIBLE}
""")  # noqa: S608 (a constant)
# A deleted user stays a member, to come back as one, and is not shown.
_LIST_MEMBERS = text(f"""
    SELECT m.group_id, m.user_id
    FROM scim_members m JOIN users u ON u.id = m.user_id LEFT JOIN scim_users s ON s.user_id = u.id
    WHERE m.group_id = ANY(:group_ids) AND {VISIBLE}
    ORDER BY m.group_id, m.user_id
""")  # noqa: S608 (a constant)
# The limit comes first: no more of a large group is read.
_LIST_FIRST = text(f"""
    SELECT m.user_id, {VISIBLE} AS is_visible
    FROM (SELECT user_id FROM scim_members WHERE group_id = :group_id ORDER BY user_id LIMIT :at_most) m
    JOIN users u ON u.id = m.user_id LEFT JOIN scim_users s ON s.user_id = u.id
    ORDER BY m.user_id
""")  # noqa: S608 (a constant)
_JOIN = text(f"""
    INSERT INTO scim_members (group_id, user_id)
    SELECT :group_id, u.id FROM users u LEFT JOIN scim_users s ON s.user_id = u.id
    WHERE u.platform_id = :platform_id AND u.id = ANY(:user_ids) AND {VISIBLE}
    ORDER BY u.id
    ON CONFLICT DO NOTHING RETURNING user_id
""")  # noqa: S608 (a constant)
_LEAVE = text("DELETE FROM scim_members WHERE group_id = :group_id AND user_id = ANY(:user_ids) RETURNING user_id")
_LEAVE_ALL_BUT = text(
    "DELETE FROM scim_members WHERE group_id = :group_id AND user_id <> ALL(:user_ids) RETURNING user_id"
)
_ALL_MEMBERS = text("SELECT user_id FROM scim_members WHERE group_id = :group_id")


@dataclass(frozen=True)
class Meaning:
    """The scope and role that a group's members get; None while it means nothing. `is_mapped`: an operator said so."""

    scope_id: int | None = None
    role: str | None = None
    is_mapped: bool = False


@dataclass(frozen=True)
class Group:
    """`scope_id`, `role` and `is_mapped`: its meaning now."""

    id: int
    display_name: str
    external_id: str | None
    scope_id: int | None
    role: str | None
    is_mapped: bool
    stated_level: str | None
    stated_scope: str | None
    stated_role: str | None
    revision: int
    created_at: datetime
    changed_at: datetime

    @property
    def meaning(self) -> Meaning:
        return Meaning(self.scope_id, self.role, self.is_mapped)

    @property
    def state(self) -> GroupState:
        scope = None
        if self.stated_scope or self.stated_role or self.stated_level:
            scope = StatedScope(self.stated_scope, self.stated_role, self.stated_level)
        return GroupState(self.display_name, self.external_id, scope)


@dataclass(frozen=True)
class Summary:
    """A group for operators. `level`, `scope`, `role`: what it means; None while it means nothing. `stated_scope`: as the client says."""

    id: int
    name: str
    external_id: str | None
    level: str | None
    scope: str | None
    scope_name: str | None
    role: str | None
    is_mapped: bool
    stated_scope: str | None
    members: int

    @property
    def mapped_by(self) -> str | None:
        """Who gave it its meaning: an administrator (or operator), or the provider."""
        return "administrator" if self.is_mapped else "provider" if self.level else None

    @property
    def meaning(self) -> "Summary | None":
        """This, unless it means nothing."""
        return self if self.level else None


def get_group(connection: Connection, *, platform_id: int, group_id: int) -> Group | None:
    row = connection.execute(_GET, {"platform_id": platform_id, "group_id": group_id}).one_or_none()
    return Group(**row._mapping) if row else None


def find_by_name(connection: Connection, *, platform_id: int, name: str) -> int | None:
    """The id of the group with this name, in any case."""
    return connection.execute(_FIND_NAME, {"platform_id": platform_id, "name": name}).scalar_one_or_none()


def list_groups(connection: Connection, *, platform_id: int, page: Page) -> tuple[int, Sequence[Group]]:
    """How many match, and those of the page, by id."""
    total, rows = list_page(connection, _KIND, platform_id=platform_id, page=page)
    return total, [Group(**row._mapping) for row in rows]


def get_summary(connection: Connection, *, group_id: int) -> Summary:
    return Summary(**connection.execute(_GET_SUMMARY, {"group_id": group_id}).one()._mapping)


def list_summaries(
    connection: Connection,
    *,
    platform_id: int,
    is_waiting: bool | None = None,
    after: int = 0,
    limit: int | None = None,
) -> list[Summary]:
    """By id. `is_waiting`: only those that mean nothing, or only the others."""
    values = {"platform_id": platform_id, "is_waiting": is_waiting, "after": after, "limit": limit}
    return [Summary(**row._mapping) for row in connection.execute(_SUMMARIES, values)]


def count_groups(connection: Connection, *, platform_id: int) -> tuple[int, int]:
    """How many there are, and how many of them mean nothing."""
    row = connection.execute(_COUNT, {"platform_id": platform_id}).one()
    return row.groups, row.waiting


def insert_group(connection: Connection, *, platform_id: int, state: GroupState, now: datetime) -> int:
    """Without a meaning."""
    return int(connection.execute(_INSERT, {**_values(state), "platform_id": platform_id, "now": now}).scalar_one())


def update_group(connection: Connection, *, group_id: int, state: GroupState, meaning: Meaning) -> None:
    connection.execute(_UPDATE, {**_values(state), **vars(meaning), "group_id": group_id})


def _values(state: GroupState) -> dict[str, Any]:
    scope = state.scope
    return {
        "display_name": state.display_name,
        "external_id": state.external_id,
        "stated_level": scope.level if scope else None,
        "stated_scope": scope.external_id if scope else None,
        "stated_role": scope.role if scope else None,
    }


def bump_revision(connection: Connection, *, group_id: int, now: datetime) -> Group:
    """Returns the group afterwards."""
    return Group(**connection.execute(_BUMP, {"group_id": group_id, "now": now}).one()._mapping)


def delete_group(connection: Connection, *, group_id: int) -> None:
    connection.execute(_DELETE, {"group_id": group_id})


def find_scope(connection: Connection, *, platform_id: int, scope: StatedScope) -> int | None:
    """The scope's id; None if there is none, or more than one."""
    values = {"platform_id": platform_id, "external_id": scope.external_id, "level": scope.level}
    found = connection.execute(_FIND_SCOPES, values).scalars().all()
    return found[0] if len(found) == 1 else None


def resolve_waiting(connection: Connection, *, platform_id: int) -> None:
    """Gives groups their scope whose stated one did not exist before."""
    connection.execute(_RESOLVE_WAITING, {"platform_id": platform_id})


def list_unknown(connection: Connection, *, platform_id: int, user_ids: Iterable[int]) -> list[int]:
    """Those that are no users of the platform."""
    wanted = sorted(user_ids)
    known = set(connection.execute(_KNOWN, {"platform_id": platform_id, "user_ids": wanted}).scalars())
    return [one for one in wanted if one not in known]


def list_members(connection: Connection, *, group_ids: Iterable[int]) -> dict[int, list[int]]:
    """The users in each group, as the client sees them."""
    members: dict[int, list[int]] = {}
    for row in connection.execute(_LIST_MEMBERS, {"group_ids": list(group_ids)}):
        members.setdefault(row.group_id, []).append(row.user_id)
    return members


def list_few_members(connection: Connection, *, group_id: int, at_most: int) -> list[int] | None:
    """The same for one group; None if it has more than `at_most`."""
    rows = connection.execute(_LIST_FIRST, {"group_id": group_id, "at_most": at_most + 1}).all()
    return [row.user_id for row in rows if row.is_visible] if len(rows) <= at_most else None


def list_all_members(connection: Connection, *, group_id: int) -> set[int]:
    """Deleted users too."""
    return set(connection.execute(_ALL_MEMBERS, {"group_id": group_id}).scalars())


def insert_members(connection: Connection, *, platform_id: int, group_id: int, user_ids: Iterable[int]) -> set[int]:
    """Returns those who were not members before. Ids that are no users of the platform are left out."""
    values = {"platform_id": platform_id, "group_id": group_id, "user_ids": sorted(user_ids)}
    return set(connection.execute(_JOIN, values).scalars())


def delete_members(connection: Connection, *, group_id: int, user_ids: Iterable[int]) -> set[int]:
    """Returns those who were members."""
    return set(connection.execute(_LEAVE, {"group_id": group_id, "user_ids": sorted(user_ids)}).scalars())


def delete_all_members_but(connection: Connection, *, group_id: int, user_ids: Iterable[int]) -> set[int]:
    """Returns those who were members."""
    return set(connection.execute(_LEAVE_ALL_BUT, {"group_id": group_id, "user_ids": sorted(user_ids)}).scalars())
