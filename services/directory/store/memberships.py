"""Who belongs where in which version: rows end and begin, they never change.

A user's role or a clinic's organisation that changes ends the row and begins another in the same version, so the audience
of any scope as of any version stays one plain condition.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, text

from services.directory import report

# Everyone active belongs to the platform, stated or not. min() picks 'administrator' where both roles are stated.
_DESIRE = (
    text("""
        INSERT INTO desired_memberships (user_id, scope_id, level, role)
        SELECT u.user_id, :platform_id, 'platform', coalesce(s.role, 'member')
        FROM active_users u
        LEFT JOIN (
            SELECT user_external_id, min(role) AS role FROM staged_memberships WHERE level = 'platform' GROUP BY 1
        ) s ON s.user_external_id = u.external_id
    """),
    text("""
        INSERT INTO desired_memberships (user_id, scope_id, organisation_id, level, role)
        SELECT u.user_id, o.id, o.id, 'organisation', min(s.role)
        FROM staged_memberships s
        JOIN active_users u ON u.external_id = s.user_external_id
        JOIN organisations o ON o.platform_id = :platform_id AND o.external_id = s.scope
        WHERE s.level = 'organisation'
        GROUP BY u.user_id, o.id
    """),
    text("""
        INSERT INTO desired_memberships (user_id, scope_id, organisation_id, clinic_id, level, role)
        SELECT u.user_id, c.id, c.organisation_id, c.id, 'clinic', min(s.role)
        FROM staged_memberships s
        JOIN active_users u ON u.external_id = s.user_external_id
        JOIN clinics c ON c.platform_id = :platform_id AND c.external_id = s.scope
        WHERE s.level = 'clinic'
        GROUP BY u.user_id, c.id
    """),
)
# A row is stated unless it is the platform-wide membership that every active user has anyway.
_PLAN = text("""
    INSERT INTO membership_changes (
        user_id, scope_id, ends_from_version, begins, was_stated, is_stated, organisation_id, clinic_id, level, role
    )
    SELECT coalesce(m.user_id, d.user_id), coalesce(m.scope_id, d.scope_id), m.valid_from_version, d.user_id IS NOT NULL,
           coalesce(m.level <> 'platform' OR m.role = 'administrator', false),
           coalesce(d.level <> 'platform' OR d.role = 'administrator', false),
           d.organisation_id, d.clinic_id, d.level, d.role
    FROM (
        SELECT m.user_id, m.scope_id, m.valid_from_version, m.organisation_id, m.level, m.role
        FROM users u
        JOIN memberships m ON m.user_id = u.id AND m.valid_to_version IS NULL
        WHERE u.platform_id = :platform_id
    ) m
    FULL JOIN desired_memberships d ON d.user_id = m.user_id AND d.scope_id = m.scope_id
    WHERE m.user_id IS NULL OR d.user_id IS NULL
       OR m.role <> d.role OR m.organisation_id IS DISTINCT FROM d.organisation_id
""")
_COUNT_PLANNED = text("""
    SELECT count(*) FILTER (WHERE is_stated AND NOT was_stated), count(*) FILTER (WHERE is_stated AND was_stated),
           count(*) FILTER (WHERE was_stated AND NOT is_stated),
           (SELECT count(*) FROM desired_memberships WHERE level <> 'platform' OR role = 'administrator')
    FROM membership_changes
""")
_END = text("""
    UPDATE memberships m SET valid_to_version = :version
    FROM membership_changes c
    WHERE m.user_id = c.user_id AND m.scope_id = c.scope_id AND m.valid_from_version = c.ends_from_version
""")
_BEGIN = text("""
    INSERT INTO memberships (user_id, scope_id, valid_from_version, platform_id, organisation_id, clinic_id, level, role)
    SELECT user_id, scope_id, :version, :platform_id, organisation_id, clinic_id, level, role
    FROM membership_changes
    WHERE begins
    ORDER BY user_id, scope_id
""")


@dataclass(frozen=True)
class Plan:
    """The difference in stated memberships, and how many of them were valid before."""

    difference: report.Difference
    before: int


def desire(connection: Connection, *, platform_id: int) -> None:
    """Works out the rows that are to be valid. Organisations, clinics and active users must stand already."""
    for statement in _DESIRE:
        connection.execute(statement, {"platform_id": platform_id})


def plan(connection: Connection, *, platform_id: int) -> Plan:
    """Lists which rows end and which begin so that the desired ones are the valid ones."""
    connection.execute(_PLAN, {"platform_id": platform_id})
    added, changed, ended, stated = connection.execute(_COUNT_PLANNED).one()
    unchanged = stated - added - changed
    difference = report.Difference(added=added, changed=changed, ended=ended, unchanged=unchanged)
    return Plan(difference, before=unchanged + changed + ended)


def apply(connection: Connection, *, platform_id: int, version: int) -> None:
    """Ends and begins in `version` what `plan` listed. Ends first: a user has one valid row in a scope."""
    connection.execute(_END, {"version": version})
    connection.execute(_BEGIN, {"platform_id": platform_id, "version": version})
