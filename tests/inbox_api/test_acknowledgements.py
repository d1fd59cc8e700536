"""Who has acknowledged a message, page by page and counted by scope: equal to a model over random trees, and what is refused."""

import itertools
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.inbox_api.store import people as store
from shared import db
from tests import conftest as base
from tests import examples, factories
from tests.inbox_api import acknowledging
from tests.inbox_api.hub import Hub, Sent
from tests.inbox_api.test_recipients import Then

Count = Callable[[], None]
PAST, AHEAD = datetime(2026, 1, 1, tzinfo=UTC), datetime(2999, 1, 1, tzinfo=UTC)


@pytest.fixture
def hub(module_hub: Hub) -> Hub:
    return module_hub


@pytest.fixture(scope="module")
def count(module_database_url: str) -> Iterator[Count]:
    """What a sweep does about acknowledgements."""
    worker = db.make_engine(base.database_settings(module_database_url), role=db.WORKER_ROLE, name="tests")
    yield acknowledging.counting(worker)
    worker.dispose()


def ask(hub: Hub, who: factories.User, sent: Sent, what: str = "", query: str = "") -> Any:
    answer = hub.ask(who, f"/v1/sent-messages/{sent.id}/acknowledgements{what}?{query}")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_json()


def everyone(hub: Hub, who: factories.User, sent: Sent, query: str = "") -> list[dict[str, Any]]:
    """All pages of the list."""
    found, cursor = [], ""
    while True:
        page = ask(hub, who, sent, "", f"limit=3{query}{cursor}")
        found += page["data"]
        if not page["has_more"]:
            assert page["next_cursor"] is None
            return found
        cursor = f"&after={page['next_cursor']}"


@dataclass
class Model:
    """What a message's acknowledgements have to be, from who was where when it was sent."""

    sent: Sent
    then: Then
    scopes: list[Any]
    targets: set[int]
    acknowledged: set[int]
    left: set[int]
    is_overdue: bool
    is_closed: bool

    def may_see(self, administered: set[int], *, is_sender: bool) -> bool:
        above = set().union(*(self.then.ancestors[one] for one in self.targets))
        beneath = any(self.then.ancestors.get(one, set()) & self.targets for one in administered)
        return is_sender or bool(above & administered) or beneath

    def people(self, administered: set[int], platform_id: int, *inside: int) -> set[int]:
        return {
            one
            for one in self.sent.recipients
            if (platform_id in administered or self.then.scopes[one] & administered)
            and set(inside) <= self.then.scopes[one]
        }

    def status(self, user_id: int) -> str:
        if user_id in self.acknowledged:
            return "acknowledged"
        if user_id in self.left:
            return "left"
        if self.is_closed:
            return "no_longer_asked"
        return "overdue" if self.is_overdue else "outstanding"

    def numbers(self, users: set[int]) -> dict[str, int]:
        found = [self.status(one) for one in users]
        return {
            "recipients": len(found),
            "acknowledged": found.count("acknowledged"),
            "outstanding": found.count("outstanding") + found.count("overdue"),
            "overdue": found.count("overdue"),
            "left": found.count("left"),
            "no_longer_asked": found.count("no_longer_asked"),
        }

    def rows(
        self, level: str, administered: set[int], platform_id: int, inside: int | None
    ) -> dict[str, dict[str, int]]:
        above = set().union(*(self.then.ancestors[one] for one in self.targets))
        return {
            scope.external_id: self.numbers(users)
            for scope in self.scopes
            if scope.level == level
            and (scope.id in above or self.then.ancestors[scope.id] & self.targets)
            and (platform_id in administered or self.then.ancestors[scope.id] & administered)
            and (inside is None or inside in self.then.ancestors[scope.id])
            and (users := {one for one in self.sent.recipients if scope.id in self.then.scopes[one]})
        }


