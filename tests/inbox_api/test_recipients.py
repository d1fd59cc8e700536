"""The recipients of a sent message: equal to a model over random trees, page by page and as CSV, and what is refused."""

import csv
import io
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import pytest
import werkzeug.test
from hypothesis import given
from hypothesis import strategies as st

from services.inbox_api import csv_export
from services.inbox_api.actions import exports
from services.inbox_api.actions import recipients as actions
from services.inbox_api.store import people as store
from tests import examples, factories
from tests.inbox_api.hub import Hub, Sent


@pytest.fixture
def hub(module_hub: Hub) -> Hub:
    return module_hub


def page(hub: Hub, who: factories.User, sent: Sent, query: str = "") -> dict[str, Any]:
    answer = hub.ask(who, f"/v1/sent-messages/{sent.id}/recipients{query}")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return dict(answer.get_json())


def pages(
    hub: Hub, who: factories.User, sent: Sent, query: str = "", *, limit: int = 2
) -> Iterator[list[dict[str, Any]]]:
    cursor = ""
    while True:
        found = page(hub, who, sent, f"?limit={limit}{query}{cursor}")
        yield found["data"]
        if not found["has_more"]:
            assert found["next_cursor"] is None
            return
        cursor = f"&after={found['next_cursor']}"


def export(hub: Hub, who: factories.User, sent: Sent, query: str = "") -> list[dict[str, str]]:
    with hub.ask(who, f"/v1/sent-messages/{sent.id}/recipients/export?{query}") as answer:
        assert (answer.status_code, answer.mimetype) == (200, "text/csv"), answer.get_data(as_text=True)
        text = answer.get_data().decode()
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text[1:], newline="")))


@dataclass
class Then:
    """Who belonged where when the message was sent, and what contained each clinic."""

    scopes: dict[int, set[int]] = field(default_factory=dict)
    ancestors: dict[int, set[int]] = field(default_factory=dict)

    @classmethod
    def read(cls, hub: Hub, platform: factories.Platform) -> "Then":
        then = cls()
        for table, of, what in (("memberships", "user_id", "scope_id"), ("scope_ancestors", "scope_id", "ancestor_id")):
            rows = hub.rows(
                f"SELECT {of}, {what} FROM {table} WHERE valid_to_version IS NULL AND platform_id = :id", id=platform.id
            )
            found = then.scopes if of == "user_id" else then.ancestors
            for one, other in rows:
                found.setdefault(one, set()).add(other)  # type: ignore[arg-type]
        return then


@examples.settings(3)
@given(data=st.data())
def test_they_are_those_of_the_message_within_the_viewers_reach(module_hub: Hub, data: st.DataObject) -> None:
    hub = module_hub
    platform = hub.platform()
    organisations = [hub.organisation(platform) for _ in range(2)]
    clinics = [hub.clinic(one) for one in (*organisations, organisations[0])]
    scopes: list[factories.Scope] = [platform, *organisations, *clinics]
    some = st.lists(st.sampled_from(scopes), min_size=1, max_size=3, unique=True)
    users = [hub.user(platform, *data.draw(some)) for _ in range(5)]
    users.append(hub.user(platform, clinics[0], status="disabled"))
    boss, viewer = hub.administrator(platform, platform), hub.administrator(platform, *data.draw(some))
    sent = hub.send(boss, *data.draw(some))
    then = Then.read(hub, platform)

    if data.draw(st.booleans()):
        hub.finish(sent)
    read = {one.id for one in users if one.id in sent.recipients and data.draw(st.booleans())}
    for one in users:
        if one.id in read:
            hub.ask(one, f"/v1/notifications/{sent.id}/read", method="PUT")
    hub.move(clinics[0], organisations[1])
    hub.leave(users[0], data.draw(st.sampled_from(scopes)))
    hub.join(users[1], data.draw(st.sampled_from(clinics)))
    hub.user(platform, clinics[2])
    hub.set_status(users[2], "disabled")
    with hub.owner.begin() as connection:
        given_up, added = data.draw(st.sampled_from(scopes)), data.draw(st.sampled_from(scopes))
        factories.leave(connection, viewer, given_up)
        factories.administrator(connection, viewer, added)

    filters = data.draw(st.lists(st.sampled_from([*organisations, *clinics]), max_size=2, unique_by=lambda s: s.level))
    for who, status in itertools.product((boss, viewer), (None, "read", "unread")):
        for chosen, few in (([], 20_000), (filters, -1)) if data.draw(st.booleans()) else (([], -1), (filters, 20_000)):
            with mock.patch.object(store, "_FEW_PEOPLE", few):
                check(hub, who, Expected(sent, then, read, chosen, status, clinics))


