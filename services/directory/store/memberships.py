"""Users' memberships by directory version. Rows begin and end; they never change otherwise.

A user has a row for every scope they belong to: the stated scopes, and with the role `implied` their ancestors and the platform. So the
audience of any scope as of any version is one condition.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, text

from services.directory import report

# Every active user belongs to the platform in any case.
_HAS_EFFECT = "NOT (n.scope_id = :platform_id AND n.role = 'member')"


def all_that_follow(*, stated: str, ancestors: str, active: str) -> str:
    """SQL: the rows (user_id, scope_id, role) that are to be valid, by what is `stated` for the `active` users.

    Relations: `stated` (user_id, scope_id, role) of active users only, `ancestors` (scope_id, ancestor_id), `active` (user_id). Every
    active user belongs to the platform. min() takes the first role in the order of the type: administrator, member, implied.
    """
    return f"""
        SELECT user_id, scope_id, min(role) AS role
        FROM (
            SELECT n.user_id, a.ancestor_id AS scope_id, CASE WHEN a.ancestor_id = n.scope_id THEN n.role ELSE 'implied' END AS role
            FROM {stated} n
            JOIN {ancestors} a ON a.scope_id = n.scope_id
            WHERE {_HAS_EFFECT}
            UNION ALL
            SELECT user_id, :platform_id, 'implied' FROM {active} AS active
        ) AS following
        GROUP BY user_id, scope_id
    """  # noqa: S608 (constants)


_STAGED = """(
    SELECT u.user_id, s.id AS scope_id, CAST(n.role AS membership_role) AS role
    FROM staged_memberships n
    JOIN active_users u ON u.external_id = n.user_external_id
    JOIN scopes s ON s.platform_id = :platform_id AND s.level = n.level AND s.external_id = n.scope
)"""
_DESIRE = text(f"""
    INSERT INTO desired_memberships (user_id, scope_id, role)
    SELECT user_id, scope_id, min(role)
    FROM (
        SELECT user_id, scope_id, role FROM {_STAGED} n WHERE {_HAS_EFFECT}
        UNION ALL
        SELECT user_id, :platform_id, 'implied' FROM active_users
    ) AS desired
    GROUP BY user_id, scope_id
""")  # noqa: S608 (constants)
# Those whose desired rows differ, and those stated in a scope whose ancestors do.
_LIST_AFFECTED = text("""
    INSERT INTO affected_users (user_id)
    SELECT coalesce(m.user_id, d.user_id)
    FROM (
        SELECT m.user_id, m.scope_id, m.role
        FROM users u
        JOIN memberships m ON m.user_id = u.id AND m.valid_to_version IS NULL
        WHERE u.platform_id = :platform_id AND (m.role <> 'implied' OR m.scope_id = :platform_id)
    ) m
    FULL JOIN desired_memberships d ON d.user_id = m.user_id AND d.scope_id = m.scope_id
    WHERE m.user_id IS NULL OR d.user_id IS NULL OR m.role <> d.role
    UNION
    SELECT m.user_id
    FROM (
        SELECT coalesce(a.scope_id, d.scope_id) AS scope_id
        FROM (
            SELECT scope_id, ancestor_id FROM scope_ancestors WHERE platform_id = :platform_id AND valid_to_version IS NULL
        ) a
        FULL JOIN desired_ancestors d ON d.scope_id = a.scope_id AND d.ancestor_id = a.ancestor_id
        WHERE a.scope_id IS NULL OR d.scope_id IS NULL
    ) AS moved
    JOIN memberships m ON m.scope_id = moved.scope_id AND m.valid_to_version IS NULL AND m.role <> 'implied'
""")
_FOLLOWING = all_that_follow(
    stated="(SELECT * FROM desired_memberships JOIN affected_users USING (user_id) WHERE role <> 'implied')",
    ancestors="desired_ancestors",
    active="(SELECT user_id FROM active_users JOIN affected_users USING (user_id))",
)
_PLAN = text(f"""
    INSERT INTO membership_changes (user_id, scope_id, ends_from_version, begins, was_role, role)
    SELECT coalesce(m.user_id, d.user_id), coalesce(m.scope_id, d.scope_id), m.valid_from_version, d.user_id IS NOT NULL,
           m.role, d.role
    FROM (
        SELECT m.user_id, m.scope_id, m.valid_from_version, m.role
        FROM affected_users u
        JOIN memberships m ON m.user_id = u.user_id AND m.valid_to_version IS NULL
    ) m
    FULL JOIN ({_FOLLOWING}) d ON d.user_id = m.user_id AND d.scope_id = m.scope_id
    WHERE m.user_id IS NULL OR d.user_id IS NULL OR m.role <> d.role
