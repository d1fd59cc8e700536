"""The rules of a message's audience: what is seen by whom, who may address whom."""

from services.compose_api import domain
from shared.audience import ChosenScopes


def test_a_draft_hashes_the_same_for_the_same_scopes_in_another_order() -> None:
    def draft(*clinics: str, organisations: tuple[str, ...] = ("o",)) -> bytes:
        return domain.Content("t", "b", ChosenScopes(False, organisations, clinics)).request_hash

    assert draft("x", "y") == draft("y", "x")
    assert draft("x", "y") != draft("x")
    assert draft("o", organisations=("x",)) != draft("x", organisations=("o",)), "an id means another thing per level"


def test_a_draft_hashes_differently_for_another_title_body_or_audience() -> None:
    audience = ChosenScopes(False, ("o",))
    contents = [("t", "b", audience), ("u", "b", audience), ("t", "c", audience), ("t", "b", ChosenScopes(True))]
    assert len({domain.Content(*content).request_hash for content in contents}) == len(contents)


ORGANISATION = domain.Target(2, "organisation", "o", frozenset([1, 2]))
CLINIC = domain.Target(3, "clinic", "c", frozenset([1, 2, 3]))


def test_visibility_is_every_target_with_all_that_contains_it() -> None:
    assert domain.visibility([CLINIC]) == {1: False, 2: False, 3: True}


def test_visibility_knows_a_chosen_organisation_as_target_whatever_the_order() -> None:
    for targets in ([ORGANISATION, CLINIC], [CLINIC, ORGANISATION]):
        assert domain.visibility(targets) == {1: False, 2: True, 3: True}


def test_visibility_of_everyone_is_the_platform_alone() -> None:
    assert domain.visibility([domain.Target(1, "platform", "everyone", frozenset([1]))]) == {1: True}


def test_a_target_inside_another_adds_nobody_to_the_audience() -> None:
    other = domain.Target(4, "clinic", "d", frozenset([1, 4]))
    assert domain.without_nested([CLINIC, ORGANISATION, other]) == (2, 4)
    assert domain.without_nested([CLINIC, other]) == (3, 4)


def test_an_administrator_reaches_what_is_inside_their_scopes_and_is_above_what_is_inside_and_not_the_same() -> None:
    for administered, covered, above in [({1}, True, True), ({2}, True, True), ({3}, True, False), ({4}, False, False)]:
        reach = domain.Reach(1, frozenset(administered))
        assert (reach.covers(CLINIC), reach.is_above(CLINIC)) == (covered, above), administered
    assert domain.Reach(1, frozenset([1])).is_above(domain.Target(1, "platform", "everyone", frozenset([1])))
