"""What the bell refuses: bad queries, bad bodies, ids that name nothing here."""

import uuid

import pytest

from services.inbox_api import app as inbox
from shared import acknowledgements, rate_limit
from tests import factories
from tests.inbox_api.hub import AUTH, Hub


@pytest.fixture
def hub(module_hub: Hub) -> Hub:
    return module_hub


BAD_QUERIES = [
    ("limit=0", 422, "validation-failed"),
    ("limit=101", 422, "validation-failed"),
    ("limit=-1", 422, "validation-failed"),
    ("limit=%2B1", 422, "validation-failed"),
    ("limit=1_0", 422, "validation-failed"),
    ("limit=", 422, "validation-failed"),
    ("limit=%00", 422, "validation-failed"),
    ("limit=٣", 422, "validation-failed"),
    ("limit=99999999999999999999", 422, "validation-failed"),
    ("status=new", 422, "validation-failed"),
    ("status=", 422, "validation-failed"),
    ("status=%ED%A0%80", 422, "validation-failed"),
    ("limit=1&limit=2", 422, "validation-failed"),
    ("before=1", 422, "validation-failed"),
    ("%ED%A0%80=1", 422, "validation-failed"),
    ("%00=1", 422, "validation-failed"),
    ("after=", 400, "bad-cursor"),
    ("after=AAAA", 400, "bad-cursor"),
    ("after=%00", 400, "bad-cursor"),
    ("after=%ED%A0%80", 400, "bad-cursor"),
]


BAD_BODIES: list[object] = [
    {},
    {"through": None},
    {"through": 7},
    {"through": True},
    {"through": "\0"},
    {"through": "\ud800"},
    {"through": uuid.UUID(int=7).hex},
    {"through": "{" + str(uuid.UUID(int=7)) + "}"},
    {"through": "urn:uuid:" + str(uuid.UUID(int=7))},
    {"through": [str(uuid.UUID(int=7))]},
    {"through": str(uuid.UUID(int=7)), "more": 1},
    {"through": str(uuid.UUID(int=7)), "\ud800": 1},
    {"through": str(uuid.UUID(int=7)), "\0": 1},
    [],
    "text",
]


def test_a_bad_query_is_refused_with_its_reason(hub: Hub, user: factories.User) -> None:
    for query, status, code in BAD_QUERIES:
        answer = hub.ask(user, f"/v1/notifications?{query}")
        assert (answer.status_code, answer.get_json()["code"]) == (status, code), query
        assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize("call", ["seen", "read-all"])
def test_a_bad_body_is_refused(hub: Hub, user: factories.User, call: str) -> None:
    for body in BAD_BODIES:
        answer = hub.ask(user, f"/v1/notifications/{call}", method="POST", body=body)
        assert (answer.status_code, answer.get_json()["code"]) == (422, "validation-failed"), body


def test_an_unknown_through_is_not_found(hub: Hub, user: factories.User) -> None:
    answer = hub.ask(user, "/v1/notifications/seen", method="POST", body={"through": str(uuid.uuid4())})
    assert (answer.status_code, answer.get_json()["code"]) == (404, "not-found")


def test_an_id_that_names_nothing_is_not_found(hub: Hub, user: factories.User) -> None:
    for name in ("x", "7", "%00", "%ED%A0%80", uuid.UUID(int=7).hex, str(uuid.UUID(int=7))):
        for method, tail in (("GET", ""), ("PUT", "/read"), ("DELETE", "/archived")):
            path = f"/v1/notifications/{name}{tail}"
            answer = hub.ask(user, path, method=method)
            assert (answer.status_code, answer.get_json()["code"]) == (404, "not-found"), path
            assert hub.app.test_client().open(path, method=method).status_code == 401, path