@examples.settings(6)
@given(data=st.data())
def test_numbers_are_those_of_distinct_people_whatever_is_counted(
    module_hub: Hub, count: Count, data: st.DataObject
) -> None:
    hub, platform = module_hub, module_hub.platform()
    organisations = [hub.organisation(platform) for _ in range(2)]
    clinics = [hub.clinic(one) for one in (*organisations, organisations[0])]
    scopes: list[factories.Scope] = [platform, *organisations, *clinics]
    some = st.lists(st.sampled_from(scopes), min_size=1, max_size=3, unique=True)
    users = [hub.user(platform, *data.draw(some)) for _ in range(6)]
    boss, viewer = hub.administrator(platform, platform), hub.administrator(platform, *data.draw(some))
    is_overdue, is_closed, targets = data.draw(st.booleans()), data.draw(st.booleans()), data.draw(some)
    sent = acknowledging.ask(hub, boss, *targets, due_at=PAST if is_overdue else AHEAD)
    then = Then.read(hub, platform)

    steps = data.draw(st.permutations(["first", "finish", "count", "second", "count again"]))
    waiting = sorted(sent.recipients)
    acknowledged: set[int] = set()
    for step in steps[: data.draw(st.integers(1, 5))]:
        if step == "finish":
            hub.finish(sent)
        elif step.startswith("count"):
            count()
        else:
            more = {one for one in waiting if data.draw(st.booleans())} - acknowledged
            acknowledging.acknowledge(hub, sent, more)
            acknowledged |= more
    left = {one.id for one in users if data.draw(st.booleans())}
    for one in users:
        if one.id in left:
            hub.set_status(one, "disabled")
    if is_closed:
        acknowledging.supersede(hub, sent)
    hub.move(clinics[0], organisations[1])
    hub.join(users[1], data.draw(st.sampled_from(clinics))) if users[1].id not in left else None
    hub.user(platform, clinics[2])

    model = Model(
        sent, then, [*organisations, *clinics], {one.id for one in targets}, acknowledged, left, is_overdue, is_closed
    )
    filters = data.draw(st.lists(st.sampled_from([*organisations, *clinics]), max_size=2, unique_by=lambda s: s.level))
    for who in (boss, viewer):
        inside = data.draw(st.sampled_from([None, *organisations]))
        for few in (20_000, -1):
            with mock.patch.object(store, "_FEW_PEOPLE", few):
                check_summary(hub, who, model, inside, is_sender=who is boss)
        check_history(hub, who, model)
        for status in (None, "acknowledged", "outstanding", "overdue"):
            with mock.patch.object(store, "_FEW_PEOPLE", data.draw(st.sampled_from([20_000, -1]))):
                check_list(hub, who, model, filters, status)


def administered_by(hub: Hub, who: factories.User) -> set[int]:
    found = hub.rows(
        "SELECT scope_id FROM memberships WHERE user_id = :id AND role = 'administrator' AND valid_to_version IS NULL",
        id=who.id,
    )
    return {int(str(scope)) for (scope,) in found}


def check_summary(hub: Hub, who: factories.User, model: Model, inside: Any, *, is_sender: bool) -> None:
    administered = administered_by(hub, who)
    query = f"&organisation={inside.external_id}" if inside else ""
    if not model.may_see(administered, is_sender=is_sender):
        for path in ("", "/summary"):
            answer = hub.ask(who, f"/v1/sent-messages/{model.sent.id}/acknowledgements{path}")
            assert (answer.status_code, answer.get_json()["code"]) == (404, "not-found")
        return
    for level in ("organisation", "clinic"):
        found = ask(hub, who, model.sent, "/summary", f"by={level}{query}")
        names = ("recipients", "acknowledged", "outstanding", "overdue", "left", "no_longer_asked")
        expected = model.rows(level, administered, who.platform_id, inside.id if inside else None)
        assert {row["id"]: {name: row[name] for name in names} for row in found["data"]} == expected
        total = model.numbers(model.people(administered, who.platform_id, *([inside.id] if inside else [])))
        assert {name: found["totals"][name] for name in names} == total
        assert found["totals"]["distinct"] == total["recipients"]
        for row in (*found["data"], found["totals"]):
            assert row["recipients"] == sum(
                row[name] for name in ("acknowledged", "outstanding", "left", "no_longer_asked")
            )
            assert (row["median_hours"] is None) == (row["acknowledged"] == 0)
            assert row["median_hours"] in (None, pytest.approx(1, rel=0.1))
        assert found["closed_because"] == ("superseded" if model.is_closed else None)


def check_history(hub: Hub, who: factories.User, model: Model) -> None:
    """A list of messages has the numbers that the message has on its own page."""
    alone = hub.ask(who, f"/v1/sent-messages/{model.sent.id}").get_json()
    for listed in hub.ask(who, "/v1/sent-messages").get_json()["data"]:
        if listed["id"] == str(model.sent.id):
            assert listed["acknowledgements"] == alone["acknowledgements"]
            total = model.numbers(model.people(administered_by(hub, who), who.platform_id))
            assert {name: listed["acknowledgements"][name] for name in total} == total


