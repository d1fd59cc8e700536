"""The tree of a platform: its scopes, and their ancestors by directory version."""

from sqlalchemy import Connection, text

from services.directory import csv_import, report

_COUNT_ACTIVE = text(
    "SELECT level, count(*) AS active FROM scopes WHERE platform_id = :platform_id AND active GROUP BY level"
)

_COUNT_NEW = text("""
    SELECT count(*) AS staged, count(*) FILTER (WHERE s.id IS NULL) AS added
    FROM staged_scopes n
    LEFT JOIN scopes s ON s.platform_id = :platform_id AND s.level = n.level AND s.external_id = n.external_id
    WHERE n.level = CAST(:level AS scope_level)
""")
# Writes only scopes that are new or differ.
_PUT = text("""
    INSERT INTO scopes (platform_id, parent_id, level, external_id, name)
    SELECT :platform_id, p.id, n.level, n.external_id, n.name
    FROM staged_scopes n
    JOIN scopes p ON p.platform_id = :platform_id AND p.level = CAST(:parent_level AS scope_level) AND p.external_id = n.parent
    LEFT JOIN scopes s ON s.platform_id = :platform_id AND s.level = n.level AND s.external_id = n.external_id
    WHERE n.level = CAST(:level AS scope_level)
      AND (s.id IS NULL OR s.parent_id <> p.id OR s.name <> n.name OR NOT s.active)
    ORDER BY n.line
    ON CONFLICT (platform_id, level, external_id)
        DO UPDATE SET parent_id = excluded.parent_id, name = excluded.name, active = true
""")
_END = text("""
    UPDATE scopes s SET active = false
    WHERE s.platform_id = :platform_id AND s.level = CAST(:level AS scope_level) AND s.active
      AND NOT EXISTS (SELECT FROM staged_scopes n WHERE n.level = s.level AND n.external_id = s.external_id)
""")

# The active scopes of the platform, each with the path of its ancestors and itself.
INSIDE = """
    inside AS (
        SELECT id AS scope_id, ARRAY[id] AS path FROM scopes WHERE id = :platform_id
        UNION ALL
        SELECT s.id, i.path || s.id FROM inside i JOIN scopes s ON s.parent_id = i.scope_id AND s.active
    )
"""
_DESIRE_ANCESTORS = text(f"""
    INSERT INTO desired_ancestors (scope_id, ancestor_id)
    WITH RECURSIVE {INSIDE}
    SELECT scope_id, unnest(path) FROM inside
""")  # noqa: S608 (a constant)
_END_ANCESTORS = text("""
    UPDATE scope_ancestors a SET valid_to_version = :version
    WHERE a.platform_id = :platform_id AND a.valid_to_version IS NULL
      AND NOT EXISTS (SELECT FROM desired_ancestors d WHERE d.scope_id = a.scope_id AND d.ancestor_id = a.ancestor_id)
""")
_BEGIN_ANCESTORS = text("""
    INSERT INTO scope_ancestors (scope_id, ancestor_id, valid_from_version, platform_id)
    SELECT d.scope_id, d.ancestor_id, :version, :platform_id
    FROM desired_ancestors d
    LEFT JOIN scope_ancestors a
        ON a.scope_id = d.scope_id AND a.ancestor_id = d.ancestor_id AND a.valid_to_version IS NULL
    WHERE a.scope_id IS NULL
    ORDER BY d.scope_id, d.ancestor_id
""")

# From the changes only: the cost does not grow with the platform.
_UPDATE_COUNTS = text("""
    UPDATE scopes s SET user_count = s.user_count + c.difference
    FROM (
        SELECT scope_id, count(*) FILTER (WHERE begins) - count(ends_from_version) AS difference
        FROM membership_changes GROUP BY scope_id
    ) c
    WHERE s.id = c.scope_id AND c.difference <> 0
""")


def count_active(connection: Connection, *, platform_id: int) -> dict[str, int]:
    """The number of active scopes by level; levels without a scope are missing."""
    return {row.level: row.active for row in connection.execute(_COUNT_ACTIVE, {"platform_id": platform_id})}


def apply(connection: Connection, *, platform_id: int, layout: csv_import.ScopeLayout) -> report.Difference:
    """Changes the platform's scopes of one level to the staged ones. The level above must be applied first."""
    values = {"platform_id": platform_id, "level": layout.level, "parent_level": layout.parent_level}
    count = connection.execute(_COUNT_NEW, values).one()
    ended = connection.execute(_END, values).rowcount
    written = connection.execute(_PUT, values).rowcount
    return report.Difference(
        added=count.added, changed=written - count.added, ended=ended, unchanged=count.staged - written
    )


def desire_ancestors(connection: Connection, *, platform_id: int) -> None:
    """Lists the ancestors that each scope is to have. All scopes must be applied first."""
    connection.execute(_DESIRE_ANCESTORS, {"platform_id": platform_id})


def apply_ancestors(connection: Connection, *, platform_id: int, version: int) -> None:
    """Ends and begins ancestors in `version` so that the desired ones are valid."""
    values = {"platform_id": platform_id, "version": version}
    connection.execute(_END_ANCESTORS, values)
    connection.execute(_BEGIN_ANCESTORS, values)


def update_user_counts(connection: Connection) -> None:
    """Updates the number of users of each scope by the planned changes of memberships."""
    connection.execute(_UPDATE_COUNTS)
