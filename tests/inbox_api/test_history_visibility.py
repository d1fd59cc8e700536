"""The sent history over HTTP: who sees which message, which of its targets, and what the filters leave."""

import pytest

from tests.inbox_api import world as worlds
from tests.inbox_api.hub import Hub
from tests.inbox_api.world import REACHED, TARGETS, VISIBLE, World


@pytest.fixture
def hub(module_hub: Hub) -> Hub:
    return module_hub


@pytest.fixture
def world(hub: Hub) -> World:
    return worlds.make(hub)


@pytest.mark.parametrize("viewer", VISIBLE)
def test_each_viewer_sees_exactly_what_they_may_in_the_list_and_one_by_one(world: World, viewer: str) -> None:
    newest_first = [name for name in reversed(TARGETS) if name in VISIBLE[viewer]]
    assert world.seen(viewer) == newest_first
    for name in TARGETS:
        answer = world.one(viewer, name)
        if name in VISIBLE[viewer]:
            assert (answer.status_code, answer.get_json()["id"]) == (200, str(world.messages[name].id))
        else:
            assert (answer.status_code, answer.get_json()["code"]) == (404, "not-found")


def test_who_administers_nothing_sees_no_history(world: World) -> None:
    user = world.hub.user(world.platform)
    for path in ("/v1/sent-messages", f"/v1/sent-messages/{world.messages['north'].id}"):
        answer = world.hub.ask(user, path)
        assert (answer.status_code, answer.get_json()["code"]) == (403, "administrator-required")


@pytest.mark.parametrize(
    ("viewer", "shown", "other_scopes"),
    [
        ("platform", ["south", "north-1"], None),
        ("north", ["north-1"], 1),
        ("south", ["south"], 1),
        ("north-1", ["north-1"], 1),
        ("two", ["south"], 1),
    ],
)
def test_a_viewer_is_shown_their_own_targets_and_how_many_others_there_are(
    world: World, viewer: str, shown: list[str], other_scopes: int | None
) -> None:
    expected: dict[str, object] = {
        "organisations": [world.scopes[name].external_id for name in shown if "-" not in name],  # type: ignore[union-attr]
        "clinics": [world.scopes[name].external_id for name in shown if "-" in name],  # type: ignore[union-attr]
    }
    if other_scopes is not None:
        expected["other_scopes"] = other_scopes
    assert world.one(viewer, "mixed").get_json()["audience"] == expected
    rows = world.hub.ask(world.viewers[viewer], "/v1/sent-messages").get_json()["data"]
    assert [row["audience"] for row in rows if row["id"] == str(world.messages["mixed"].id)] == [expected]


def test_the_sender_sees_all_targets_even_those_beyond_what_they_administer_now(world: World) -> None:
    assert world.one("sender", "own").get_json()["audience"] == {
        "organisations": [],
        "clinics": [world.scopes["south-1"].external_id],  # type: ignore[union-attr]
    }


def test_targets_are_shown_in_the_order_in_which_they_were_chosen(world: World) -> None:
    names = ["south-1", "north-2", "south", "north-1", "north"]
    sent = world.hub.send(world.viewers["platform"], *(world.scopes[name] for name in names))
    audience = world.hub.ask(world.viewers["platform"], f"/v1/sent-messages/{sent.id}").get_json()["audience"]
    assert audience == {
        "organisations": [world.scopes[name].external_id for name in ("south", "north")],  # type: ignore[union-attr]
        "clinics": [world.scopes[name].external_id for name in ("south-1", "north-2", "north-1")],  # type: ignore[union-attr]
    }


@pytest.mark.parametrize("viewer", VISIBLE)
def test_a_filter_leaves_what_reached_the_scope_of_what_the_viewer_may_see(world: World, viewer: str) -> None:
    for scope, reached in REACHED.items():
        kind = "clinic" if "-" in scope else "organisation"
        query = f"&{kind}={world.scopes[scope].external_id}"  # type: ignore[union-attr]
        if viewer == "elsewhere":
            answer = world.hub.ask(world.viewers[viewer], f"/v1/sent-messages?{query[1:]}")
            assert answer.status_code == 422
            continue
        expected = [name for name in reversed(TARGETS) if name in reached & VISIBLE[viewer]]
        assert world.seen(viewer, query) == expected, scope


