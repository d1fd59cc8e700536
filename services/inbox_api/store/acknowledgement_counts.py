"""SQL: how many recipients of a message have acknowledged it, in each scope and in all.

The worker counts the recipients of each scope once the message is written, and adds acknowledgements every few seconds. Here are added
those that it has not counted, and those who left are found by their memberships; so the numbers are those of one moment.
"""

# ruff: noqa: S608 (only constants are put into statements)

from dataclasses import dataclass

import sqlalchemy
from sqlalchemy import Connection

from services.inbox_api.store import people
from shared import audience, versions


@dataclass(frozen=True)
class Counts:
    """`left`: not acknowledged and not active any more. `median_hours`: from sending to acknowledging; None without acknowledgements."""

    recipients: int
    acknowledged: int
    left: int
    median_hours: float | None


NOBODY = Counts(0, 0, 0, None)


@dataclass(frozen=True)
class Scope:
    """`organisation`: what contained a clinic in the message's version."""

    id: str
    name: str
    level: str
    organisation: "Organisation | None"
    counts: Counts


@dataclass(frozen=True)
class Organisation:
    id: str
    name: str


_DELAY = "extract(epoch FROM {0}.acknowledged_at - {0}.sent_at) / 3600"
_MEDIAN = f"percentile_cont(0.5) WITHIN GROUP (ORDER BY {_DELAY})"

# Without a level one scope alone is asked for. The audience is counted here while the worker has not done it.
_COUNTED: dict[str | None, str] = {
    None: """
        SELECT scope_id, recipients, acknowledged, median_hours FROM acknowledgement_counts
        WHERE message_id = :message_id AND (CAST(:level AS text) IS NOT NULL OR scope_id = :total_id)""",
    **{
        found: f"""
            SELECT b.scope_id, count(*) AS recipients, 0 AS acknowledged, CAST(NULL AS double precision) AS median_hours
            FROM ({found}) AS p JOIN memberships b ON b.user_id = p.user_id AND {versions.valid_at("b", ":version")} GROUP BY b.scope_id"""
        for found in audience.STATEMENTS
    },
}
# Everyone active belongs to the platform's own scope. OFFSET 0 keeps the planner from reading all memberships for some people.
_LEFT = f"""
    SELECT former.user_id
    FROM (SELECT DISTINCT e.user_id FROM memberships e
          WHERE e.scope_id = :platform_id AND e.valid_to_version > :version
            AND e.valid_from_version <= :version OFFSET 0) AS former
    WHERE EXISTS (SELECT FROM users u WHERE u.id = former.user_id AND u.status <> 'active' OFFSET 0)
      AND NOT EXISTS (SELECT FROM acknowledgements a
                      WHERE a.message_id = :message_id AND a.user_id = former.user_id AND a.sent_at = :sent_at OFFSET 0)
      AND {people.IS_RECIPIENT.format("former.user_id")}"""
_BELONGED = f"""
    (SELECT b.scope_id FROM memberships b WHERE b.user_id = person.user_id AND {versions.valid_at("b", ":version")} OFFSET 0)"""


def _numbers(counted: str) -> str:
    """CTEs: `numbers` has a row for every scope that recipients belonged to."""
    return f"""
    counted AS ({counted}),
    added AS (
        SELECT b.scope_id, count(*) AS acknowledged, {_MEDIAN.format("person")} AS median_hours
        FROM uncounted_acknowledgements person CROSS JOIN LATERAL {_BELONGED} AS b WHERE person.message_id = :message_id GROUP BY b.scope_id
    ),
    gone AS (SELECT b.scope_id, count(*) AS number FROM ({_LEFT}) AS person CROSS JOIN LATERAL {_BELONGED} AS b GROUP BY b.scope_id),
    numbers AS MATERIALIZED (
        SELECT c.scope_id, c.recipients, c.acknowledged + coalesce(a.acknowledged, 0) AS acknowledged,
               coalesce(g.number, 0) AS left, coalesce(c.median_hours, a.median_hours) AS median_hours
        FROM counted c LEFT JOIN added a ON a.scope_id = c.scope_id LEFT JOIN gone g ON g.scope_id = c.scope_id
    )"""


_BETWEEN = f"SELECT a.scope_id, a.ancestor_id FROM scope_ancestors a WHERE {versions.valid_at('a', ':version')}"