def check_list(hub: Hub, who: factories.User, model: Model, filters: list[Any], status: str | None) -> None:
    administered = administered_by(hub, who)
    query = "".join(f"&{scope.level}={scope.external_id}" for scope in filters) + (
        f"&status={status}" if status else ""
    )
    if hub.ask(who, f"/v1/sent-messages/{model.sent.id}").status_code == 404:
        return
    wanted = {"outstanding": {"outstanding", "overdue"}}.get(status or "", {status})
    expected = [
        one
        for one in sorted(model.people(administered, who.platform_id, *(scope.id for scope in filters)))
        if status is None or model.status(one) in wanted
    ]
    names = dict(hub.rows("SELECT id, external_id FROM users WHERE id = ANY(:ids)", ids=expected))  # type: ignore[arg-type]
    found = everyone(hub, who, model.sent, query)
    assert [(row["id"], row["status"], row["acknowledged_at"] is not None) for row in found] == [
        (names[one], model.status(one), one in model.acknowledged) for one in expected
    ]


def test_words_of_a_name_find_people_in_small_and_large_audiences(hub: Hub) -> None:
    platform = hub.platform()
    clinic = hub.clinic(hub.organisation(platform))
    manager = hub.administrator(platform, clinic)
    for name in ("Maria Müller", "Zoë Maria da Silva", "Mariam Tran", "Mario Müller-Tran", "=SUM(Maria)"):
        user = hub.user(platform, clinic)
        hub.execute("UPDATE users SET name = :name WHERE id = :id", name=name, id=user.id)
    elsewhere = hub.user(other := hub.platform(), other)
    hub.execute("UPDATE users SET name = 'Maria Müller' WHERE id = :id", id=elsewhere.id)
    sent = acknowledging.ask(hub, hub.administrator(platform, platform), platform)
    expected = {
        "maria": ["Maria Müller", "Zoë Maria da Silva", "Mariam Tran", "=SUM(Maria)"],
        "müller MARIA": ["Maria Müller"],
        "tran": ["Mariam Tran", "Mario Müller-Tran"],
        "zoe": [],
        "%": [],
    }
    for (q, names), few in itertools.product(expected.items(), (20_000, -1)):
        with mock.patch.object(store, "_FEW_PEOPLE", few):
            found = everyone(hub, manager, sent, f"&q={urllib.parse.quote(q)}")
        assert [row["name"] for row in found] == names, (q, few)


def test_clinic_managers_follow_up_their_own_people_whoever_sent_it(hub: Hub) -> None:
    platform = hub.platform()
    organisation, other = hub.organisation(platform), hub.organisation(platform)
    clinic, beside = hub.clinic(organisation), hub.clinic(organisation)
    people = {scope.id: hub.user(platform, scope) for scope in (clinic, beside)}
    managers = {
        scope.id: hub.administrator(platform, scope) for scope in (platform, organisation, other, clinic, beside)
    }
    sent = acknowledging.ask(hub, managers[platform.id], organisation)
    assert hub.ask(managers[other.id], f"/v1/sent-messages/{sent.id}/acknowledgements/summary").status_code == 404
    for scope in (clinic, beside):
        manager = managers[scope.id]
        assert hub.ask(manager, f"/v1/sent-messages/{sent.id}").status_code == 200
        assert [row["id"] for row in everyone(hub, manager, sent)] == [
            people[scope.id].external_id,
            manager.external_id,
        ]
        found = ask(hub, manager, sent, "/summary", "by=clinic")
        assert [(row["id"], row["organisation"]["id"]) for row in found["data"]] == [
            (scope.external_id, organisation.external_id)
        ]
        assert ask(hub, manager, sent, "/summary")["data"] == []
    stranger = hub.administrator(elsewhere := hub.platform(), elsewhere)
    for path in ("acknowledgements", "acknowledgements/summary"):
        assert hub.ask(stranger, f"/v1/sent-messages/{sent.id}/{path}").status_code == 404
        answer = hub.ask(people[clinic.id], f"/v1/sent-messages/{sent.id}/{path}")
        assert (answer.status_code, answer.get_json()["code"]) == (403, "administrator-required")


