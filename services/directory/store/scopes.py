"""Organisations, clinics, and how many people each scope of a platform reaches."""

from dataclasses import dataclass

from sqlalchemy import Connection, text

from services.directory import report

_COUNT_ACTIVE = text("""
    SELECT (SELECT count(*) FROM organisations WHERE platform_id = :platform_id AND active)
         + (SELECT count(*) FROM clinics WHERE platform_id = :platform_id AND active)
""")


@dataclass(frozen=True)
class _Statements:
    insert: str
    update: str
    end: str
    count: str


_ORGANISATIONS = _Statements(
    insert="""
        INSERT INTO organisations (platform_id, external_id, name)
        SELECT :platform_id, s.external_id, s.name
        FROM staged_organisations s
        WHERE NOT EXISTS (
            SELECT FROM organisations o WHERE o.platform_id = :platform_id AND o.external_id = s.external_id
        )
        ORDER BY s.line
    """,
    update="""
        UPDATE organisations o SET name = s.name, active = true
        FROM staged_organisations s
        WHERE o.platform_id = :platform_id AND o.external_id = s.external_id AND (o.name <> s.name OR NOT o.active)
    """,
    end="""
        UPDATE organisations o SET active = false
        WHERE o.platform_id = :platform_id AND o.active
          AND NOT EXISTS (SELECT FROM staged_organisations s WHERE s.external_id = o.external_id)
    """,
    count="SELECT count(*) FROM staged_organisations",
)
_CLINICS = _Statements(
    insert="""
        INSERT INTO clinics (platform_id, organisation_id, external_id, name)
        SELECT :platform_id, o.id, s.external_id, s.name
        FROM staged_clinics s
        JOIN organisations o ON o.platform_id = :platform_id AND o.external_id = s.organisation
        WHERE NOT EXISTS (SELECT FROM clinics c WHERE c.platform_id = :platform_id AND c.external_id = s.external_id)
        ORDER BY s.line
    """,
    update="""
        UPDATE clinics c SET name = s.name, organisation_id = o.id, active = true
        FROM staged_clinics s
        JOIN organisations o ON o.platform_id = :platform_id AND o.external_id = s.organisation
        WHERE c.platform_id = :platform_id AND c.external_id = s.external_id
          AND (c.name <> s.name OR c.organisation_id <> o.id OR NOT c.active)
    """,
    end="""
        UPDATE clinics c SET active = false
        WHERE c.platform_id = :platform_id AND c.active
          AND NOT EXISTS (SELECT FROM staged_clinics s WHERE s.external_id = c.external_id)
    """,
    count="SELECT count(*) FROM staged_clinics",
)

# Only rows that differ are written. A scope without people has a row that says 0; an ended scope has none. No join: the statistics
# do not know a platform that was just filled, and a join planned for one row went over all rows once for each scope (430 s for
# 500,000 users beside as many of another platform; 2 s so).
_RECOUNT = text("""
    WITH counted (scope_id, people) AS (
        SELECT CAST(:platform_id AS bigint), count(*)
        FROM memberships
        WHERE platform_id = :platform_id AND level = 'platform' AND valid_to_version IS NULL
        UNION ALL
        SELECT organisation_id, count(DISTINCT user_id)
        FROM memberships
        WHERE platform_id = :platform_id AND organisation_id IS NOT NULL AND valid_to_version IS NULL
        GROUP BY organisation_id
        UNION ALL
        SELECT clinic_id, count(*)
        FROM memberships
        WHERE platform_id = :platform_id AND clinic_id IS NOT NULL AND valid_to_version IS NULL
        GROUP BY clinic_id
        UNION ALL
        SELECT id, 0 FROM organisations WHERE platform_id = :platform_id AND active
        UNION ALL
        SELECT id, 0 FROM clinics WHERE platform_id = :platform_id AND active
    )
    INSERT INTO scope_user_counts (scope_id, platform_id, user_count)
    SELECT scope_id, :platform_id, sum(people) FROM counted GROUP BY scope_id ORDER BY scope_id
    ON CONFLICT (scope_id) DO UPDATE SET user_count = excluded.user_count
    WHERE scope_user_counts.user_count <> excluded.user_count
""")
_FORGET_COUNTS = text("""
    DELETE FROM scope_user_counts n
    WHERE n.platform_id = :platform_id AND (
        EXISTS (SELECT FROM organisations o WHERE o.id = n.scope_id AND NOT o.active)
        OR EXISTS (SELECT FROM clinics c WHERE c.id = n.scope_id AND NOT c.active)
    )
""")


def count_active(connection: Connection, *, platform_id: int) -> int:
    """The active organisations and clinics."""
    return int(connection.execute(_COUNT_ACTIVE, {"platform_id": platform_id}).scalar_one())


def apply_organisations(connection: Connection, *, platform_id: int) -> report.Difference:
    """Makes the platform's organisations what is staged. Organisations first: clinics refer to them."""
    return _apply(connection, _ORGANISATIONS, platform_id)


def apply_clinics(connection: Connection, *, platform_id: int) -> report.Difference:
    """Makes the platform's clinics what is staged."""
    return _apply(connection, _CLINICS, platform_id)


def update_user_counts(connection: Connection, *, platform_id: int) -> None:
    """Counts the people of each active scope anew, from the memberships as they now are."""
    connection.execute(_RECOUNT, {"platform_id": platform_id})
    connection.execute(_FORGET_COUNTS, {"platform_id": platform_id})


def _apply(connection: Connection, statements: _Statements, platform_id: int) -> report.Difference:
    values = {"platform_id": platform_id}
    changed = connection.execute(text(statements.update), values).rowcount
    ended = connection.execute(text(statements.end), values).rowcount
    added = connection.execute(text(statements.insert), values).rowcount
    staged = int(connection.execute(text(statements.count)).scalar_one())
    return report.Difference(added=added, changed=changed, ended=ended, unchanged=staged - added - changed)
