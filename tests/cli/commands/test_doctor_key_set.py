"""`doctor` fetches the key set at HUB_JWKS_URL as the services do."""

import pytest

from cli.commands import doctor_checks
from tests.shared.auth import keys


@pytest.mark.parametrize(
    ("status", "body", "found"),
    [
        (404, b"", "HTTP 404"),
        (503, b"", "HTTP 503"),
        (200, b"<html>", "JSONDecodeError"),
        (0, b"", "RemoteDisconnected"),
    ],
)
def test_it_says_why_keys_cannot_be_fetched(status: int, body: bytes, found: str) -> None:
    with keys.serving() as server:
        server.status, server.answer = status, body
        finding = doctor_checks.of_key_set(server.url)
    assert finding.state == doctor_checks.State.FAIL
    assert found in finding.found


def test_it_counts_the_keys_that_can_be_used() -> None:
    with keys.serving() as server:
        server.keys = [keys.make_key(), keys.make_key("RS256", "r", use="enc")]
        assert doctor_checks.of_key_set(server.url).found == f"usable keys at {server.url}: 1"
        server.keys = server.keys[1:]
        assert doctor_checks.of_key_set(server.url).state == doctor_checks.State.FAIL
