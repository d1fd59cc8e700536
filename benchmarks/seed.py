"""Fills a directory as large as a benchmark wants it, in one statement per table. Called through `Bench.platform`."""

from dataclasses import dataclass

import sqlalchemy
from sqlalchemy import Engine

ORGANISATIONS = 100
CLINICS_EACH = 10


@dataclass(frozen=True)
class Platform:
    """`users` people, each in one clinic, every tenth in a second one of another organisation."""

    id: int
    key: str
    users: int

    def user(self, share: float) -> str:
        """The external id of the one who stands at that share (0 to 1) of all users."""
        return f"u{1 + round(share * (self.users - 2))}"


_FILL = """
WITH organisation AS (
    INSERT INTO organisations (platform_id, external_id, name)
    SELECT :platform_id, 'o' || n, 'Organisation ' || n FROM generate_series(0, :organisations - 1) n RETURNING id, external_id
)
INSERT INTO clinics (platform_id, organisation_id, external_id, name)
SELECT :platform_id, o.id, o.external_id || '-c' || n, 'Clinic ' || n FROM organisation o, generate_series(0, :clinics_each - 1) n;
INSERT INTO users (platform_id, external_id, name, email, status)
SELECT :platform_id, CASE n WHEN 0 THEN 'administrator' ELSE 'u' || n END, 'Person ' || n, '', 'active'
FROM generate_series(0, :users) n;
INSERT INTO memberships (user_id, scope_id, valid_from_version, platform_id, level, role)
SELECT id, :platform_id, 1, :platform_id, 'platform', CASE external_id WHEN 'administrator' THEN 'administrator' ELSE 'member' END
FROM users WHERE platform_id = :platform_id ORDER BY id;
WITH clinic AS (
    SELECT id, organisation_id, row_number() OVER (ORDER BY id) - 1 AS n FROM clinics WHERE platform_id = :platform_id
), person AS (
    SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM users WHERE platform_id = :platform_id AND external_id <> 'administrator'
)
INSERT INTO memberships (user_id, scope_id, valid_from_version, platform_id, organisation_id, clinic_id, level, role)
SELECT p.id, c.id, 1, :platform_id, c.organisation_id, c.id, 'clinic', 'member'
FROM (SELECT id, n % (SELECT count(*) FROM clinic) AS clinic FROM person
      UNION ALL SELECT id, (n + 5 * :clinics_each) % (SELECT count(*) FROM clinic) FROM person WHERE n % 10 = 0) p
JOIN clinic c ON c.n = p.clinic
ORDER BY p.id;
INSERT INTO scope_user_counts (scope_id, platform_id, user_count)
SELECT scope_id, :platform_id, count(*) FROM memberships WHERE platform_id = :platform_id AND level <> 'organisation' GROUP BY scope_id
UNION ALL
SELECT organisation_id, :platform_id, count(DISTINCT user_id) FROM memberships
WHERE platform_id = :platform_id AND organisation_id IS NOT NULL GROUP BY organisation_id;
"""


def platform(engine: Engine, key: str, *, users: int) -> Platform:
    """A new platform with that many users and an administrator of it all."""
    with engine.begin() as connection:
        platform_id = connection.execute(
            sqlalchemy.text(
                "INSERT INTO platforms (key, name, plan, directory_version) VALUES (:key, :key, 'enterprise', 1) RETURNING id"
            ),
            {"key": key},
        ).scalar_one()
        values = {
            "platform_id": platform_id,
            "users": users,
            "organisations": ORGANISATIONS,
            "clinics_each": CLINICS_EACH,
        }
        for statement in filter(str.strip, _FILL.split(";")):
            connection.execute(sqlalchemy.text(statement), values)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sqlalchemy.text("VACUUM (ANALYZE) users, memberships, scope_user_counts"))
    return Platform(platform_id, key, users + 1)