def test_an_administrator_beneath_a_target_sees_it_only_where_an_acknowledgement_is_asked_for(hub: Hub) -> None:
    platform = hub.platform()
    clinic = hub.clinic(hub.organisation(platform))
    manager = hub.administrator(platform, clinic)
    sent = hub.send(hub.administrator(platform, platform), platform)
    assert hub.ask(manager, f"/v1/sent-messages/{sent.id}").status_code == 404
    for path in ("acknowledgements", "acknowledgements/summary"):
        assert hub.ask(manager, f"/v1/sent-messages/{sent.id}/{path}").status_code == 404


def test_a_message_that_asks_for_nothing_has_no_acknowledgements(hub: Hub) -> None:
    platform = hub.platform()
    sender = hub.administrator(platform, platform)
    sent = hub.send(sender, platform)
    for path in ("acknowledgements", "acknowledgements/summary"):
        answer = hub.ask(sender, f"/v1/sent-messages/{sent.id}/{path}")
        assert (answer.status_code, answer.get_json()["code"]) == (409, "acknowledgement-not-requested")


def test_recalled_and_dropped_acknowledgements(hub: Hub) -> None:
    platform = hub.platform()
    sender, user = hub.administrator(platform, platform), hub.user(platform)
    sent = acknowledging.ask(hub, sender, platform, due_at=PAST)
    acknowledging.acknowledge(hub, sent, [user.id])
    hub.recall(sent, sender)
    found = ask(hub, sender, sent, "/summary")
    assert found["closed_because"] == "recalled"
    assert (found["totals"]["acknowledged"], found["totals"]["no_longer_asked"]) == (1, 1)
    assert [row["status"] for row in everyone(hub, sender, sent)] == ["no_longer_asked", "acknowledged"]
    assert everyone(hub, sender, sent, "&status=overdue") == []
    one = hub.ask(sender, f"/v1/sent-messages/{sent.id}").get_json()
    assert one["acknowledgements"] == {name: found["totals"][name] for name in one["acknowledgements"]}
    old = acknowledging.ask(hub, sender, platform)
    hub.execute("UPDATE messages SET sent_at = '1999-01-01' WHERE id = :id", id=old.id)
    hub.execute(
        "UPDATE inbox_retention SET dropped_before = '2000-01-01', acknowledgements_dropped_before = '2000-01-01'"
    )
    answer = hub.ask(sender, f"/v1/sent-messages/{old.id}/acknowledgements/summary")
    assert (answer.status_code, "past the retention" in answer.get_json()["detail"]) == (404, True)
    assert hub.ask(sender, f"/v1/sent-messages/{old.id}").get_json()["acknowledgements"] is None


@pytest.mark.parametrize(
    ("path", "query", "status", "fields"),
    [
        ("", "status=left", 422, {"status"}),
        ("", "q=", 422, {"q"}),
        ("", f"q={'a+' * 11}", 422, {"q"}),
        ("", "clinic=nowhere&organisation=no", 422, {"clinic", "organisation"}),
        ("", "limit=101", 422, {"limit"}),
        ("", "after=x", 400, set()),
        ("/summary", "by=platform", 422, {"by"}),
        ("/summary", "organisation=nowhere", 422, {"organisation"}),
        ("/summary", "clinic=a", 422, {"clinic"}),
        ("/summary", "limit=2", 422, {"limit"}),
    ],
)
def test_a_bad_query_is_refused(hub: Hub, path: str, query: str, status: int, fields: set[str]) -> None:
    platform = hub.platform()
    sender = hub.administrator(platform, platform)
    sent = acknowledging.ask(hub, sender, platform)
    answer = hub.ask(sender, f"/v1/sent-messages/{sent.id}/acknowledgements{path}?{query}")
    assert (answer.status_code, set(answer.get_json().get("errors", ()))) == (status, fields)


def test_a_median_is_the_middle_and_of_many_people_at_most_a_tenth_wrong(hub: Hub, count: Count) -> None:
    platform = hub.platform()
    sender = hub.administrator(platform, platform)
    users = [hub.user(platform) for _ in range(5)]
    sent = acknowledging.ask(hub, sender, platform)
    for user, hours in zip(users, (0.001, 30, 5, 2_000, 400), strict=True):
        acknowledging.acknowledge(hub, sent, [user.id], after=timedelta(hours=hours))
    assert ask(hub, sender, sent, "/summary")["totals"]["median_hours"] == 30
    hub.finish(sent)
    count()
    assert ask(hub, sender, sent, "/summary")["totals"]["median_hours"] == 30
    with mock.patch.object(store, "_FEW_PEOPLE", -1):
        assert ask(hub, sender, sent, "/summary")["totals"]["median_hours"] == pytest.approx(30, rel=0.09)
