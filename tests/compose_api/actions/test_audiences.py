"""Who is calling, what they may choose, and how many people a choice reaches."""

import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy import Engine

from services.compose_api.actions import audiences
from shared import audience as audience_sql
from tests import factories
from tests.compose_api.hub import EVERYONE, Hub, Person, World


def tree(hub: Hub, who: Person) -> dict[str, Any]:
    answer = hub.call("GET", "/v1/audiences", who)
    assert answer.status_code == 200, answer.text
    return dict(answer.get_json())


def count(hub: Hub, who: Person, audience: Any) -> int:
    answer = hub.preview(who, audience)
    assert answer.status_code == 200, answer.text
    assert list(answer.get_json()) == ["recipient_count"]
    return int(answer.get_json()["recipient_count"])


def outline(found: dict[str, Any]) -> dict[str, tuple[bool, list[str]]]:
    return {
        organisation["id"]: (organisation["selectable"], [clinic["id"] for clinic in organisation["clinics"]])
        for organisation in found["organisations"]
    }


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ("platform administrator", {"a": (True, ["a1", "a2"]), "b": (True, ["b1"])}),
        ("administrator of a", {"a": (True, ["a1", "a2"])}),
        ("administrator of a1", {"a": (False, ["a1"])}),
        ("administrator of a1 and a2", {"a": (False, ["a1", "a2"])}),
        ("administrator of a1 and b", {"a": (False, ["a1"]), "b": (True, ["b1"])}),
        ("administrator of x's platform", {"x": (True, ["x1"])}),
        ("administrator of s's platform", {"s": (True, ["s1"])}),
    ],
)
def test_the_tree_holds_what_this_administrator_may_choose(
    hub: Hub, world: World, who: str, expected: dict[str, tuple[bool, list[str]]]
) -> None:
    found = tree(hub, world[who])
    assert outline(found) == expected
    is_platform = "platform" in who
    assert found["everyone"] is is_platform
    assert (found["user_count"] is not None) == is_platform


@pytest.mark.parametrize(
    ("who", "level"),
    [
        ("platform administrator", "platform"),
        ("administrator of a", "organisation"),
        ("administrator of a1 and b", "organisation"),
        ("administrator of a1", "clinic"),
        ("member", None),
        ("administrator of s's platform", "platform"),
        ("member of s", None),
    ],
)
def test_every_active_user_learns_their_name_and_the_highest_level_they_administer(
    hub: Hub, world: World, who: str, level: str | None
) -> None:
    answer = hub.call("GET", "/v1/viewer", world[who])
    assert answer.status_code == 200, answer.text
    user = world[who].user
    categories = ["service", "regulation", "feature", "other"]
    assert answer.get_json() == {"id": user.external_id, "name": user.name, "level": level, "categories": categories}


def test_the_level_follows_the_directory(hub: Hub, own_world: World) -> None:
    who, scopes = own_world["member"], own_world.scopes

    def level() -> str | None:
        found: str | None = hub.call("GET", "/v1/viewer", who).get_json()["level"]
        return found

    with hub.owner.begin() as connection:
        factories.administrator(connection, who.user, scopes["b"])
    assert level() == "organisation"
    with hub.owner.begin() as connection:
        factories.leave(connection, who.user, scopes["b"])
    assert level() is None


def test_everything_selectable_in_the_tree_may_be_chosen(hub: Hub, world: World) -> None:
    for who in ("platform administrator", "administrator of a1 and b", "administrator of a1"):
        found = outline(tree(hub, world[who]))
        organisations = [name for name, (is_selectable, _) in found.items() if is_selectable]
        clinics = [name for _, names in found.values() for name in names]
        hub.sent(world[who], {"organisations": organisations, "clinics": clinics})


def test_the_tree_counts_each_person_once_per_scope(hub: Hub, own_world: World) -> None:
    with hub.owner.begin() as connection:
        for scopes in (("a1", "a2"), ("a1", "b1"), ("a", "a1"), ("b1",)):
            factories.user(connection, own_world.platform, *[own_world.scopes[name] for name in scopes])
        factories.user(connection, own_world.platform, status="pending")
    found = tree(hub, own_world["platform administrator"])
    counts = {
        scope["id"]: scope["user_count"]
        for organisation in found["organisations"]
        for scope in (organisation, *organisation["clinics"])
    }
    for name, number in counts.items():
        assert number == count(hub, own_world["platform administrator"], by_id(name))
    # a: two administrators, a1: two and a member, a1 and b, a1 and a2 → 7, and three of the new ones
    assert counts == {"a": 10, "a1": 8, "a2": 2, "b": 3, "b1": 2}
    assert found["user_count"] == count(hub, own_world["platform administrator"], EVERYONE) == 13


def by_id(name: str) -> dict[str, list[str]]:
    return {"organisations" if len(name) == 1 else "clinics": [name]}


def test_the_tree_is_sorted_by_name(hub: Hub, own_world: World) -> None:
    names = {"a": "Zebra", "b": "Aard", "a1": "Zwei", "a2": "Eins"}
    with hub.owner.begin() as connection:
        for external_id, name in names.items():
            connection.exec_driver_sql(
                "UPDATE scopes SET name = %s WHERE external_id = %s AND platform_id = %s",
                (name, external_id, own_world.platform.id),
            )
    found = tree(hub, own_world["platform administrator"])
    assert [organisation["name"] for organisation in found["organisations"]] == ["Aard", "Zebra"]
    assert list(outline(found).items()) == [("b", (True, ["b1"])), ("a", (True, ["a2", "a1"]))]