def test_a_disabled_user_may_not_read(hub: Hub, user: factories.User) -> None:
    hub.set_status(user, "disabled")
    answer = hub.ask(user, "/v1/notifications")
    assert (answer.status_code, answer.get_json()["code"]) == (403, "user-inactive")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_message_to_others_is_not_found(hub: Hub, platform: factories.Platform, method: str) -> None:
    organisation = hub.organisation(platform)
    clinic, elsewhere = hub.clinic(organisation), hub.clinic(organisation)
    sender = hub.administrator(platform, platform)
    member, stranger = hub.user(platform, clinic), hub.user(platform, elsewhere)
    foreigner = hub.user(hub.platform())
    for sent in (hub.deliver(sender, clinic), hub.send(sender, clinic)):
        paths = (
            [f"/v1/notifications/{sent.id}"]
            if method == "GET"
            else [
                f"/v1/notifications/{sent.id}/read",
                f"/v1/notifications/{sent.id}/archived",
            ]
        )
        for path in paths:
            assert hub.ask(member, path, method=method).status_code == 200
            for who in (stranger, foreigner, sender):
                answer = hub.ask(who, path, method=method)
                assert (answer.status_code, answer.get_json()["code"]) == (404, "not-found")
        for who in (stranger, foreigner):
            answer = hub.ask(who, "/v1/notifications/seen", method="POST", body={"through": str(sent.id)})
            assert answer.status_code == 404
    people = [one.id for one in (member, stranger, foreigner, sender)]
    written = hub.rows("SELECT user_id FROM inbox_states WHERE user_id = ANY(:people)", people=people)
    assert {row[0] for row in written} <= {member.id}


def test_too_many_changes_are_refused_on_every_writing_route_and_nothing_is_stored(hub: Hub) -> None:
    platform = hub.platform()
    sender, user, other = hub.administrator(platform, platform), hub.user(platform), hub.user(platform)
    sent, recalled = hub.deliver(sender, platform), hub.deliver(sender, platform)
    asking = hub.deliver(sender, platform, title="T", body="B", statement="S")
    content_hash = acknowledgements.format_hash(acknowledgements.content_hash(title="T", body="B", statement="S"))
    hub.recall(recalled, by=sender)
    limiter = rate_limit.Limiter("1 per hour")
    app = inbox.make_app(inbox.Context(hub.inbox, limiter=limiter), auth=AUTH)
    client, headers = app.test_client(), factories.bearer(user, platform)
    assert client.get("/v1/notifications", headers=headers).status_code == 200
    writing = [
        (method, rule.rule.replace("<message_id>", str(sent.id)))
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) & {"PUT", "POST", "DELETE", "PATCH"}
    ]
    assert len(writing) == 7
    assert client.put(f"/v1/notifications/{sent.id}/archived", headers=headers).status_code == 200
    states = "SELECT * FROM inbox_states WHERE user_id = :user_id"
    before = hub.rows(states, user_id=user.id)
    for method, path in writing:
        body = {"through": str(sent.id)} if method == "POST" else None
        if path.endswith("/acknowledged"):
            path, body = path.replace(str(sent.id), str(asking.id)), {"content_hash": content_hash}
        answer = client.open(path, method=method, headers=headers, json=body)
        assert (answer.status_code, answer.get_json()["code"]) == (429, "rate-limited"), path
        assert int(answer.headers["Retry-After"]) > 0
    assert hub.rows(states, user_id=user.id) == before
    # What else is wrong comes first; reading and other users are not concerned.
    assert client.put(f"/v1/notifications/{uuid.uuid4()}/read", headers=headers).status_code == 404
    assert client.put(f"/v1/notifications/{recalled.id}/read", headers=headers).status_code == 409
    assert client.put(f"/v1/notifications/{asking.id}/archived", headers=headers).status_code == 409
    for name, given in ((sent.id, content_hash), (asking.id, f"sha256:{'0' * 64}")):
        answer = client.put(f"/v1/notifications/{name}/acknowledged", headers=headers, json={"content_hash": given})
        assert answer.status_code == 409
    assert client.get("/v1/notifications", headers=headers).status_code == 200
    exported = f"/v1/sent-messages/{sent.id}/recipients/export"
    for status in (200, 429):
        with client.get(exported, headers=factories.bearer(sender, platform)) as answer:
            assert answer.status_code == status
    headers = factories.bearer(other, platform)
    assert client.post("/v1/notifications/seen", headers=headers, json={"through": str(sent.id)}).status_code == 200


@pytest.mark.parametrize("name", ["seen", "read-all"])
def test_what_is_named_beside_ids_is_no_id_whatever_the_method(hub: Hub, user: factories.User, name: str) -> None:
    path = f"/v1/notifications/{name}"
    for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH"):
        answer = hub.ask(user, path, method=method)
        assert answer.status_code == 405, method
        assert answer.headers["Allow"] == "OPTIONS, POST"
    allowed = hub.ask(user, path, method="OPTIONS").headers["Allow"]
    assert set(allowed.split(", ")) == {"OPTIONS", "POST"}
    # What only begins like it, or is spelt otherwise, may be an id as far as the address goes.
    for other in (f"{name}-", name.upper(), f"{name}%0A", "%20" + name):
        assert hub.ask(user, f"/v1/notifications/{other}").status_code == 404