@dataclass(frozen=True)
class Expected:
    sent: Sent
    then: Then
    read: set[int]
    filters: list[Any]
    status: str | None
    clinics: list[factories.Clinic]

    def recipients(self, administered: set[int], platform_id: int) -> list[int]:
        return sorted(
            one
            for one in self.sent.recipients
            if (platform_id in administered or self.then.scopes[one] & administered)
            and {scope.id for scope in self.filters} <= self.then.scopes[one]
            and (self.status is None or (one in self.read) == (self.status == "read"))
        )

    def clinics_of(self, user_id: int, administered: set[int], platform_id: int) -> set[str]:
        return {
            clinic.external_id
            for clinic in self.clinics
            if clinic.id in self.then.scopes[user_id]
            and (platform_id in administered or self.then.ancestors[clinic.id] & administered)
        }


def check(hub: Hub, who: factories.User, expected: Expected) -> None:
    query = "".join(f"&{scope.level}={scope.external_id}" for scope in expected.filters)
    query += f"&status={expected.status}" if expected.status else ""
    if hub.ask(who, f"/v1/sent-messages/{expected.sent.id}").status_code == 404:
        for path in ("recipients", "recipients/export"):
            assert hub.ask(who, f"/v1/sent-messages/{expected.sent.id}/{path}?{query[1:]}").status_code == 404
        return
    administered = {
        int(str(scope))
        for (scope,) in hub.rows(
            "SELECT scope_id FROM memberships WHERE user_id = :id AND role = 'administrator' AND valid_to_version IS NULL",
            id=who.id,
        )
    }
    found = [row for rows in pages(hub, who, expected.sent, query, limit=3) for row in rows]
    ids = expected.recipients(administered, who.platform_id)
    people = dict(hub.rows("SELECT id, external_id || name FROM users WHERE id = ANY(:ids)", ids=ids))  # type: ignore[arg-type]
    assert [(row["id"] + row["name"], row["read_at"] is not None) for row in found] == [
        (people[one], one in expected.read) for one in ids
    ]
    assert [{clinic["id"] for clinic in row["clinics"]} for row in found] == [
        expected.clinics_of(one, administered, who.platform_id) for one in ids
    ]
    assert [
        (line["id"], line["read_at"], line["clinic_ids"]) for line in export(hub, who, expected.sent, query[1:])
    ] == [(row["id"], row["read_at"] or "", "; ".join(clinic["id"] for clinic in row["clinics"])) for row in found]


def test_a_page_goes_on_where_the_last_one_ended_whoever_comes_or_reads(hub: Hub) -> None:
    platform = hub.platform()
    clinic = hub.clinic(hub.organisation(platform))
    sender = hub.administrator(platform, platform)
    users = [hub.user(platform, clinic) for _ in range(6)]
    sent = hub.send(sender, clinic)
    seen: list[str] = []
    for number, rows in enumerate(pages(hub, sender, sent, "&status=unread")):
        seen += [row["id"] for row in rows]
        hub.user(platform, clinic)
        for reader in (users[0], users[5]):
            hub.ask(reader, f"/v1/notifications/{sent.id}/read", method="PUT")
        if number == 1:
            hub.finish(sent)
    assert seen == [one.external_id for one in users[:5]]


@pytest.mark.parametrize("finished", [False, True])
def test_a_recalled_message_had_its_recipients(hub: Hub, finished: bool) -> None:
    platform = hub.platform()
    sender, user = hub.administrator(platform, platform), hub.user(platform)
    sent = hub.send(sender, platform)
    hub.ask(user, f"/v1/notifications/{sent.id}/read", method="PUT")
    if finished:
        hub.finish(sent)
    hub.recall(sent, sender)
    assert [(row["id"], row["read_at"] is None) for row in page(hub, sender, sent)["data"]] == [
        (sender.external_id, True),
        (user.external_id, False),
    ]


def test_a_user_whose_name_was_erased_is_there_without_it(hub: Hub) -> None:
    platform = hub.platform()
    sender, user = hub.administrator(platform, platform), hub.user(platform)
    sent = hub.deliver(sender, platform)
    hub.set_status(user, "disabled")
    hub.execute("UPDATE users SET name = 'Former user', email = '', erased_at = now() WHERE id = :id", id=user.id)
    assert [row["name"] for row in page(hub, sender, sent)["data"]] == [sender.name, "Former user"]


@pytest.mark.parametrize(
    ("query", "status", "code", "fields"),
    [
        ("organisation=nowhere", 422, "validation-failed", {"organisation"}),
        ("clinic=nowhere&organisation=no", 422, "validation-failed", {"clinic", "organisation"}),
        ("status=seen", 422, "validation-failed", {"status"}),
        ("q=a", 422, "validation-failed", {"q"}),
        ("limit=0", 422, "validation-failed", {"limit"}),
        ("limit=101", 422, "validation-failed", {"limit"}),
        ("after=x", 400, "bad-cursor", set()),
        ("after={cursor}", 400, "bad-cursor", set()),
    ],
)
def test_a_bad_query_is_refused(hub: Hub, query: str, status: int, code: str, fields: set[str]) -> None:
    platform = hub.platform()
    sender = hub.administrator(platform, platform)
    sent = [hub.send(sender, platform) for _ in range(2)]
    query = query.format(cursor=hub.ask(sender, "/v1/sent-messages?limit=1").get_json()["next_cursor"])
    for path in ("recipients", "recipients/export"):
        answer = hub.ask(sender, f"/v1/sent-messages/{sent[0].id}/{path}?{query}")
        problem = answer.get_json()
        if path.endswith("export") and query.startswith(("limit", "after")):
            status, code, fields = 422, "validation-failed", {query.partition("=")[0]}
        assert (answer.status_code, problem["code"], set(problem.get("errors", ()))) == (status, code, fields)


