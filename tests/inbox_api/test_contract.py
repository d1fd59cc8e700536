"""What holds for the API as a whole: guards, number of statements, the role's limits, the OpenAPI document."""

from typing import Any

import psycopg
import pytest
import sqlalchemy

from services.inbox_api.actions import notifications
from shared.web import guards
from tests import statements as sent_statements
from tests.inbox_api.hub import Hub

OPERATIONS = {
    ("get", "/v1/notifications"),
    ("get", "/v1/notifications/stream"),
    ("get", "/v1/notifications/counts"),
    ("get", "/v1/notifications/{message_id}"),
    ("put", "/v1/notifications/{message_id}/read"),
    ("delete", "/v1/notifications/{message_id}/read"),
    ("put", "/v1/notifications/{message_id}/archived"),
    ("delete", "/v1/notifications/{message_id}/archived"),
    ("put", "/v1/notifications/{message_id}/acknowledged"),
    ("post", "/v1/notifications/seen"),
    ("post", "/v1/notifications/read-all"),
    ("get", "/v1/sent-messages"),
    ("get", "/v1/sent-messages/{message_id}"),
    ("get", "/v1/sent-messages/{message_id}/recipients"),
    ("get", "/v1/sent-messages/{message_id}/recipients/export"),
    ("get", "/v1/sent-messages/{message_id}/acknowledgements"),
    ("get", "/v1/sent-messages/{message_id}/acknowledgements/summary"),
    ("get", "/v1/sent-messages/{message_id}/acknowledgements/export"),
}


@pytest.mark.parametrize(
    ("method", "path", "statements"),
    [
        ("GET", "/v1/notifications", 2),
        ("GET", "/v1/notifications?status=unread&limit=100", 2),
        ("GET", "/v1/notifications/counts", 2),
        ("GET", "/v1/notifications/{id}", 2),
        ("PUT", "/v1/notifications/{id}/read", 5),
        ("DELETE", "/v1/notifications/{id}/archived", 4),
        ("POST", "/v1/notifications/read-all", 5),
        ("GET", "/v1/sent-messages", 5),
        ("GET", "/v1/sent-messages?organisation={organisation}", 6),
        ("GET", "/v1/sent-messages?q=Notice", 6),
        ("GET", "/v1/sent-messages/{id}", 6),
        ("GET", "/v1/sent-messages/{id}/recipients", 7),
        ("GET", "/v1/sent-messages/{id}/recipients?status=unread&organisation={organisation}", 9),
    ],
)
def test_an_answer_takes_as_many_statements_for_one_message_as_for_thirty(
    hub: Hub, method: str, path: str, statements: int
) -> None:
    platform = hub.platform()
    organisation = hub.organisation(platform)
    user = hub.administrator(platform, platform)
    sent = hub.send(user, platform)
    with hub.inbox.connect():
        pass  # SQLAlchemy asks the first connection of an engine about the server
    for _ in range(2):
        asked = path.format(id=sent.id, organisation=organisation.external_id)
        body = {"through": str(sent.id)} if method == "POST" else None
        with sent_statements.counted() as counted:
            assert hub.ask(user, asked, method=method, body=body).status_code == 200
        assert len(counted) == statements, counted
        for number in range(30):
            sent = hub.send(user, platform, organisation) if number % 2 else hub.deliver(user, organisation)


def test_the_role_may_write_states_and_nothing_else(hub: Hub) -> None:
    for table in (
        "inbox_entries",
        "messages",
        "inflight_targets",
        "memberships",
        "users",
        "message_visibility",
        "message_words",
    ):
        with pytest.raises(sqlalchemy.exc.ProgrammingError) as caught, hub.inbox.begin() as connection:
            connection.execute(sqlalchemy.text(f"DELETE FROM {table}"))
        assert isinstance(caught.value.orig, psycopg.errors.InsufficientPrivilege)
    with pytest.raises(sqlalchemy.exc.ProgrammingError), hub.inbox.begin() as connection:
        connection.execute(sqlalchemy.text("DELETE FROM inbox_states"))


def test_every_route_has_a_guard(hub: Hub) -> None:
    for rule in hub.app.url_map.iter_rules():
        guard = getattr(hub.app.view_functions[rule.endpoint], guards.GUARD, None)
        if rule.rule.startswith("/v1/"):
            assert guard == ("administrator" if "sent-messages" in rule.rule else "user"), rule
        else:
            assert guard == "public", rule


def test_every_route_asks_for_a_token(hub: Hub) -> None:
    for method, path in OPERATIONS:
        answer = hub.app.test_client().open(path, method=method.upper())
        assert (answer.status_code, answer.get_json()["code"]) == (401, "token-missing"), path


@pytest.fixture
def document(hub: Hub) -> dict[str, Any]:
    return dict(hub.app.test_client().get("/openapi.json").get_json())


def test_the_document_names_every_operation_once_with_its_errors(document: dict[str, Any]) -> None:
    operations = {
        (method, path): operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method != "parameters"
    }
    assert set(operations) == OPERATIONS
    ids = [operation["operationId"] for operation in operations.values()]
    assert len(set(ids)) == len(ids)
    for (method, path), operation in operations.items():
        assert operation["summary"], path
        assert "default" in operation["responses"]
        if path == "/v1/notifications/stream":
            assert list(operation["responses"]["200"]["content"]) == ["text/event-stream"]
            continue
        if path.endswith("/export"):
            kinds = {"text/csv", *(["application/jsonl"] if "acknowledgements" in path else [])}
            assert set(operation["responses"]["200"]["content"]) == kinds
            continue
        # Each summary says its own moment.
        assert ("304" in operation["responses"]) == (method == "get" and not path.endswith("/summary"))
        assert operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]


def test_the_document_says_what_may_be_null_and_what_is_an_id_or_a_time(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    notification = schemas["NotificationOut"]
    assert notification["properties"]["id"]["format"] == "uuid"
    assert notification["properties"]["sent_at"]["format"] == "date-time"
    nullable = {name for name, field in notification["properties"].items() if "null" in field.get("type", ())}
    assert nullable == {
        *(
            "category",
            "pinned_until",
            "expires_at",
            "seen_at",
            "read_at",
            "archived_at",
            "supersedes",
            "change_summary",
        ),
    }
    assert set(notification["required"]) == set(notification["properties"])
    assert set(schemas["FeedOut"]["required"]) == {
        "data",
        "pinned",
        "has_more",
        "next_cursor",
        "unread_count",
        "unseen_count",
        "to_acknowledge",
        "to_acknowledge_count",
    }
    path = document["paths"]["/v1/notifications/{message_id}"]
    (parameter,) = path.get("parameters") or path["get"]["parameters"]
    assert parameter["schema"]["format"] == "uuid"
    status = next(p for p in document["paths"]["/v1/notifications"]["get"]["parameters"] if p["name"] == "status")
    assert tuple(status["schema"]["enum"]) == notifications.STATUSES