# The scopes of the audience (targets, what was inside them, what contained them) within the viewer's reach and the filter. A null asks for
# nothing.
_LIST = {
    people_of: sqlalchemy.text(f"""
        WITH {_numbers(counted)},
        tree AS MATERIALIZED ({_BETWEEN})
        SELECT s.external_id, s.name, CAST(s.level AS text) AS level, o.external_id AS organisation_id, o.name AS organisation_name, n.*
        FROM numbers n JOIN scopes s ON s.id = n.scope_id
        LEFT JOIN (tree JOIN scopes o ON o.id = tree.ancestor_id AND o.level = CAST(:containing_level AS scope_level))
            ON tree.scope_id = s.id AND o.id <> s.id
        WHERE s.level = CAST(:level AS scope_level)
          AND (CAST(:targets AS bigint[]) IS NULL
               OR s.id IN (SELECT t.scope_id FROM tree t WHERE {people.IS_ONE_OF.format("t.ancestor_id", ":targets")})
               OR s.id IN (SELECT t.ancestor_id FROM tree t WHERE {people.IS_ONE_OF.format("t.scope_id", ":targets")}))
          AND (CAST(:administered AS bigint[]) IS NULL
               OR s.id IN (SELECT t.scope_id FROM tree t WHERE {people.IS_ONE_OF.format("t.ancestor_id", ":administered")}))
          AND (CAST(:inside AS bigint) IS NULL OR s.id IN (SELECT t.scope_id FROM tree t WHERE t.ancestor_id = :inside))
        UNION ALL
        SELECT NULL, NULL, NULL, NULL, NULL, n.* FROM numbers n WHERE n.scope_id = :total_id
        ORDER BY name, scope_id
    """)
    for people_of, counted in _COUNTED.items()
}

# The topmost of the scopes that a viewer administers, as of the version.
_LIST_TOPS = sqlalchemy.text(f"""
    SELECT own.scope_id FROM unnest(CAST(:administered AS bigint[])) AS own (scope_id)
    WHERE NOT EXISTS (SELECT FROM scope_ancestors a
                      WHERE a.scope_id = own.scope_id AND a.ancestor_id <> a.scope_id AND {versions.valid_at("a", ":version")}
                        AND {people.IS_ONE_OF.format("a.ancestor_id", ":administered")})
""")
# People of several scopes, each once.
_COUNT_DISTINCT = sqlalchemy.text(f"""
    SELECT count(*) AS recipients, count(a.user_id) AS acknowledged,
           count(*) FILTER (WHERE a.user_id IS NULL AND u.status <> 'active') AS left, {_MEDIAN.format("a")} AS median_hours
    FROM (SELECT DISTINCT b.user_id FROM memberships b
          WHERE b.scope_id = ANY(CAST(:walked AS bigint[])) AND {versions.valid_at("b", ":version")}) AS person
    JOIN users u ON u.id = person.user_id
    LEFT JOIN acknowledgements a ON a.message_id = :message_id AND a.user_id = person.user_id AND a.sent_at = :sent_at
    WHERE {people.IS_WANTED.format("person.user_id")}
""")


def count(
    connection: Connection, wanted: people.Wanted, *, is_counted: bool, level: str | None = None
) -> tuple[list[Scope], Counts]:
    """The scopes of a level by name (without one none), and the distinct people: all that are wanted, whatever their names and marks."""
    chosen = wanted.message.audience
    total_id = _find_total(connection, wanted)
    values = {
        **wanted.parameters,
        **chosen.parameters(),
        "level": level,
        "containing_level": "organisation",
        "inside": wanted.scope_ids[0] if wanted.scope_ids else None,
        "total_id": total_id,
    }
    found = connection.execute(_LIST[None if is_counted else chosen.sql], values).all()
    scopes = [
        Scope(
            row.external_id,
            row.name,
            row.level,
            None if row.organisation_id is None else Organisation(row.organisation_id, row.organisation_name),
            _read(row),
        )
        for row in found
        if row.level is not None
    ]
    if total_id is not None:
        return scopes, next((_read(row) for row in found if row.level is None), NOBODY)
    # Whoever is walked belongs to one of these.
    walked: dict[str, object] = (
        {"walked": [wanted.scope_ids[0]]}
        if wanted.scope_ids
        else {"walked": list(wanted.viewer.administered), "administered": None}
    )
    return scopes, _read(connection.execute(_COUNT_DISTINCT, {**wanted.parameters, **walked}).one())


def _find_total(connection: Connection, wanted: people.Wanted) -> int | None:
    """The scope that has all of these people and no others, if there is one."""
    if wanted.scope_ids:
        return wanted.scope_ids[0] if wanted.viewer.is_platform and len(wanted.scope_ids) == 1 else None
    if wanted.viewer.is_platform:
        return wanted.viewer.platform_id
    tops = connection.execute(_LIST_TOPS, wanted.parameters).scalars().all()
    return tops[0] if len(tops) == 1 else None


def _read(row: sqlalchemy.Row[tuple[object, ...]]) -> Counts:
    return Counts(row.recipients, row.acknowledged, row.left, row.median_hours)