def test_an_organisation_without_clinics_is_there_and_an_empty_scope_counts_nobody(hub: Hub, own_world: World) -> None:
    with hub.owner.begin() as connection:
        factories.organisation(connection, own_world.platform, external_id="empty")
    found = tree(hub, own_world["platform administrator"])
    (empty,) = [organisation for organisation in found["organisations"] if organisation["id"] == "empty"]
    assert (empty["user_count"], empty["clinics"], empty["selectable"]) == (0, [], True)
    assert count(hub, own_world["platform administrator"], {"organisations": ["empty"]}) == 0
    hub.sent(own_world["platform administrator"], {"organisations": ["empty"]})


@pytest.mark.parametrize(
    "audience",
    [
        EVERYONE,
        {"organisations": ["a"]},
        {"clinics": ["a1"]},
        {"organisations": ["a", "b"]},
        {"clinics": ["a1", "a2", "b1"]},
        {"organisations": ["b"], "clinics": ["a1", "b1"]},
        {"organisations": ["a"], "clinics": ["a1", "a2", "b1"]},
    ],
    ids=str,
)
def test_a_preview_counts_the_very_people_that_the_fan_out_would_write_to(
    hub: Hub, world: World, audience: dict[str, Any]
) -> None:
    who = world["platform administrator"]
    message = hub.sent(who, audience)
    ((version, scopes),) = hub.rows(
        """SELECT m.directory_version, array_agg(t.scope_id)
           FROM messages m JOIN message_targets t ON t.message_id = m.id WHERE m.id = :id GROUP BY 1""",
        id=message["id"],
    )
    wanted = audience_sql.Audience(scopes, version)
    people = hub.rows(wanted.sql, **wanted.parameters())
    assert len(set(people)) == len(people) > 0
    assert count(hub, who, audience) == len(people)


def test_a_preview_changes_with_the_directory(hub: Hub, own_world: World) -> None:
    who = own_world["platform administrator"]
    audience = {"clinics": ["a1", "b1"]}
    before = count(hub, who, audience)
    with hub.owner.begin() as connection:
        new = factories.user(connection, own_world.platform, own_world.scopes["a1"], own_world.scopes["b1"])
    assert count(hub, who, audience) == before + 1
    with hub.owner.begin() as connection:
        factories.leave(connection, new, own_world.scopes["a1"])
    assert count(hub, who, audience) == before + 1
    with hub.owner.begin() as connection:
        factories.set_status(connection, new, "disabled")
    assert count(hub, who, audience) == before


@pytest.fixture
def counted(compose_engine: Engine) -> Iterator[list[str]]:
    """The statements that count an audience from its memberships."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("SELECT count(") and "FROM memberships" in statement:
            seen.append(statement)

    sqlalchemy.event.listen(compose_engine, "before_cursor_execute", note)
    yield seen
    sqlalchemy.event.remove(compose_engine, "before_cursor_execute", note)


def test_people_are_counted_once_per_directory_version_and_choice(
    hub: Hub, own_world: World, counted: list[str]
) -> None:
    who = own_world["platform administrator"]
    for audience in ({"clinics": ["a1", "b1"]}, {"clinics": ["b1", "a1", "a1"]}):
        count(hub, who, audience)
    assert len(counted) == 1
    with hub.owner.begin() as connection:
        factories.bump_version(connection, own_world.platform.id)
    count(hub, who, {"clinics": ["a1", "b1"]})
    assert len(counted) == 2


@pytest.mark.parametrize("audience", [EVERYONE, {"organisations": ["a"]}, {"clinics": ["a1"]}], ids=str)
def test_a_single_scope_is_never_counted_as_the_directory_keeps_its_number(
    hub: Hub, own_world: World, counted: list[str], audience: dict[str, Any]
) -> None:
    count(hub, own_world["platform administrator"], audience)
    assert counted == []


def test_the_counter_forgets_what_was_not_asked_for_longest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audiences, "_CACHED_COUNTS", 2)
    counter = audiences.Counter()
    first, second, third = (audience_sql.Audience((1,), version) for version in range(3))
    counter.keep(first, 1)
    counter.keep(second, 2)
    assert counter.find(first) == 1
    counter.keep(third, 3)
    assert [counter.find(audience) for audience in (first, second, third)] == [1, None, 3]


def test_the_counter_holds_as_little_of_a_large_audience_as_of_a_small_one() -> None:
    counter = audiences.Counter()
    tracemalloc.start()
    try:
        for version in range(100):
            ids = tuple(range(10**6 * version, 10**6 * version + 1_000))
            counter.keep(audience_sql.Audience(ids, version), version)
        del ids
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 100_000
    known = tuple(range(2 * 10**6, 2 * 10**6 + 1_000))
    assert counter.find(audience_sql.Audience(known, 2)) == 2
    assert counter.find(audience_sql.Audience(known, 3)) is None
