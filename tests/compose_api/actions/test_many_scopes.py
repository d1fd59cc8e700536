"""An administrator of thousands of single clinics: the work grows with the clinics, or with the choice, not with both."""

import pytest
from sqlalchemy import Connection, Engine, text

from services.compose_api.store import audiences
from shared import db
from shared.audience import ChosenScopes
from tests import factories, statements
from tests.compose_api.hub import Hub, Person, World

# Each organisation has ten clinics; a user who administers all clinics of an organisation does not administer the organisation.
_CLINICS = text("""
    WITH numbered AS (SELECT number, nextval('scope_ids') AS id FROM generate_series(1, :count) AS number),
    organisations AS (
        INSERT INTO scopes (id, platform_id, parent_id, level, external_id, name)
        SELECT id, :platform_id, :platform_id, 'organisation', :prefix || number, 'Organisation' FROM numbered WHERE number % 10 = 1
    ), clinics AS (
        SELECT nextval('scope_ids') AS id, n.number, o.id AS parent_id
        FROM numbered n JOIN numbered o ON o.number = n.number - (n.number - 1) % 10
    ), stored AS (
        INSERT INTO scopes (id, platform_id, parent_id, level, external_id, name)
        SELECT id, :platform_id, parent_id, 'clinic', :prefix || number, 'Clinic' FROM clinics
    ), above AS (
        INSERT INTO scope_ancestors (scope_id, ancestor_id, valid_from_version, platform_id)
        SELECT id, ancestor_id, 0, :platform_id FROM clinics, unnest(ARRAY[id, parent_id, :platform_id]) AS ancestor_id
        UNION ALL
        SELECT DISTINCT parent_id, ancestor_id, 0, CAST(:platform_id AS bigint)
        FROM clinics, unnest(ARRAY[parent_id, :platform_id]) AS ancestor_id
    )
    INSERT INTO memberships (user_id, scope_id, valid_from_version, platform_id, role)
    SELECT :user_id, id, 0, :platform_id, 'administrator' FROM clinics
""")


def add_clinics(connection: Connection, world: World, *, count: int) -> Person:
    """A user who administers `count` new clinics, named by the user's external id and their number."""
    user = factories.user(connection, world.platform, external_id=f"of-{count}-")
    connection.execute(
        _CLINICS,
        {"platform_id": world.platform.id, "user_id": user.id, "prefix": user.external_id, "count": count},
    )
    return Person(user, world.platform)


def rows_read_by(engine: Engine, who: Person, chosen: int | None) -> int:
    """By the tree, or by a choice of so many clinics."""
    with engine.connect() as connection, statements.rows_read() as read:
        if chosen is None:
            assert audiences.list_scopes(connection, user_id=who.user.id)
        else:
            ids = tuple(f"{who.user.external_id}{number}" for number in range(1, chosen + 1))
            choice = audiences.get_choice(
                db.driver(connection),
                platform_id=who.platform.id,
                user_id=who.user.id,
                audience=ChosenScopes(everyone=False, clinics=ids),
            )
            assert all(map(choice.reach.covers, choice.targets))
            assert len(choice.reach.administered) == len(choice.targets) == chosen
    return sum(read)


@pytest.mark.parametrize("is_analyzed", [False, True])
def test_the_work_does_not_grow_with_the_administered_scopes_times_the_tree_or_the_choice(
    hub: Hub, own_world: World, compose_engine: Engine, is_analyzed: bool
) -> None:
    with hub.owner.begin() as connection:
        few, many = (add_clinics(connection, own_world, count=count) for count in (300, 2_400))
        if is_analyzed:
            connection.execute(text("ANALYZE scopes, scope_ancestors, memberships"))
    # The tree of eight times as many clinics: far from 64 times the rows.
    assert rows_read_by(compose_engine, many, None) < 12 * rows_read_by(compose_engine, few, None)
    # A choice reads only what is chosen, not all that its sender administers.
    assert rows_read_by(compose_engine, many, 100) < 1.5 * rows_read_by(compose_engine, few, 100)


def test_an_administrator_of_thousands_of_clinics_sees_previews_and_sends(hub: Hub, own_world: World) -> None:
    with hub.owner.begin() as connection:
        who = add_clinics(connection, own_world, count=2_400)
    found = hub.call("GET", "/v1/audiences", who).get_json()["organisations"]
    ids = [clinic["id"] for organisation in found for clinic in organisation["clinics"]]
    assert (len(found), len(ids)) == (240, 2_400)
    assert not any(organisation["selectable"] for organisation in found)
    assert hub.preview(who, {"clinics": ids[:1_000]}).get_json() == {"recipient_count": 1}
    hub.sent(who, {"clinics": ids[:1_000]})
    assert hub.preview(who, {"clinics": [*ids[:10], "a1"]}).status_code == 403