FORMULAS = {
    "=1+1": "'=1+1",
    "+49 30": "'+49 30",
    "-2": "'-2",
    "@SUM(A1)": "'@SUM(A1)",
    "\tTab": "'\tTab",
    "\rReturn": "'\rReturn",
    "O'Neil": "O'Neil",
    'a "quoted", name\nand more': 'a "quoted", name\nand more',
    "Ärztin; مرحبا": "Ärztin; مرحبا",
}


def test_no_cell_of_the_file_is_a_formula(hub: Hub) -> None:
    platform = hub.platform()
    clinic = hub.clinic(hub.organisation(platform))
    sender = hub.administrator(platform, platform)
    hub.execute("UPDATE scopes SET name = '@clinic' WHERE id = :id", id=clinic.id)
    for name in FORMULAS:
        user = hub.user(platform, clinic)
        hub.execute(
            "UPDATE users SET name = :name, external_id = :id WHERE id = :user", name=name, id=name, user=user.id
        )
    lines = export(hub, sender, hub.send(sender, clinic))
    assert [line["name"] for line in lines] == [line["id"] for line in lines] == list(FORMULAS.values())
    assert {line["clinics"] for line in lines} == {"'@clinic"}


def test_an_export_is_a_private_file_and_a_line_in_the_audit_trail(hub: Hub) -> None:
    platform = hub.platform()
    sender = hub.administrator(platform, platform)
    for _ in range(4):
        hub.user(platform)
    sent = hub.send(sender, platform)
    path = f"/v1/sent-messages/{sent.id}/recipients/export"
    with mock.patch.object(actions, "_PAGE", 2), hub.ask(sender, path) as answer:
        assert len(answer.get_data().splitlines()) == 6
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="recipients-{sent.id}.csv"'
    assert audited(hub, sent) == [
        ("export", "exported", platform.id, sender.id, "recipients: 5 rows", answer.headers["X-Request-ID"]),
    ]


def test_an_export_that_takes_too_long_is_cut_off_and_recorded(hub: Hub) -> None:
    platform = hub.platform()
    sender = hub.administrator(platform, platform)
    hub.user(platform)
    sent = hub.send(sender, platform)
    path = f"/v1/sent-messages/{sent.id}/recipients/export"
    with mock.patch.object(exports, "_EXPORT_S", -1), pytest.raises(TimeoutError):
        hub.ask(sender, path).get_data()
    assert [event[4] for event in audited(hub, sent)] == ["recipients: 0 rows, not complete"]


def test_a_client_that_leaves_ends_an_export_and_what_it_got_is_recorded(hub: Hub) -> None:
    platform = hub.platform()
    sender = hub.administrator(platform, platform)
    for _ in range(3):
        hub.user(platform)
    sent = hub.send(sender, platform)
    with mock.patch.object(csv_export, "_CHUNK", 1):
        answer = hub.ask(sender, f"/v1/sent-messages/{sent.id}/recipients/export")
        assert next(answer.iter_encoded()).startswith(b"\xef\xbb\xbfid,")
        answer.close()
    assert [event[4] for event in audited(hub, sent)] == ["recipients: 1 rows, not complete"]


def test_a_process_writes_two_exports_at_once(hub: Hub) -> None:
    platform = hub.platform()
    sender = hub.administrator(platform, platform)
    path = f"/v1/sent-messages/{hub.send(sender, platform).id}/recipients/export"
    unread: list[werkzeug.test.TestResponse] = []
    for _ in range(2):
        unread.append(hub.ask(sender, path))
    answer = hub.ask(sender, path)
    assert (answer.status_code, answer.get_json()["code"]) == (503, "unavailable")
    assert answer.headers["Retry-After"] == "5"
    assert hub.ask(sender, path.removesuffix("/export")).status_code == 200
    for one in unread:
        one.close()
    for method in ("HEAD", "GET", "HEAD"):
        with hub.ask(sender, path, method=method) as answer:
            assert answer.status_code == 200


def audited(hub: Hub, sent: Sent) -> list[tuple[object, ...]]:
    return hub.rows(
        "SELECT action, outcome, platform_id, user_id, detail, request_id FROM audit_events WHERE message_id = :id",
        id=sent.id,
    )
