"""SQL: how many recipients of a message have acknowledged it, in each scope and in all. All numbers are those of one moment.

Few people are looked at one by one. For many there are the worker's counts: it counts the recipients of each scope once the message is
written, and adds acknowledgements every few seconds; here are added those that it has not counted, and those who left are found by the
memberships that ended.
"""

# ruff: noqa: S608 (only constants are put into statements)

from dataclasses import dataclass

import sqlalchemy
from sqlalchemy import Connection

from services.inbox_api.store import people
from shared import versions


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


_MEDIAN = "percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM {0}.acknowledged_at - {0}.sent_at) / 3600)"
# Scopes of the user `person`. OFFSET 0 here and below keeps the planner from reading all memberships for some people.
_BELONGED = f"""
    (SELECT b.scope_id FROM memberships b WHERE b.user_id = person.user_id AND {versions.valid_at("b", ":version")} OFFSET 0)"""
_SUM_UP = f"""count(*) AS recipients, count(person.acknowledged_at) AS acknowledged, count(*) FILTER (WHERE person.is_left) AS left,
    {_MEDIAN.format("person")} AS median_hours"""
# Everyone who is wanted, once.
_PEOPLE = f"""
    SELECT walked.user_id, a.sent_at, a.acknowledged_at, a.user_id IS NULL AND u.status <> 'active' AS is_left
    FROM (SELECT DISTINCT b.user_id FROM memberships b
          WHERE b.scope_id = ANY(CAST(:walked AS bigint[])) AND {versions.valid_at("b", ":version")}) AS walked
    JOIN users u ON u.id = walked.user_id
    LEFT JOIN acknowledgements a ON a.message_id = :message_id AND a.user_id = walked.user_id AND a.sent_at = :sent_at
    WHERE {people.IS_WANTED.format("walked.user_id")}"""
_FEW = (
    f"SELECT b.scope_id, {_SUM_UP} FROM ({_PEOPLE}) AS person CROSS JOIN LATERAL {_BELONGED} AS b GROUP BY b.scope_id"
)

_WAITING = "uncounted_acknowledgements person WHERE person.message_id = :message_id"
# Everyone active belongs to the platform's own scope.
_LEFT = f"""
    SELECT former.user_id
    FROM (SELECT DISTINCT e.user_id FROM memberships e
          WHERE e.scope_id = :platform_id AND e.valid_to_version > :version AND e.valid_from_version <= :version OFFSET 0) AS former
    WHERE EXISTS (SELECT FROM users u WHERE u.id = former.user_id AND u.status <> 'active' OFFSET 0)
      AND NOT EXISTS (SELECT FROM acknowledgements a
                      WHERE a.message_id = :message_id AND a.user_id = former.user_id AND a.sent_at = :sent_at OFFSET 0)
      AND {people.IS_RECIPIENT.format("former.user_id")}"""


def _many(counted: str) -> str:
    return f"""
    SELECT c.scope_id, c.recipients, c.acknowledged + coalesce(w.number, 0) AS acknowledged, coalesce(g.number, 0) AS left,
           coalesce(c.median_hours, w.median_hours) AS median_hours
    FROM ({counted}) AS c
    LEFT JOIN (SELECT b.scope_id, count(*) AS number, {_MEDIAN.format("person")} AS median_hours
               FROM (SELECT * FROM {_WAITING}) AS person CROSS JOIN LATERAL {_BELONGED} AS b GROUP BY b.scope_id) AS w
        ON w.scope_id = c.scope_id
    LEFT JOIN (SELECT b.scope_id, count(*) AS number FROM ({_LEFT}) AS person CROSS JOIN LATERAL {_BELONGED} AS b GROUP BY b.scope_id) AS g
        ON g.scope_id = c.scope_id"""


# While the worker has not counted, all acknowledgements are in its queue. Many people are those of one scope, each once; their memberships
# are read together.
_COUNTED = "SELECT * FROM acknowledgement_counts WHERE message_id = :message_id"
_UNCOUNTED = f"""
    SELECT b.scope_id, count(*) AS recipients, 0 AS acknowledged, CAST(NULL AS double precision) AS median_hours
    FROM memberships walked JOIN memberships b ON b.user_id = walked.user_id AND {versions.valid_at("b", ":version")}
    WHERE walked.scope_id = :walked_one AND {versions.valid_at("walked", ":version")} AND {people.IS_WANTED.format("walked.user_id")}
    GROUP BY b.scope_id"""