""")  # noqa: S608 (constants)
_COUNT_PLANNED = text("""
    SELECT count(*) FILTER (WHERE is_stated AND NOT was_stated), count(*) FILTER (WHERE is_stated AND was_stated),
           count(*) FILTER (WHERE was_stated AND NOT is_stated),
           (SELECT count(*) FROM desired_memberships WHERE role <> 'implied')
    FROM (
        SELECT coalesce(was_role <> 'implied', false) AS was_stated, coalesce(role <> 'implied', false) AS is_stated
        FROM membership_changes
    ) AS changes
""")
# By role, and by role and level. A membership that gets the smaller role (member to administrator) does not end.
_COUNT_ENDING = text("""
    SELECT s.level, c.role, sum(c.ending) AS ending, sum(c.before) AS before
    FROM (
        SELECT scope_id, role, 0 AS ending, 1 AS before FROM desired_memberships WHERE role <> 'implied'
        UNION ALL
        SELECT scope_id, role, 0, -1 FROM membership_changes WHERE role <> 'implied'
        UNION ALL
        SELECT scope_id, was_role, CASE WHEN role < was_role THEN 0 ELSE 1 END, 1 FROM membership_changes WHERE was_role <> 'implied'
    ) AS c
    JOIN scopes s ON s.id = c.scope_id
    GROUP BY GROUPING SETS ((c.role), (c.role, s.level))
    HAVING sum(c.ending) > 0
    ORDER BY c.role, s.level NULLS FIRST
""")
_HAS_ADMINISTRATOR = text("""
    SELECT EXISTS (SELECT FROM desired_memberships WHERE scope_id = :scope_id AND role = 'administrator')
""")
_END = text("""
    UPDATE memberships m SET valid_to_version = :version
    FROM membership_changes c
    WHERE m.user_id = c.user_id AND m.scope_id = c.scope_id AND m.valid_from_version = c.ends_from_version
""")
_BEGIN = text("""
    INSERT INTO memberships (user_id, scope_id, valid_from_version, platform_id, role)
    SELECT user_id, scope_id, :version, :platform_id, role
    FROM membership_changes
    WHERE begins
    ORDER BY user_id, scope_id
""")


@dataclass(frozen=True)
class Plan:
    """The difference in stated memberships. `removals`: how many end, of all, of each role, and of each role at each level.

    `has_administrator`: whether an active user will administer the platform.
    """

    difference: report.Difference
    removals: tuple[report.Removal, ...]
    has_administrator: bool


def desire(connection: Connection, *, platform_id: int) -> None:
    """Lists the stated rows that are to be valid, and the platform's. Needs the scopes and the active users."""
    connection.execute(_DESIRE, {"platform_id": platform_id})


def list_affected(connection: Connection, *, platform_id: int) -> None:
    """Lists the users of whom a row, implied ones included, may change. Needs the desired rows and ancestors."""
    connection.execute(_LIST_AFFECTED, {"platform_id": platform_id})


def plan(connection: Connection, *, platform_id: int) -> Plan:
    """Lists the rows that end and begin so that the desired rows and those that they imply are the valid ones."""
    connection.execute(_PLAN, {"platform_id": platform_id})
    added, changed, ended, stated = connection.execute(_COUNT_PLANNED).one()
    unchanged = stated - added - changed
    difference = report.Difference(added=added, changed=changed, ended=ended, unchanged=unchanged)
    by_role = [
        report.Removal(f"{row.level or ''} {row.role}s".strip(), int(row.ending), int(row.before))
        for row in connection.execute(_COUNT_ENDING)
    ]
    return Plan(
        difference,
        removals=(report.Removal("memberships", ended, unchanged + changed + ended), *by_role),
        has_administrator=connection.execute(_HAS_ADMINISTRATOR, {"scope_id": platform_id}).scalar_one(),
    )


def apply(connection: Connection, *, platform_id: int, version: int) -> None:
    """Ends and begins the planned rows in `version`. Ends first: a user has at most one valid row in a scope."""
    connection.execute(_END, {"version": version})
    connection.execute(_BEGIN, {"platform_id": platform_id, "version": version})
