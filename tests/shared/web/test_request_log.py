"""The id that follows a request."""

import jwt
import pytest
import structlog
from flask.testing import FlaskClient

from tests import factories


@pytest.mark.parametrize("given", ["12345678", "a" * 64, "A.b_c-9000", "0b1e9c1e-6f5e-4b52-9a5a-111111111111"])
def test_a_sane_id_is_echoed(client: FlaskClient, given: str) -> None:
    assert client.get("/healthz", headers={"X-Request-ID": given}).headers["X-Request-ID"] == given


@pytest.mark.parametrize(
    "given", ["", "short", "a" * 65, "a b c d e f", "12345678\t", "<script>1", "ééééééééé", "12345678,87654321"]
)
def test_an_odd_id_gives_way_to_one_of_ours(client: FlaskClient, given: str) -> None:
    answer = client.get("/healthz", environ_overrides={"HTTP_X_REQUEST_ID": given})
    assert len(answer.headers["X-Request-ID"]) == 32
    assert answer.headers["X-Request-ID"].isalnum()


def test_each_request_has_an_id_of_its_own(client: FlaskClient) -> None:
    assert len({client.get("/healthz").headers["X-Request-ID"] for _ in range(5)}) == 5


@pytest.mark.parametrize("path", ["/healthz", "/whoami", "/nowhere", "/docs/", "/openapi.json"])
def test_every_answer_carries_the_id_and_forbids_guessing_its_type(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.headers["X-Request-ID"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_request_is_logged_with_its_route_and_never_with_its_address_or_token(
    client: FlaskClient, user: dict[str, str]
) -> None:
    with structlog.testing.capture_logs() as logged:
        client.get("/whoami?word=private", headers=user)
        client.post("/echo", headers=user, json={"word": "private"})
    assert [(line["event"], line["log_level"], line["route"], line["status"]) for line in logged] == [
        ("request", "debug", "/whoami", 200),
        ("request", "info", "/echo", 200),
    ]
    assert "private" not in str(logged)
    assert user["Authorization"].removeprefix("Bearer ") not in str(logged)


def test_the_log_names_a_user_and_a_platform_as_everything_outside_does(
    client: FlaskClient, user: dict[str, str]
) -> None:
    claims = jwt.decode(user["Authorization"].removeprefix("Bearer "), options={"verify_signature": False})
    unknown = {**claims, "sub": "nobody"}
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logged:
        client.post("/echo", headers=user, json={"word": "x"})
        client.post("/echo", headers={"Authorization": f"Bearer {jwt.encode(unknown, factories.SECRET)}"}, json={})
    assert [(line["platform"], line["user_id"], line["status"]) for line in logged] == [
        (claims["platform"], claims["sub"], 200),
        (claims["platform"], "nobody", 401),
    ]
    assert all("platform_id" not in line for line in logged)


def test_why_a_token_was_refused_is_logged_without_the_token(client: FlaskClient) -> None:
    token = factories.token("private", "private", aud="another")
    with structlog.testing.capture_logs() as logged:
        client.get("/whoami", headers={"Authorization": f"Bearer {token}"})
    expected = "The token was refused: its claim aud must be message-hub, or a list of strings with it."
    assert [(line["code"], line["detail"]) for line in logged] == [("token-invalid", expected)]
    assert "private" not in str(logged)
    assert token not in str(logged)


def test_a_refusal_is_counted_and_logged_with_its_code_and_the_clients_address(client: FlaskClient) -> None:
    with structlog.testing.capture_logs() as logged:
        client.get("/whoami", headers={"Authorization": "Bearer private"})
        client.get("/whoami")
        client.get("/private")
    assert [(line["code"], line["client"], line["status"]) for line in logged] == [
        ("token-invalid", "127.0.0.1", 401),
        ("token-missing", "127.0.0.1", 401),
        ("not-found", "127.0.0.1", 404),
    ]
    assert "private" not in str(logged)
    metrics = client.get("/metrics").text
    assert 'message_hub_refusals_total{code="token-invalid"}' in metrics
    assert "private" not in metrics
