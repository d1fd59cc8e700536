"""SQL: the scopes that an administrator may choose, the scopes of a choice, and the size of an audience."""

import itertools
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_args

import psycopg
import sqlalchemy
from psycopg import rows
from sqlalchemy import Connection

from services.compose_api import domain
from shared import audience as audience_sql
from shared import db
from shared.audience import ChosenScopes


@dataclass(frozen=True)
class FollowUp:
    """What a follow-up takes from the earlier message `follows`. `out_of_reach`: how many of its scopes the sender may not address.
    `asks`: it asks for an acknowledgement. `is_notice`: it goes to administrators only.

    `is_visible`: the sender may see it. `is_forgotten`: who had read it, or one that it follows, is past the retention. `chain_length`: how
    many messages it follows itself.
    """

    follows: uuid.UUID
    only: str | None
    audience_version: int
    out_of_reach: int
    is_visible: bool
    is_recalled: bool
    is_forgotten: bool
    asks: bool
    is_notice: bool
    chain_length: int


@dataclass(frozen=True)
class Choice:
    """The chosen scopes as the directory has them, in one snapshot. `unknown`: (level, external id) of scopes that do not exist.

    With what else the message is checked against: the platform's categories and PostgreSQL's time.
    """

    directory_version: int
    categories: tuple[str, ...]
    now: datetime
    reach: domain.Reach
    targets: tuple[domain.Target, ...]
    unknown: tuple[tuple[domain.Level, str], ...]
    follow_up: FollowUp | None = None

    @property
    def audience_version(self) -> int:
        """The version of the directory in which the audience is read."""
        return self.directory_version if self.follow_up is None else self.follow_up.audience_version

    @property
    def chosen(self) -> ChosenScopes:
        ids = {
            level: tuple(one.external_id for one in self.targets if one.level == level)
            for level in get_args(domain.Level)
        }
        return ChosenScopes(
            everyone=bool(ids["platform"]),
            organisations=ids["organisation"],
            clinics=ids["clinic"],
            out_of_reach=0 if self.follow_up is None else self.follow_up.out_of_reach,
        )


@dataclass(frozen=True)
class Scope:
    """A scope and its current number of users. Not `selectable`: it contains scopes within reach and is beyond reach itself."""

    id: int
    parent_id: int | None
    level: domain.Level
    external_id: str
    name: str
    user_count: int
    selectable: bool


# One statement, so that version, reach and scopes come from one snapshot. An ended scope has no valid ancestors. Of the scopes that the
# user administers only those above the chosen ones are read: a user may administer 15,000 clinics.
_GET_CHOICE = db.driver_sql("""
    SELECT p.directory_version, p.categories, clock_timestamp() AS now,
           chosen.level, chosen.external_id, s.id AS scope_id, above.ids AS ancestor_ids,
           ARRAY(SELECT m.scope_id FROM memberships m
                 WHERE m.user_id = :user_id AND m.scope_id = ANY(above.ids || p.id)
                   AND m.role = 'administrator' AND m.valid_to_version IS NULL) AS administered
    FROM platforms p
    LEFT JOIN unnest(CAST(:levels AS scope_level[]), CAST(:external_ids AS text[]))
        WITH ORDINALITY AS chosen(level, external_id, position) ON true
    LEFT JOIN scopes s ON s.platform_id = p.id AND s.level = chosen.level AND s.external_id = chosen.external_id
    LEFT JOIN LATERAL (
        SELECT array_agg(a.ancestor_id) AS ids FROM scope_ancestors a
        WHERE a.scope_id = s.id AND a.valid_to_version IS NULL
    ) AS above ON true
    WHERE p.id = :platform_id
    ORDER BY chosen.position
""")

# The levels are in this order: platform, organisation, clinic.
_FIND_LEVEL = sqlalchemy.text("""
    SELECT min(s.level) FROM memberships m JOIN scopes s ON s.id = m.scope_id
    WHERE m.user_id = :user_id AND m.role = 'administrator' AND m.valid_to_version IS NULL
""")
_GET_CATEGORIES = sqlalchemy.text("SELECT categories FROM platforms WHERE id = :platform_id")

