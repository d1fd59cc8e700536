"""SQL: what an administrator may choose as audience, what they chose, and how many people that is."""

import itertools
from dataclasses import dataclass

import sqlalchemy
from sqlalchemy import Connection

from services.compose_api import domain
from shared import audience as audience_sql


@dataclass(frozen=True)
class Choice:
    """An audience looked up in the directory, all at one moment. `unknown` are the (level, external id) that are not there."""

    directory_version: int
    reach: domain.Reach
    targets: tuple[domain.Target, ...]
    unknown: tuple[tuple[domain.Level, str], ...]


@dataclass(frozen=True)
class Scope:
    """An organisation or clinic with the number of people it reaches now."""

    id: str
    name: str
    user_count: int


@dataclass(frozen=True)
class Organisation(Scope):
    """`selectable` is False where it only groups clinics of somebody who does not administer it."""

    selectable: bool
    clinics: tuple[Scope, ...]


@dataclass(frozen=True)
class Audiences:
    """user_count is the whole platform's where everyone may be chosen, else None."""

    everyone: bool
    user_count: int | None
    organisations: tuple[Organisation, ...]


# One statement, so that the version, the reach and the scopes are of the same moment.
_GET_CHOICE = sqlalchemy.text("""
    SELECT p.directory_version,
           ARRAY(SELECT m.scope_id FROM memberships m
                 WHERE m.user_id = :user_id AND m.role = 'administrator' AND m.valid_to_version IS NULL) AS administered,
           chosen.level, chosen.external_id, COALESCE(o.id, c.id) AS scope_id, c.organisation_id
    FROM platforms p
    LEFT JOIN unnest(CAST(:levels AS scope_level[]), CAST(:external_ids AS text[]))
        WITH ORDINALITY AS chosen(level, external_id, position) ON true
    LEFT JOIN organisations o
        ON chosen.level = 'organisation' AND o.platform_id = p.id AND o.external_id = chosen.external_id AND o.active
    LEFT JOIN clinics c
        ON chosen.level = 'clinic' AND c.platform_id = p.id AND c.external_id = chosen.external_id AND c.active
        AND EXISTS (SELECT FROM organisations of_clinic WHERE of_clinic.id = c.organisation_id AND of_clinic.active)
    WHERE p.id = :platform_id
    ORDER BY chosen.position
""")

# The counts are kept with the directory, so the tree of a large platform costs no counting.
_GET_TREE = sqlalchemy.text("""
    SELECT o.id AS organisation_id, o.external_id AS organisation, o.name AS organisation_name,
           COALESCE(oc.user_count, 0) AS organisation_count,
           c.external_id AS clinic, c.name AS clinic_name, COALESCE(cc.user_count, 0) AS clinic_count
    FROM organisations o
    LEFT JOIN clinics c
        ON c.organisation_id = o.id AND c.active
        AND (:is_platform OR o.id = ANY(:administered) OR c.id = ANY(:administered))
    LEFT JOIN scope_user_counts oc ON oc.scope_id = o.id
    LEFT JOIN scope_user_counts cc ON cc.scope_id = c.id
    WHERE o.platform_id = :platform_id AND o.active
        AND (:is_platform OR o.id = ANY(:administered) OR c.id = ANY(:administered))
    ORDER BY o.name, o.id, c.name, c.id
""")

_GET_COUNT = sqlalchemy.text("SELECT user_count FROM scope_user_counts WHERE scope_id = :scope_id")


def get_choice(connection: Connection, *, platform_id: int, user_id: int, audience: domain.Audience) -> Choice:
    chosen: list[tuple[domain.Level, str]] = [("organisation", name) for name in audience.organisations]
    chosen += [("clinic", name) for name in audience.clinics]
    rows = connection.execute(
        _GET_CHOICE,
        {
            "platform_id": platform_id,
            "user_id": user_id,
            "levels": [level for level, _ in chosen],
            "external_ids": [name for _, name in chosen],
        },
    ).all()
    found = [row for row in rows if row.scope_id is not None]
    targets = [domain.Target(row.level, row.external_id, row.scope_id, row.organisation_id) for row in found]
    if audience.everyone:
        targets = [domain.Target("platform", "everyone", platform_id, None)]
    return Choice(
        directory_version=rows[0].directory_version,
        reach=domain.Reach(platform_id, frozenset(rows[0].administered)),
        targets=tuple(targets),
        unknown=tuple((row.level, row.external_id) for row in rows if row.level is not None and row.scope_id is None),
    )


def get_tree(connection: Connection, *, reach: domain.Reach) -> Audiences:
    rows = connection.execute(
        _GET_TREE,
        {
            "platform_id": reach.platform_id,
            "is_platform": reach.is_platform,
            "administered": list(reach.administered),
        },
    )
    organisations = []
    for (organisation_id, external_id, name, user_count), group in itertools.groupby(rows, key=lambda row: row[:4]):
        clinics = tuple(Scope(row.clinic, row.clinic_name, row.clinic_count) for row in group if row.clinic is not None)
        selectable = reach.is_platform or organisation_id in reach.administered
        organisations.append(Organisation(external_id, name, user_count, selectable, clinics))
    return Audiences(
        everyone=reach.is_platform,
        user_count=get_user_count(connection, scope_id=reach.platform_id) if reach.is_platform else None,
        organisations=tuple(organisations),
    )


def get_user_count(connection: Connection, *, scope_id: int) -> int:
    """How many people one scope reaches now."""
    return connection.execute(_GET_COUNT, {"scope_id": scope_id}).scalar_one_or_none() or 0


def count_audience(connection: Connection, *, audience: audience_sql.Audience) -> int:
    """How many distinct people are in the audience: the rows that the fan-out writes from."""
    return int(connection.execute(sqlalchemy.text(audience.count_sql), audience.parameters()).scalar_one())
