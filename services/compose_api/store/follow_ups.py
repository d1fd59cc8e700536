"""SQL: the earlier message of a follow-up, what of its audience the sender may address, and how many people would get it."""

# ruff: noqa: S608 (only constants are put into statements)

import uuid
from typing import Any

import psycopg
from psycopg import rows

from services.compose_api import domain
from services.compose_api.store.audiences import Choice, FollowUp
from shared import audience as audience_sql
from shared import db, follow_ups, lifecycle, versions

# What a follow-up of the message :follows would have in followed_messages: a row for it, and those of its own.
NEXT_CHAIN = """
    SELECT e.id AS earlier_id, e.sent_at AS earlier_sent_at, CAST(:only AS text) AS follows_only, {accepted_at} AS accepted_at,
           e.platform_id, e.directory_version, CAST(:active_version AS bigint) AS active_version
    FROM messages e WHERE e.id = :follows
    UNION ALL
    SELECT f.earlier_id, f.earlier_sent_at, f.follows_only, f.accepted_at, f.platform_id, f.directory_version, f.active_version
    FROM followed_messages f WHERE f.message_id = :follows"""

# What asks for an acknowledgement is visible to administrators beneath its targets too, who follow up their own people.
# One statement, so that version, reach and audience come from one snapshot. Of each target that is beyond the sender's reach the scopes
# are addressed that they administer inside it. A scope that has ended is within reach of those who administer what contained it.
_GET_CHOICE = db.driver_sql(f"""
    WITH own AS MATERIALIZED (
        SELECT scope_id FROM memberships
        WHERE user_id = :user_id AND role = 'administrator' AND valid_to_version IS NULL
    ), earlier AS (
        SELECT m.id, m.directory_version, {lifecycle.IS_RECALLED} AS is_recalled,
               {lifecycle.ASKS} AS asks,
               {lifecycle.ENTRIES_DROPPED}
               OR EXISTS (SELECT FROM followed_messages f JOIN inbox_retention d ON f.earlier_sent_at < d.dropped_before
                          WHERE f.message_id = m.id) AS is_forgotten,
               (SELECT count(*) FROM followed_messages f WHERE f.message_id = m.id) AS chain_length,
               m.sender_id = :user_id
               OR EXISTS (SELECT FROM message_visibility v JOIN own ON own.scope_id = v.scope_id WHERE v.message_id = m.id) AS is_visible,
               m.statement IS NOT NULL AS is_followed_up, m.recipient_role IS NOT NULL AS is_notice
        FROM messages m WHERE m.id = :follows AND m.platform_id = :platform_id
    ), targets AS (
        SELECT t.position, t.scope_id, e.directory_version, EXISTS (
            SELECT FROM scope_ancestors a JOIN own ON own.scope_id = a.ancestor_id
            WHERE a.scope_id = t.scope_id
              AND CASE WHEN s.active THEN a.valid_to_version IS NULL ELSE {versions.valid_at("a", "e.directory_version")} END
        ) AS is_within
        FROM earlier e JOIN message_targets t ON t.message_id = e.id JOIN scopes s ON s.id = t.scope_id
    ), parts AS (
        SELECT position, scope_id FROM targets WHERE is_within
        UNION ALL
        SELECT t.position, own.scope_id
        FROM targets t JOIN scope_ancestors a ON a.ancestor_id = t.scope_id AND {versions.valid_at("a", "t.directory_version")}
        JOIN own ON own.scope_id = a.scope_id
        WHERE NOT t.is_within
    )
    SELECT p.directory_version, p.categories, clock_timestamp() AS now,
           e.directory_version AS audience_version, e.is_recalled, e.is_forgotten, e.chain_length, e.asks, e.is_notice,
           e.is_visible OR e.is_followed_up AND EXISTS (SELECT FROM parts) AS is_visible,
           (SELECT count(*) FROM targets WHERE NOT is_within) AS out_of_reach,
           s.id AS scope_id, s.level, s.external_id,
           ARRAY(SELECT a.ancestor_id FROM scope_ancestors a
                 WHERE a.scope_id = s.id AND {versions.valid_at("a", "e.directory_version")}) AS ancestor_ids
    FROM platforms p
    LEFT JOIN earlier e ON true
    LEFT JOIN parts ON true
    LEFT JOIN scopes s ON s.id = parts.scope_id
    WHERE p.id = :platform_id
    ORDER BY parts.position, s.id
""")