# The scopes of the audience (targets, what was inside them, what contained them) within the viewer's reach and the filter. A null asks for
# nothing. A row without a level is the scope :total_id, if it is not null.
def _list(numbers: str) -> sqlalchemy.TextClause:
    return sqlalchemy.text(f"""
        WITH numbers AS MATERIALIZED ({numbers}),
        tree AS MATERIALIZED (
            SELECT a.scope_id, a.ancestor_id FROM numbers n JOIN scope_ancestors a ON a.scope_id = n.scope_id
            WHERE {versions.valid_at("a", ":version")}
        )
        SELECT s.external_id, s.name, CAST(s.level AS text) AS level, o.external_id AS container_id, o.name AS container_name, n.*
        FROM numbers n JOIN scopes s ON s.id = n.scope_id
        LEFT JOIN (tree JOIN scopes o ON o.id = tree.ancestor_id AND o.level = CAST(:containing_level AS scope_level))
            ON tree.scope_id = s.id AND o.id <> s.id
        WHERE s.level = CAST(:level AS scope_level)
          AND (CAST(:targets AS bigint[]) IS NULL
               OR s.id IN (SELECT t.scope_id FROM tree t WHERE {people.IS_ONE_OF.format("t.ancestor_id", ":targets")})
               OR s.id IN (SELECT a.ancestor_id FROM scope_ancestors a
                           WHERE a.scope_id = ANY(CAST(:targets AS bigint[])) AND {versions.valid_at("a", ":version")}))
          AND (CAST(:administered AS bigint[]) IS NULL
               OR s.id IN (SELECT t.scope_id FROM tree t WHERE {people.IS_ONE_OF.format("t.ancestor_id", ":administered")}))
          AND (CAST(:scope_id AS bigint) IS NULL OR s.id IN (SELECT t.scope_id FROM tree t WHERE t.ancestor_id = :scope_id))
        UNION ALL
        SELECT NULL, NULL, NULL, NULL, NULL, n.* FROM numbers n WHERE n.scope_id = :total_id
        ORDER BY name, scope_id
    """)


_LIST_OF_FEW, _LIST_COUNTED, _LIST_UNCOUNTED = _list(_FEW), _list(_many(_COUNTED)), _list(_many(_UNCOUNTED))

_TOTAL_OF_FEW = sqlalchemy.text(f"SELECT {_SUM_UP} FROM ({_PEOPLE}) AS person")
_IS_IN_TOTAL = f"""
    (:total_id = :platform_id
     OR EXISTS (SELECT FROM memberships b
                WHERE b.user_id = person.user_id AND b.scope_id = :total_id AND {versions.valid_at("b", ":version")} OFFSET 0))"""
_TOTAL_OF_MANY = sqlalchemy.text(f"""
    SELECT c.recipients, c.acknowledged + (SELECT count(*) FROM {_WAITING} AND {_IS_IN_TOTAL}) AS acknowledged,
           (SELECT count(*) FROM ({_LEFT}) AS person WHERE {_IS_IN_TOTAL}) AS left,
           coalesce(c.median_hours, (SELECT {_MEDIAN.format("person")} FROM {_WAITING} AND {_IS_IN_TOTAL})) AS median_hours
    FROM acknowledgement_counts c WHERE c.message_id = :message_id AND c.scope_id = :total_id
""")
# The topmost of the scopes that a viewer administers, as of the version.
_LIST_TOPS = sqlalchemy.text(f"""
    SELECT own.scope_id FROM unnest(CAST(:administered AS bigint[])) AS own (scope_id)
    WHERE NOT EXISTS (SELECT FROM scope_ancestors a
                      WHERE a.scope_id = own.scope_id AND a.ancestor_id <> a.scope_id AND {versions.valid_at("a", ":version")}
                        AND {people.IS_ONE_OF.format("a.ancestor_id", ":administered")})
""")


class Numbers:
    """The numbers of the people that are wanted, whatever their names and marks."""

    def __init__(self, connection: Connection, wanted: people.Wanted, *, is_counted: bool) -> None:
        """`is_counted`: by the worker. Until it has, the memberships of many people are read: 3 s for a million."""
        walk = people.choose_walk(connection, wanted)
        self._connection, self._wanted = connection, wanted
        self._parameters = {**wanted.parameters, "walked": list(walk.scope_ids), "walked_one": walk.scope_ids[0]}
        self._few_parameters = {**self._parameters, **({walk.parameter: None} if walk.parameter else {})}
        self._is_few = walk.is_short
        self._is_counted = is_counted

    def summarise(self, level: str) -> tuple[list[Scope], Counts]:
        """The scopes of a level by name, and the total, which has each person once."""
        total_id = self._find_total()
        values = {**self._parameters, "level": level, "containing_level": "organisation", "total_id": total_id}
        statement = _LIST_OF_FEW if self._is_few else _LIST_COUNTED if self._is_counted else _LIST_UNCOUNTED
        rows = self._connection.execute(statement, values).all()
        scopes = [
            Scope(
                row.external_id,
                row.name,
                row.level,
                None if row.container_id is None else Organisation(row.container_id, row.container_name),
                _read(row),
            )
            for row in rows
            if row.level is not None
        ]
        if total_id is None:
            return scopes, self._count_people()
        return scopes, next((_read(row) for row in rows if row.level is None), NOBODY)

    def get_total(self) -> Counts:
        total_id = self._find_total() if self._is_counted and not self._is_few else None
        if total_id is None:
            return self._count_people()
        row = self._connection.execute(_TOTAL_OF_MANY, {**self._parameters, "total_id": total_id}).one_or_none()
        return NOBODY if row is None else _read(row)

    def _count_people(self) -> Counts:
        return _read(self._connection.execute(_TOTAL_OF_FEW, self._few_parameters).one())

    def _find_total(self) -> int | None:
        """The scope that has all of these people and no others, if there is one."""
        wanted = self._wanted
        if wanted.scope_ids:
            return wanted.scope_ids[0] if wanted.viewer.is_platform and len(wanted.scope_ids) == 1 else None
        if wanted.viewer.is_platform:
            return wanted.viewer.platform_id
        tops = self._connection.execute(_LIST_TOPS, wanted.parameters).scalars().all()
        return tops[0] if len(tops) == 1 else None


def _read(row: sqlalchemy.Row[tuple[object, ...]]) -> Counts:
    return Counts(row.recipients, row.acknowledged, row.left, row.median_hours)
