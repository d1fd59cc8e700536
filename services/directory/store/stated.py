"""The memberships that follow from groups, from mappings and from the last import, worked out for single users.

An import works them out for everybody (memberships.py).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, text

from services.directory.store import memberships

_STATED = """(
    SELECT m.user_id, g.scope_id, g.role
    FROM scim_members m JOIN scim_groups g ON g.id = m.group_id JOIN active u ON u.user_id = m.user_id
    WHERE g.scope_id IS NOT NULL
    UNION ALL
    SELECT s.user_id, s.scope_id, s.role FROM stated_memberships s JOIN active u ON u.user_id = s.user_id
)"""
_ANCESTORS = "(SELECT scope_id, ancestor_id FROM scope_ancestors WHERE valid_to_version IS NULL)"
_FOLLOWING = memberships.all_that_follow(stated=_STATED, ancestors=_ANCESTORS, active="active")
_PLAN = text(f"""
    WITH active AS MATERIALIZED (
        SELECT u.id AS user_id FROM users u WHERE u.id = ANY(:user_ids) AND u.status = 'active'
    ), desired AS ({_FOLLOWING}), current AS (
        SELECT m.user_id, m.scope_id, m.role, m.valid_from_version FROM memberships m
        WHERE m.user_id = ANY(:user_ids) AND m.valid_to_version IS NULL
    )
    SELECT coalesce(c.user_id, d.user_id) AS user_id, coalesce(c.scope_id, d.scope_id) AS scope_id,
           c.valid_from_version AS ends_from_version, CAST(d.role AS text) AS role
    FROM current c FULL JOIN desired d ON d.user_id = c.user_id AND d.scope_id = c.scope_id
    WHERE c.user_id IS NULL OR d.user_id IS NULL OR c.role <> d.role
    ORDER BY 1, 2
""")  # noqa: S608 (constants)
_END = text("""
    UPDATE memberships m SET valid_to_version = :version
    FROM unnest(CAST(:user_ids AS bigint[]), CAST(:scope_ids AS bigint[]), CAST(:versions AS bigint[]))
        AS e (user_id, scope_id, from_version)
    WHERE m.user_id = e.user_id AND m.scope_id = e.scope_id AND m.valid_from_version = e.from_version
""")
_BEGIN = text("""
    INSERT INTO memberships (user_id, scope_id, valid_from_version, platform_id, role)
    SELECT b.user_id, b.scope_id, :version, :platform_id, CAST(b.role AS membership_role)
    FROM unnest(CAST(:user_ids AS bigint[]), CAST(:scope_ids AS bigint[]), CAST(:roles AS text[])) AS b (user_id, scope_id, role)
    ORDER BY b.user_id, b.scope_id
""")
_COUNT = text("""
    UPDATE scopes s SET user_count = s.user_count + c.difference
    FROM unnest(CAST(:scope_ids AS bigint[]), CAST(:differences AS bigint[])) AS c (scope_id, difference)
    WHERE s.id = c.scope_id
""")
_KEEP_IMPORTED = text("""
    INSERT INTO stated_memberships (user_id, scope_id, platform_id, role)
    SELECT m.user_id, m.scope_id, m.platform_id, m.role
    FROM users u JOIN memberships m ON m.user_id = u.id AND m.valid_to_version IS NULL
    WHERE u.platform_id = :platform_id AND m.role <> 'implied'
    ORDER BY m.user_id, m.scope_id
""")
_DROP_IMPORTED = text("DELETE FROM stated_memberships WHERE platform_id = :platform_id RETURNING user_id")
_LIST_MEMBERS = text("""
    SELECT DISTINCT m.user_id FROM scim_groups g JOIN scim_members m ON m.group_id = g.id WHERE g.platform_id = :platform_id
