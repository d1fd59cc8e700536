"""The service as a whole: its guards, its documents, and that it answers while the broker hangs."""

import json
import re
import time
from typing import Any
from urllib.parse import urljoin

import flask
import pytest
import sqlalchemy
from sqlalchemy import Engine

from drills.proxy import Proxy
from services.compose_api import app as compose
from services.compose_api import publisher
from shared import broker, rate_limit, redis_client
from shared.web import guards
from tests.compose_api import conftest
from tests.compose_api.hub import Hub, World
from tests.shared import answers
from tests.waiting import wait_until

GUARDS = {
    "POST /v1/messages": "sending administrator",
    "DELETE /v1/messages/<message_id>": "user",
    "POST /v1/sent-messages/<message_id>/acknowledgements/remind": "sending administrator",
    "POST /v1/drafts": "sending administrator",
    "GET /v1/drafts": "administrator",
    "GET /v1/drafts/<draft_id>": "administrator",
    "PATCH /v1/drafts/<draft_id>": "sending administrator",
    "DELETE /v1/drafts/<draft_id>": "administrator",
    "POST /v1/drafts/<draft_id>/send": "sending administrator",
    "POST /v1/drafts/<draft_id>/schedule": "sending administrator",
    "POST /v1/drafts/<draft_id>/unschedule": "administrator",
    "GET /v1/viewer": "user",
    "GET /v1/audiences": "administrator",
    "POST /v1/audiences/preview": "administrator",
    "GET /auth/login": "public",
    "GET /auth/callback": "public",
    "GET /auth/session": "session",
    "POST /auth/token": "session",
    "POST /auth/logout": "session",
    "POST /auth/backchannel-logout": "public",
    "GET /healthz": "public",
    "GET /readyz": "public",
    "GET /metrics": "public",
    "GET /openapi.json": "public",
    "GET /docs/": "public",
    "GET /docs/<path:path>": "public",
}
PAGES = re.compile(r"GET (/$|/console|/demo|/favicon)")


def test_every_route_has_its_guard(app: flask.Flask) -> None:
    found = {
        f"{method} {rule.rule}": getattr(app.view_functions[rule.endpoint], guards.GUARD, None)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert {route: guard for route, guard in found.items() if not PAGES.match(route)} == GUARDS
    assert {guard for route, guard in found.items() if PAGES.match(route)} == {"public"}


@pytest.mark.parametrize("route", [route for route, guard in GUARDS.items() if guard != "public"])
def test_every_guarded_route_asks_for_a_token_first(hub: Hub, route: str) -> None:
    method, path = route.replace("<message_id>", "x").replace("<draft_id>", "x").split()
    assert hub.call(method, path, None, data=b"{", content_type="text/plain").status_code == 401


@pytest.fixture(scope="module")
def document(app: flask.Flask) -> dict[str, Any]:
    answer = app.test_client().get("/openapi.json")
    assert answer.status_code == 200
    return dict(answer.get_json())


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path}": operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method != "parameters"
    }


def test_the_openapi_document_names_every_route_of_the_api_and_of_signing_in(document: dict[str, Any]) -> None:
    documented = {
        route.replace("<", "{").replace(">", "}") for route in GUARDS if route.split()[1].startswith(("/v1/", "/auth/"))
    }
    assert set(operations(document)) == documented
    assert document["security"] == [{"bearer": []}]
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"


def test_every_reference_in_the_openapi_document_leads_somewhere(document: dict[str, Any]) -> None:
    references = set(re.findall(r'"#/([^"]*)"', json.dumps(document)))
    assert references
    for reference in references:
        at: Any = document
        for step in reference.split("/"):
            at = at[step]


def test_every_operation_tells_its_success_and_its_errors(document: dict[str, Any]) -> None:
    for name, operation in operations(document).items():
        assert operation["summary"], name
        assert any(status.startswith(("2", "3")) for status in operation["responses"]), name
        assert operation["responses"]["default"]["$ref"], name