@pytest.mark.parametrize("viewer", ["platform", "two", "sender"])
def test_both_filters_leave_what_reached_both(world: World, viewer: str) -> None:
    for organisation in ("north", "south"):
        for clinic in ("north-1", "north-2", "south-1"):
            ids = [world.scopes[name].external_id for name in (organisation, clinic)]  # type: ignore[union-attr]
            expected = REACHED[organisation] & REACHED[clinic] & VISIBLE[viewer]
            found = world.seen(viewer, "&organisation={}&clinic={}".format(*ids))
            assert found == [name for name in reversed(TARGETS) if name in expected], (organisation, clinic)


def test_a_filter_that_names_no_scope_of_the_platform_is_refused_by_name(world: World) -> None:
    hub, viewer = world.hub, world.viewers["platform"]
    elsewhere = hub.organisation(hub.platform())
    clinic_elsewhere = hub.clinic(elsewhere)
    organisations = [elsewhere.external_id, "nowhere", world.scopes["north-1"].external_id]  # type: ignore[union-attr]
    clinics = [clinic_elsewhere.external_id, "nowhere", world.scopes["north"].external_id]  # type: ignore[union-attr]
    for field, names in (("organisation", organisations), ("clinic", clinics)):
        for name in names:
            answer = hub.ask(viewer, f"/v1/sent-messages?{field}={name}")
            problem = answer.get_json()
            assert (answer.status_code, problem["code"], list(problem["errors"])) == (422, "validation-failed", [field])
            assert name in problem["errors"][field][0]
    both = hub.ask(viewer, "/v1/sent-messages?organisation=no&clinic=no").get_json()
    assert set(both["errors"]) == {"organisation", "clinic"}


def test_a_clinic_that_moved_keeps_its_history_where_it_was(world: World) -> None:
    world.hub.move(world.scopes["north-1"], world.scopes["south"])
    assert "north-1" in world.seen("north")
    assert "north-1" not in world.seen("south")
    assert "north-1" in world.seen("north-1")


def test_a_filter_follows_the_tree_as_of_each_message(world: World) -> None:
    """A clinic that moved keeps what reached it where it was, and gets only from then on what is sent to the other organisation."""
    hub, moved = world.hub, world.scopes["north-1"]
    query = f"&clinic={moved.external_id}"  # type: ignore[union-attr]
    before = world.seen("platform", query)
    hub.move(moved, world.scopes["south"])
    assert world.seen("platform", query) == before, (
        "moving it takes nothing away and adds nothing of the other organisation"
    )
    to_south = hub.send(world.viewers["platform"], world.scopes["south"])
    to_north = hub.send(world.viewers["platform"], world.scopes["north"])
    shown = [
        one["id"] for one in hub.ask(world.viewers["platform"], f"/v1/sent-messages?{query[1:]}").get_json()["data"]
    ]
    assert str(to_south.id) in shown
    assert str(to_north.id) not in shown


def test_a_scope_that_has_ended_can_be_filtered_by_and_keeps_its_name(world: World) -> None:
    hub, ended = world.hub, world.scopes["north-1"]
    query = f"clinic={ended.external_id}"  # type: ignore[union-attr]
    before = hub.ask(world.viewers["platform"], f"/v1/sent-messages?{query}").get_json()["data"]
    assert before
    hub.end(ended)
    assert hub.ask(world.viewers["platform"], f"/v1/sent-messages?{query}").get_json()["data"] == before
    to_all = hub.send(world.viewers["platform"], world.platform)
    shown = hub.ask(world.viewers["platform"], f"/v1/sent-messages?{query}").get_json()["data"]
    assert str(to_all.id) not in [one["id"] for one in shown], "it reached nobody through a scope that had ended"