# Every scope within reach, and the scopes that contain these. scopes.user_count saves counting users.
_LIST_SCOPES = sqlalchemy.text("""
    WITH reach AS (
        SELECT DISTINCT a.scope_id
        FROM memberships m
        JOIN scope_ancestors a ON a.ancestor_id = m.scope_id AND a.valid_to_version IS NULL
        WHERE m.user_id = :user_id AND m.role = 'administrator' AND m.valid_to_version IS NULL
    ), shown AS (
        SELECT scope_id, true AS selectable FROM reach
        UNION ALL
        SELECT a.ancestor_id, false FROM reach r JOIN scope_ancestors a ON a.scope_id = r.scope_id
        WHERE a.valid_to_version IS NULL
    )
    SELECT s.id, s.parent_id, s.level, s.external_id, s.name, s.user_count, shown.selectable
    FROM (SELECT scope_id, bool_or(selectable) AS selectable FROM shown GROUP BY scope_id) AS shown
    JOIN scopes s ON s.id = shown.scope_id
    ORDER BY s.name, s.id
""")

_GET_COUNT = sqlalchemy.text("SELECT user_count FROM scopes WHERE id = :scope_id")


def get_choice(
    connection: psycopg.Connection[Any], *, platform_id: int, user_id: int, audience: ChosenScopes
) -> Choice:
    levels = ["organisation"] * len(audience.organisations) + ["clinic"] * len(audience.clinics)
    cursor = connection.cursor(row_factory=rows.dict_row)
    found = cursor.execute(
        _GET_CHOICE,
        {
            "platform_id": platform_id,
            "user_id": user_id,
            "levels": levels,
            "external_ids": [*audience.organisations, *audience.clinics],
        },
    ).fetchall()
    targets = [
        domain.Target(row["scope_id"], row["level"], row["external_id"], frozenset(row["ancestor_ids"]))
        for row in found
        if row["ancestor_ids"]
    ]
    if audience.everyone:
        targets = [domain.Target(platform_id, "platform", "everyone", frozenset([platform_id]))]
    return Choice(
        directory_version=found[0]["directory_version"],
        categories=tuple(found[0]["categories"]),
        now=found[0]["now"],
        reach=domain.Reach(platform_id, frozenset(itertools.chain.from_iterable(row["administered"] for row in found))),
        targets=tuple(targets),
        unknown=tuple(
            (row["level"], row["external_id"]) for row in found if row["level"] is not None and not row["ancestor_ids"]
        ),
    )


def find_level(connection: Connection, *, user_id: int) -> domain.Level | None:
    """The highest level of the scopes that a user administers."""
    level: domain.Level | None = connection.execute(_FIND_LEVEL, {"user_id": user_id}).scalar_one()
    return level


def get_categories(connection: Connection, *, platform_id: int) -> tuple[str, ...]:
    """What messages on the platform can be about, in the order in which they are offered."""
    return tuple(connection.execute(_GET_CATEGORIES, {"platform_id": platform_id}).scalar_one())


def list_scopes(connection: Connection, *, user_id: int) -> list[Scope]:
    """The scopes within an administrator's reach and the scopes that contain these, by name."""
    return [Scope(**row) for row in connection.execute(_LIST_SCOPES, {"user_id": user_id}).mappings()]


def get_user_count(connection: Connection, *, scope_id: int) -> int:
    """The current number of users of one scope."""
    return int(connection.execute(_GET_COUNT, {"scope_id": scope_id}).scalar_one())


def count_audience(connection: Connection, *, audience: audience_sql.Audience) -> int:
    """The number of distinct users in the audience: the same rows that the fan-out writes entries for."""
    return int(connection.execute(sqlalchemy.text(audience.count_sql), audience.parameters()).scalar_one())