_CHAIN_NOW = NEXT_CHAIN.format(accepted_at="CAST('infinity' AS timestamptz)")
_COUNT = {
    people: db.driver_sql(f"SELECT count(*) FROM ({follow_ups.remaining(people, _CHAIN_NOW)}) AS found")
    for people in audience_sql.PEOPLE
}
# Of one scope the first people, one by one: somebody is left among them almost always, and then the others need not be looked at.
_HAS_FIRST = db.driver_sql(f"""
    SELECT EXISTS (
        SELECT FROM (SELECT user_id FROM ({audience_sql.PEOPLE[0]}) AS found ORDER BY user_id LIMIT 1000) AS p
        WHERE NOT EXISTS ({follow_ups.excluded(_CHAIN_NOW, "p.user_id")}))
""")
_COUNT_EXCLUDED = db.driver_sql(f"SELECT count(DISTINCT user_id) FROM ({follow_ups.excluded(_CHAIN_NOW)}) AS found")


def get_choice(
    connection: psycopg.Connection[Any], *, platform_id: int, user_id: int, follows: uuid.UUID, only: str | None
) -> Choice:
    """The audience of a follow-up of the message `follows`; where there is none on the platform, it is not visible."""
    values = {"platform_id": platform_id, "user_id": user_id, "follows": follows}
    found = connection.cursor(row_factory=rows.dict_row).execute(_GET_CHOICE, values).fetchall()
    targets = {
        row["scope_id"]: domain.Target(
            row["scope_id"], row["level"], row["external_id"], frozenset(row["ancestor_ids"])
        )
        for row in found
        if row["scope_id"] is not None
    }
    first = found[0]
    addressed = domain.without_nested(targets.values()) if first["out_of_reach"] else tuple(targets)
    return Choice(
        directory_version=first["directory_version"],
        categories=tuple(first["categories"]),
        now=first["now"],
        reach=domain.Reach(platform_id, frozenset(targets)),
        targets=tuple(targets[scope_id] for scope_id in addressed),
        unknown=(),
        follow_up=FollowUp(
            follows=follows,
            only=only,
            audience_version=first["audience_version"] or 0,
            out_of_reach=first["out_of_reach"],
            is_visible=bool(first["is_visible"]),
            is_recalled=bool(first["is_recalled"]),
            is_forgotten=bool(first["is_forgotten"]),
            asks=bool(first["asks"]),
            is_notice=bool(first["is_notice"]),
            chain_length=first["chain_length"] or 0,
        ),
    )


def has_recipients(connection: psycopg.Connection[Any], *, choice: Choice) -> bool:
    """Whether the follow-up would reach anyone now."""
    first = audience_sql.Audience([choice.targets[0].scope_id], choice.audience_version)
    cursor = connection.cursor(row_factory=rows.scalar_row)
    has_first = cursor.execute(_HAS_FIRST, {**first.parameters(), **_follow_up(choice)}).fetchone()
    return bool(has_first) or count_recipients(connection, choice=choice) > 0


def count_recipients(connection: psycopg.Connection[Any], *, choice: Choice) -> int:
    """How many people the follow-up would reach now."""
    return _count(connection, _COUNT[_audience(choice).sql], choice)


def count_excluded(connection: psycopg.Connection[Any], *, choice: Choice) -> int:
    """How many people of the platform a follow-up to everyone would leave out now."""
    return _count(connection, _COUNT_EXCLUDED, choice)


def _count(connection: psycopg.Connection[Any], statement: str, choice: Choice) -> int:
    cursor = connection.cursor(row_factory=rows.scalar_row)
    found = cursor.execute(statement, {**_audience(choice).parameters(), **_follow_up(choice)}).fetchone()
    assert isinstance(found, int)  # noqa: S101 (for mypy)
    return found


def _follow_up(choice: Choice) -> dict[str, Any]:
    assert choice.follow_up is not None  # noqa: S101 (for mypy)
    return {
        "follows": choice.follow_up.follows,
        "only": choice.follow_up.only,
        "active_version": choice.directory_version,
    }


def _audience(choice: Choice) -> audience_sql.Audience:
    return audience_sql.Audience(domain.without_nested(choice.targets), choice.audience_version)