""")
_COUNT_IMPORTED = text("SELECT count(*) FROM stated_memberships WHERE platform_id = :platform_id")
# Active users of the scope and of those inside it; and users, active or not, for whom one of these scopes is stated.
_LIST_CONCERNED = text("""
    SELECT user_id FROM memberships WHERE scope_id = :scope_id AND valid_to_version IS NULL
    UNION
    SELECT m.user_id FROM scim_groups g JOIN scim_members m ON m.group_id = g.id WHERE g.scope_id = ANY(:scope_ids)
    UNION
    SELECT user_id FROM stated_memberships WHERE platform_id = :platform_id AND scope_id = ANY(:scope_ids)
""")


@dataclass(frozen=True)
class Change:
    """A user's membership in a scope that ends (the row from that version), begins (with that role), or both."""

    user_id: int
    scope_id: int
    ends_from_version: int | None
    role: str | None


def update(connection: Connection, *, platform_id: int, version: int, user_ids: Iterable[int]) -> bool:
    """The memberships of these users become, in `version`, what is stated for them. Returns whether any changed."""
    changes = _plan(connection, platform_id, user_ids)
    if changes:
        _apply(connection, platform_id, version, changes)
    return bool(changes)


def _plan(connection: Connection, platform_id: int, user_ids: Iterable[int]) -> list[Change]:
    """The rows that end and begin so that these users have what is stated for them."""
    wanted = sorted(set(user_ids))
    if not wanted:
        return []
    rows = connection.execute(_PLAN, {"platform_id": platform_id, "user_ids": wanted})
    return [Change(**row._mapping) for row in rows]


def _apply(connection: Connection, platform_id: int, version: int, changes: list[Change]) -> None:
    """Ends and begins the planned rows in `version`. Ends first: a user has at most one valid row in a scope."""
    ending = [one for one in changes if one.ends_from_version is not None]
    beginning = [one for one in changes if one.role is not None]
    differences: dict[int, int] = {}
    if ending:
        values = {**_keys(ending), "versions": [one.ends_from_version for one in ending], "version": version}
        connection.execute(_END, values)
    if beginning:
        values = {**_keys(beginning), "roles": [one.role for one in beginning]}
        connection.execute(_BEGIN, {**values, "version": version, "platform_id": platform_id})
    for step, of_kind in ((-1, ending), (1, beginning)):
        for one in of_kind:
            differences[one.scope_id] = differences.get(one.scope_id, 0) + step
    changed = sorted((scope_id, difference) for scope_id, difference in differences.items() if difference)
    if changed:
        scope_ids, counts = zip(*changed, strict=True)
        connection.execute(_COUNT, {"scope_ids": list(scope_ids), "differences": list(counts)})


def _keys(changes: list[Change]) -> dict[str, list[int]]:
    return {"user_ids": [one.user_id for one in changes], "scope_ids": [one.scope_id for one in changes]}


def keep_imported(connection: Connection, *, platform_id: int) -> None:
    """Writes down what the last import stated for the active users."""
    connection.execute(_KEEP_IMPORTED, {"platform_id": platform_id})


def drop_imported(connection: Connection, *, platform_id: int) -> set[int]:
    """Drops it, and returns the users."""
    return set(connection.execute(_DROP_IMPORTED, {"platform_id": platform_id}).scalars())


def count_imported(connection: Connection, *, platform_id: int) -> int:
    return int(connection.execute(_COUNT_IMPORTED, {"platform_id": platform_id}).scalar_one())


def list_members(connection: Connection, *, platform_id: int) -> set[int]:
    """The users who are in any group."""
    return set(connection.execute(_LIST_MEMBERS, {"platform_id": platform_id}).scalars())


def list_concerned(connection: Connection, *, platform_id: int, scope_id: int, inside: list[int]) -> set[int]:
    """The users whose memberships may change with the scope; `inside`: the scope and all scopes inside it."""
    values = {"platform_id": platform_id, "scope_id": scope_id, "scope_ids": inside}
    return set(connection.execute(_LIST_CONCERNED, values).scalars())
