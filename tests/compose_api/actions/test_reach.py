"""Who may aim where: every kind of person × every kind of audience, for sending and for asking how many it would reach."""

from typing import Any

import pytest

from tests.compose_api.hub import EVERYONE, Hub, World
from tests.shared import answers

AUDIENCES: dict[str, Any] = {
    "everyone": EVERYONE,
    "a": {"organisations": ["a"]},
    "b": {"organisations": ["b"]},
    "a and b": {"organisations": ["a", "b"]},
    "a1": {"clinics": ["a1"]},
    "a2": {"clinics": ["a2"]},
    "b1": {"clinics": ["b1"]},
    "a1 and a2": {"clinics": ["a1", "a2"]},
    "a1 and b1": {"clinics": ["a1", "b1"]},
    "a2 and b": {"organisations": ["b"], "clinics": ["a2"]},
    "a with its a1": {"organisations": ["a"], "clinics": ["a1"]},
    "closed clinic": {"clinics": ["a1", "a0"]},
    "closed organisation": {"organisations": ["z"]},
    "clinic of a closed organisation": {"clinics": ["z1"]},
    "other platform's organisation": {"organisations": ["x"]},
    "other platform's clinic": {"clinics": ["a1", "x1"]},
    "organisation's id as clinic": {"clinics": ["a"]},
    "clinic's id as organisation": {"organisations": ["a1"]},
    "a's id in other case": {"organisations": ["A"]},
}
UNKNOWN = list(AUDIENCES)[11:]

# What each may choose, of the audiences in which every scope is known.
REACH: dict[str, set[str]] = {
    "platform administrator": set(AUDIENCES) - set(UNKNOWN),
    "administrator of a": {"a", "a1", "a2", "a1 and a2", "a with its a1"},
    "administrator of a1": {"a1"},
    "administrator of a1 and a2": {"a1", "a2", "a1 and a2"},
    "administrator of a1 and b": {"b", "a1", "b1", "a1 and b1"},
}
NOBODY = {
    "member": "administrator-required",
    "pending": "user-inactive",
    "disabled": "user-inactive",
}
ANYONE = pytest.mark.parametrize(
    "who", [*REACH, *NOBODY, "administrator of x's platform", "administrator of s's platform"]
)
ANYWHERE = pytest.mark.parametrize("audience", AUDIENCES)


def expected(who: str, audience: str, *, is_sending: bool) -> str:
    """The code of the refusal, or an empty text."""
    if who in NOBODY:
        return NOBODY[who]
    if who.endswith("s's platform") and is_sending:
        return "feature-not-available"
    if who.endswith("'s platform"):
        own = "other platform's organisation" if who.endswith("x's platform") else ""
        return "" if audience in ("everyone", own) else "validation-failed"
    if audience in UNKNOWN:
        return "validation-failed"
    return "" if audience in REACH[who] else "audience-out-of-reach"


@ANYONE
@ANYWHERE
def test_a_message_is_accepted_within_the_senders_reach_only(hub: Hub, world: World, who: str, audience: str) -> None:
    platform = world[who].platform
    before = hub.count_messages(platform)
    answer = hub.send(world[who], AUDIENCES[audience])
    code = expected(who, audience, is_sending=True)
    if code:
        answers.problem(answer, code)
    else:
        assert answer.status_code == 202, answer.text
    assert hub.count_messages(platform) == before + (not code)
    assert len(hub.published.contracts) == (not code)


@ANYONE
@ANYWHERE
def test_a_preview_answers_just_where_sending_would(hub: Hub, world: World, who: str, audience: str) -> None:
    answer = hub.preview(world[who], AUDIENCES[audience])
    code = expected(who, audience, is_sending=False)
    if code:
        answers.problem(answer, code)
    else:
        assert answer.status_code == 200, answer.text


def test_a_refusal_names_just_the_scopes_that_are_out_of_reach(hub: Hub, world: World) -> None:
    answer = hub.send(world["administrator of a1"], {"organisations": ["b"], "clinics": ["a1", "a2", "b1"]})
    body = answers.problem(answer, "audience-out-of-reach")
    assert {level: len(named) for level, named in body["errors"]["audience"].items()} == {
        "organisations": 1,
        "clinics": 2,
    }
    for name in ("b", "a2", "b1"):
        assert name in body["detail"]
    assert "a1" not in body["detail"]


def test_everyone_out_of_reach_is_told_at_its_own_field(hub: Hub, world: World) -> None:
    body = answers.problem(hub.send(world["administrator of a"]), "audience-out-of-reach")
    assert list(body["errors"]["audience"]) == ["everyone"]


def test_a_refusal_names_just_the_scopes_that_are_unknown(hub: Hub, world: World) -> None:
    audience = {"organisations": ["a", "z", "x"], "clinics": ["a1", "a0", "x1", "none", "b1"]}
    body = answers.problem(hub.send(world["administrator of a"], audience), "validation-failed")
    named = body["errors"]["audience"]
    assert [sentence.split()[-1] for sentence in named["organisations"]] == ["z.", "x."]
    assert [sentence.split()[-1] for sentence in named["clinics"]] == ["a0.", "x1.", "none."]


@pytest.mark.parametrize("who", ["administrator of a", "platform administrator"])
def test_what_is_unknown_looks_the_same_whether_it_exists_elsewhere_or_not(hub: Hub, world: World, who: str) -> None:
    texts = {
        name: hub.send(world[who], {"clinics": [name]}).text.replace(name, "…") for name in ("x1", "a0", "none", "s1")
    }
    assert len(set(texts.values())) == 1
