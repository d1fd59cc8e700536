"""Requests with two meanings, against the real servers and without the gateway. What the gateway rejects: tests/deploy/test_gateway.py."""

import contextlib
import gzip
import json
import socket
from urllib.parse import urlsplit

import pytest

from tests import factories
from tests.flow.conftest import Tree
from tests.flow.hub import Hub

MESSAGE = json.dumps({"title": "Notice", "body": "News.", "audience": {"everyone": True}}).encode()
CHUNKS = b"%x\r\n%s\r\n0\r\n\r\n" % (len(MESSAGE), MESSAGE)


def exchange(url: str, method: str, path: str, headers: list[str], body: bytes = b"") -> tuple[int, bytes]:
    """The status, and all that the server sends until it closes the connection or is silent for a second."""
    address = urlsplit(url)
    head = "\r\n".join([f"{method} {path} HTTP/1.1", "Host: hub", *headers])
    with socket.create_connection((str(address.hostname), address.port or 80), timeout=1) as connection:
        connection.sendall(head.encode() + b"\r\n\r\n" + body)
        received = b""
        with contextlib.suppress(OSError):
            while piece := connection.recv(65_536):
                received += piece
    return int(received.split(b" ")[1]), received


@pytest.fixture
def headers(tree: Tree) -> list[str]:
    bearer = factories.bearer(tree.administrator, tree.platform)
    return [f"Authorization: {bearer['Authorization']}", "Content-Type: application/json", "Connection: close"]


@pytest.mark.parametrize(
    ("method", "headers_", "body", "status"),
    [
        ("POST", ["Idempotency-Key: a", "Idempotency-Key: b"], MESSAGE, 422),
        ("POST", ["Authorization: Bearer another"], MESSAGE, 401),
        ("POST", ["Content-Encoding: gzip"], gzip.compress(MESSAGE), 415),
        ("post", [], MESSAGE, 405),
        ("POST", ["Content-Length: 7"], MESSAGE, 400),
        ("POST", [], b"\xef\xbb\xbf" + MESSAGE, 400),
    ],
    ids=["two keys", "two tokens", "gzip", "post", "two lengths", "byte order mark"],
)
def test_a_send_with_two_meanings_sends_nothing(
    hub: Hub, tree: Tree, headers: list[str], method: str, headers_: list[str], body: bytes, status: int
) -> None:
    before = hub.inbox(tree.administrator, tree.platform, "/v1/notifications/counts")
    given = [*headers, *headers_, f"Content-Length: {len(body)}"]
    assert exchange(hub.apis.compose_url, method, "/v1/messages", given, body)[0] == status
    assert hub.inbox(tree.administrator, tree.platform, "/v1/notifications/counts") == before


def test_of_a_length_and_chunks_the_chunks_count_and_the_connection_ends(hub: Hub, headers: list[str]) -> None:
    given = [*headers[:2], "Content-Length: 3", "Transfer-Encoding: chunked"]
    following = b"GET /v1/audiences HTTP/1.1\r\nHost: hub\r\n\r\n"
    status, received = exchange(hub.apis.compose_url, "POST", "/v1/messages", given, CHUNKS + following)
    assert (status, received.count(b"HTTP/1.1 ")) == (202, 1)


@pytest.mark.parametrize("method", ["GET", "get"])
def test_a_stream_takes_neither_a_body_nor_another_method(hub: Hub, headers: list[str], method: str) -> None:
    path, given = "/v1/notifications/stream", [*headers, "Content-Length: 2"]
    status, _ = exchange(hub.apis.stream_url, method, path, given, b"{}")
    assert status == (400 if method == "GET" else 405)
