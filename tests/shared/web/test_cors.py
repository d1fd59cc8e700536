"""Which pages may call an API from a browser, as a browser asks for it."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from shared.web import cors
from tests.shared.web import frame

PORTAL, CONSOLE, STRANGER = "https://portal.example.org", "http://127.0.0.1:8001", "https://elsewhere.example.org"


@pytest.fixture(scope="module")
def named(reader: Engine) -> FlaskClient:
    return frame.make_app(reader, cors_origins=(PORTAL, CONSOLE)).test_client()


def preflight(client: FlaskClient, origin: str, path: str = "/whoami", method: str = "GET") -> TestResponse:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization,idempotency-key,if-none-match,last-event-id,x-other",
    }
    return client.options(path, headers=headers)


def listed(answer: TestResponse, header: str) -> set[str]:
    return {one.strip() for one in answer.headers[header].split(",")}


@pytest.mark.parametrize("origin", [PORTAL, CONSOLE])
def test_a_named_page_may_send_a_token_and_read_what_it_needs(
    named: FlaskClient, origin: str, user: dict[str, str]
) -> None:
    asked = preflight(named, origin)
    assert (asked.status_code, asked.data) == (200, b"")
    assert asked.headers["Access-Control-Allow-Origin"] == origin
    allowed = listed(asked, "Access-Control-Allow-Headers")
    assert allowed == {"authorization", "idempotency-key", "if-none-match", "last-event-id"}
    assert {"GET", "POST", "PUT", "DELETE"} <= listed(asked, "Access-Control-Allow-Methods")
    assert int(asked.headers["Access-Control-Max-Age"]) == cors.MAX_AGE_S

    answer = named.get("/whoami", headers={**user, "Origin": origin})
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == origin
    assert {"ETag", "Retry-After", "Location"} <= listed(answer, "Access-Control-Expose-Headers")


@pytest.mark.parametrize("path", ["/whoami", "/nowhere"])
def test_a_named_page_can_read_a_refusal(named: FlaskClient, path: str) -> None:
    answer = named.get(path, headers={"Origin": PORTAL})
    assert answer.status_code in {401, 404}
    assert answer.headers["Access-Control-Allow-Origin"] == PORTAL


@pytest.mark.parametrize("origin", [STRANGER, "null", f"{PORTAL}.evil.example", f"{PORTAL}:444", ""])
def test_any_other_page_may_read_nothing(named: FlaskClient, origin: str) -> None:
    for answer in (preflight(named, origin), named.get("/open", headers={"Origin": origin})):
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert "Origin" in listed(answer, "Vary"), "a cache must not hand this on to a page that may"


def test_nobody_may_send_cookies(named: FlaskClient) -> None:
    assert "Access-Control-Allow-Credentials" not in preflight(named, PORTAL).headers


def test_where_no_page_is_named_nothing_is_said(client: FlaskClient) -> None:
    for answer in (preflight(client, PORTAL), client.get("/open", headers={"Origin": PORTAL})):
        assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]