def test_the_document_tells_the_idempotency_key_and_what_is_unknown_is_refused(document: dict[str, Any]) -> None:
    (key,) = operations(document)["POST /v1/messages"]["parameters"]
    assert (key["name"], key["in"], key["schema"]["maxLength"]) == ("Idempotency-Key", "header", 255)
    assert key.get("required", False) is False
    message = document["components"]["schemas"]["MessageIn"]
    assert message["additionalProperties"] is False
    assert sorted(message["required"]) == ["body", "title"]


def test_the_page_of_the_document_loads_everything_from_the_service_itself(hub: Hub) -> None:
    page = hub.call("GET", "/docs/", None)
    assert page.status_code == 200
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(loaded) > 3
    for address in (urljoin("/docs/", name) for name in loaded):
        assert address.startswith("/docs/"), address
        assert hub.call("GET", address, None).status_code == 200, address
    (settings,) = re.findall(r"user_config = (\{.*?\});", page.text)
    assert json.loads(settings)["url"] == "../openapi.json"
    assert json.loads(settings)["validatorUrl"] is None, "the page's own default is a public validator"


def test_docs_without_the_slash_leads_to_the_page(hub: Hub) -> None:
    answer = hub.call("GET", "/docs?deep=1", None)
    assert (answer.status_code, answer.headers["Location"]) == (308, "http://localhost/docs/?deep=1")


@pytest.mark.parametrize("path", ["/v1//audiences", "/v1/audiences/", "/docs//index.html", "/.//v1/audiences"])
def test_an_address_is_spelt_in_one_way(hub: Hub, world: World, path: str) -> None:
    # Not as the path of an address: the client would read its beginning as the name of a host.
    overrides = {"PATH_INFO": path, "HTTP_HOST": "evil.example"}
    answer = hub.call("GET", "/", world["platform administrator"], environ_overrides=overrides)
    answers.problem(answer, "not-found")
    assert "evil" not in answer.text


@pytest.mark.parametrize(
    "path", ["../__init__.py", "%2e%2e/flask_swagger_ui.py", "none.js", "..%2f..%2fx", "/etc/passwd"]
)
def test_the_page_serves_nothing_but_its_own_files(hub: Hub, path: str) -> None:
    assert hub.call("GET", f"/docs/{path}", None).status_code == 404


def test_a_post_answers_at_once_while_the_broker_hangs(
    hub: Hub, world: World, compose_engine: Engine, redis_url: str
) -> None:
    with Proxy(int(sqlalchemy.make_url(redis_url).port or 0)) as proxy:
        url = sqlalchemy.make_url(redis_url).set(port=proxy.port).render_as_string(hide_password=False)
        monitor = redis_client.Monitor(url)
        wait_until(lambda: monitor.is_ok)
        celery = broker.make_celery(url, connect_timeout_s=0.1, socket_timeout_s=0.1)
        app = compose.make_app(
            compose.Context(
                engine=compose_engine,
                publish=publisher.Publisher(celery, url, monitor).submit,
                limiter=rate_limit.Limiter("100 per hour"),
            ),
            auth=conftest.AUTH,
            broker_state=monitor.state,
        )
        slow = Hub(app=app, owner=hub.owner, published=hub.published)
        slow.sent(world["platform administrator"])
        proxy.hold()
        took = []
        for _ in range(3):
            began_at = time.perf_counter()
            slow.sent(world["platform administrator"])
            slow.call("GET", "/readyz", None)
            took.append(time.perf_counter() - began_at)
        # On a busy machine one of them may be slow for other reasons.
        assert min(took) < 0.3
        wait_until(lambda: not monitor.is_ok)
        ready = slow.call("GET", "/readyz", None)
        assert (ready.status_code, ready.get_json()["broker"]) == (200, "unreachable")
        metrics = slow.call("GET", "/metrics", None).text
        assert 'message_hub_broker_state{state="unreachable"} 1.0' in metrics
        assert 'message_hub_broker_state{state="ok"} 0.0' in metrics
