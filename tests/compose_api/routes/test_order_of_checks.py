"""The table of codes in the order in which they are checked: of two things that are wrong the earlier one is told."""

import itertools
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from tests import factories
from tests.compose_api.hub import EVERYONE, Hub, World
from tests.shared import answers

TooMany = Callable[[bool], None]
USED_KEY = "used-for-another-message"


@dataclass(frozen=True)
class Attempt:
    """A request of the administrator of clinic a1, in which everything is right until a fault is put in."""

    who: str = "administrator of a1"
    headers: dict[str, str] = field(default_factory=dict)
    token: dict[str, Any] | None = field(default_factory=dict)
    path: str = "/v1/messages"
    clinics: tuple[str, ...] = ("a1",)
    more: dict[str, Any] = field(default_factory=dict)
    tail: str = ""
    content_type: str = "application/json"
    is_too_many: bool = False

    def run(self, hub: Hub, world: World) -> Any:
        who = world[self.who]
        token = (
            {}
            if self.token is None
            else {"Authorization": f"Bearer {factories.token(who.user, who.platform, **self.token)}"}
        )
        message = {"title": "Notice", "body": "News.", "audience": {"clinics": list(self.clinics)}, **self.more}
        return hub.call(
            "POST",
            self.path,
            None,
            headers={**token, **self.headers},
            data=json.dumps(message) + self.tail,
            content_type=self.content_type,
        )


def _who(attempt: Attempt, *, inactive: bool = False, standard: bool = False, nobody: bool = False) -> Attempt:
    """Somebody to whom these apply, and to whom applied before."""
    inactive |= attempt.who.startswith("pending")
    standard |= attempt.who.endswith("of s") or attempt.who.endswith("s's platform")
    nobody |= attempt.who.startswith("member")
    if inactive:
        return replace(attempt, who="pending of s" if standard else "pending")
    if nobody:
        return replace(attempt, who="member of s" if standard else "member")
    return replace(attempt, who="administrator of s's platform" if standard else attempt.who)


# In the order of the table; the name in front of the blank is the code.
FAULTS: dict[str, Callable[[Attempt], Attempt]] = {
    "token-missing": lambda a: replace(a, token=None),
    "token-invalid": lambda a: replace(a, token={**(a.token or {}), "secret": "x" * 40}),
    "token-expired": lambda a: replace(a, token={**(a.token or {}), "ttl": -3600}),
    "user-inactive": lambda a: _who(a, inactive=True),
    "feature-not-available": lambda a: _who(a, standard=True),
    "administrator-required": lambda a: _who(a, nobody=True),
    "payload-too-large": lambda a: replace(a, tail=a.tail + " " * 327_680),
    "unsupported-media-type": lambda a: replace(a, content_type="text/plain"),
    "malformed-json": lambda a: replace(a, tail="]" + a.tail),
    "validation-failed field": lambda a: replace(a, more={**a.more, "other": 1}),
    "validation-failed query": lambda a: replace(a, path="/v1/messages?other=1"),
    "validation-failed title": lambda a: replace(a, more={**a.more, "title": 1}),
    "validation-failed category": lambda a: replace(a, more={**a.more, "category": "nothing of that name"}),
    "validation-failed scope": lambda a: replace(a, clinics=(*a.clinics, "nowhere")),
    "audience-out-of-reach": lambda a: replace(a, clinics=("b1", *a.clinics)),
    "expires-too-early": lambda a: replace(a, more={**a.more, "expires_at": "2026-01-01T00:00:00Z"}),
    "idempotency-key-reused": lambda a: replace(a, headers={"Idempotency-Key": USED_KEY}),
    "rate-limited": lambda a: replace(a, is_too_many=True),
}


@pytest.fixture
def used_key(hub: Hub, world: World) -> None:
    """Makes sure that the key has been used."""
    hub.send(world["administrator of a1"], {"clinics": ["a1"]}, key=USED_KEY, title="Another")
    hub.published.contracts.clear()


@pytest.mark.usefixtures("used_key")
@pytest.mark.parametrize("fault", FAULTS)
def test_each_thing_that_is_wrong_has_its_code(hub: Hub, world: World, too_many: TooMany, fault: str) -> None:
    attempt = FAULTS[fault](Attempt())
    too_many(attempt.is_too_many)
    answers.problem(attempt.run(hub, world), fault.partition(" ")[0])


def test_too_many_are_told_when_to_come_back_a_replay_too_and_nothing_is_stored(
    hub: Hub, world: World, too_many: TooMany
) -> None:
    who = world["administrator of a1"]
    first = hub.send(who, {"clinics": ["a1"]}, key="sent-before-it-was-too-much").get_json()
    before = hub.count_messages(world.platform)
    hub.published.contracts.clear()
    too_many(True)
    for key in ("sent-before-it-was-too-much", "another"):
        answer = hub.send(who, {"clinics": ["a1"]}, key=key)
        answers.problem(answer, "rate-limited")
        assert answer.headers["Retry-After"] == "17"
    assert hub.count_messages(world.platform) == before
    assert not hub.published.contracts
    answers.problem(hub.preview(who, {"clinics": ["a1"]}), "rate-limited")
    answers.problem(hub.recall(who, first["id"]), "rate-limited")
    too_many(False)
    assert hub.recall(who, first["id"]).get_json()["status"] == "recalled"


@pytest.mark.usefixtures("used_key")
@pytest.mark.parametrize(("earlier", "later"), list(itertools.combinations(FAULTS, 2)))
def test_of_two_things_that_are_wrong_the_earlier_is_told(
    hub: Hub, world: World, too_many: TooMany, earlier: str, later: str
) -> None:
    attempt = FAULTS[earlier](FAULTS[later](Attempt()))
    too_many(attempt.is_too_many)
    before = hub.count_messages(world.platform)
    answers.problem(attempt.run(hub, world), earlier.partition(" ")[0])
    assert hub.count_messages(world.platform) == before
    assert not hub.published.contracts


def test_a_preview_asks_for_an_administrator_and_no_plan(hub: Hub, world: World) -> None:
    assert hub.preview(world["administrator of s's platform"], EVERYONE).status_code == 200
    answers.problem(hub.preview(world["member of s"], EVERYONE), "administrator-required")
    answers.problem(hub.preview(world["pending of s"], EVERYONE), "user-inactive")


@pytest.mark.parametrize("audience", [{"clinics": ["nowhere", "b1"]}, {"organisations": ["b"], "clinics": ["nowhere"]}])
def test_a_preview_tells_of_unknown_scopes_before_those_out_of_reach(hub: Hub, world: World, audience: Any) -> None:
    answers.problem(hub.preview(world["administrator of a1"], audience), "validation-failed")


def test_a_preview_over_the_limit_is_checked_for_everything_else_first(
    hub: Hub, world: World, too_many: TooMany
) -> None:
    too_many(True)
    answers.problem(hub.preview(world["administrator of a1"], {"clinics": ["b1"]}), "audience-out-of-reach")
    answers.problem(hub.preview(world["administrator of a1"], {"clinics": ["nowhere"]}), "validation-failed")


def test_a_recall_is_checked_in_the_same_order(hub: Hub, world: World, too_many: TooMany) -> None:
    message = hub.sent(world["platform administrator"])
    too_many(True)
    answers.problem(hub.recall(world["administrator of a1"], message["id"]), "not-found")
    answers.problem(hub.recall(world["platform administrator"], message["id"]), "rate-limited")
    path = "/v1/messages/nothing-of-that-name"
    answers.problem(hub.call("DELETE", path, None), "token-missing")
    answers.problem(hub.call("DELETE", path, world["disabled"]), "user-inactive")
    answers.problem(hub.recall(world["member"], str(uuid.uuid4())), "administrator-required")
    answers.problem(hub.call("DELETE", f"{path}?x=1", world["administrator of a1"]), "validation-failed")
    answers.problem(hub.call("DELETE", path, world["administrator of a1"]), "not-found")
