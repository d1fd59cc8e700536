"""What a provider publishes is read within limits, whatever it sends."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest
import requests

from services.compose_api import discovery

Answer = Callable[[BaseHTTPRequestHandler], None]


class Handler(BaseHTTPRequestHandler):
    answer: ClassVar[Answer]

    def do_GET(self) -> None:
        type(self).answer(self)

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def serve() -> Iterator[Callable[[Answer], str]]:
    """`serve(answer)`: the issuer that answers so."""
    servers = []

    def start(answer: Answer) -> str:
        handler = type("Own", (Handler,), {"answer": staticmethod(answer)})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def send(handler: BaseHTTPRequestHandler, body: bytes, status: int = 200, **headers: str) -> None:
    handler.send_response(status)
    for name, value in {"Content-Length": str(len(body)), **headers}.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)


def test_an_answer_that_is_too_large_is_given_up(serve: Callable[[Answer], str]) -> None:
    issuer = serve(lambda handler: send(handler, b" " * 300_000))
    with pytest.raises(requests.ConnectionError):
        discovery.describe(issuer)


def test_an_answer_that_comes_byte_by_byte_is_given_up(
    serve: Callable[[Answer], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discovery, "_REQUEST_S", 0.4)

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        try:
            for _ in range(100):
                handler.wfile.write(b" ")
                time.sleep(0.05)
        except OSError:
            pass

    began = time.monotonic()
    with pytest.raises(requests.RequestException):
        discovery.describe(serve(drip))
    assert time.monotonic() - began < 3


def cut(handler: BaseHTTPRequestHandler) -> None:
    send(handler, b"{", **{"Content-Length": "1000"})


def stop(handler: BaseHTTPRequestHandler) -> None:
    cut(handler)
    time.sleep(1)


def damage(handler: BaseHTTPRequestHandler) -> None:
    send(handler, b"hello", **{"Content-Encoding": "gzip"})


@pytest.mark.parametrize("answer", [cut, stop, damage])
def test_an_answer_that_is_not_complete_is_given_up(
    serve: Callable[[Answer], str], monkeypatch: pytest.MonkeyPatch, answer: Answer
) -> None:
    monkeypatch.setattr(discovery, "_REQUEST_S", 0.4)
    with pytest.raises(requests.ConnectionError):
        discovery.describe(serve(answer))


def test_no_redirect_is_followed(serve: Callable[[Answer], str]) -> None:
    asked: list[str] = []
    other = serve(lambda handler: asked.append(handler.path) or send(handler, b"{}"))  # type: ignore[func-returns-value]
    issuer = serve(lambda handler: send(handler, b"", 302, Location=f"{other}/elsewhere"))
    with pytest.raises(requests.TooManyRedirects):
        discovery.describe(issuer)
    assert asked == []


@pytest.mark.parametrize(
    ("changed", "about"),
    [
        ({"issuer": "https://evil.example"}, "another one"),
        ({"issuer": None}, "another one"),
        ({"token_endpoint": "ftp://id.example/token"}, "token_endpoint"),
        ({"jwks_uri": "http://id.example/keys"}, "jwks_uri"),
        ({"authorization_endpoint": None}, "authorization_endpoint"),
        ({"authorization_endpoint": "https:///nowhere"}, "authorization_endpoint"),
    ],
)
def test_a_configuration_of_another_issuer_or_without_tls_is_refused(changed: dict[str, object], about: str) -> None:
    good = {
        "issuer": "https://id.example",
        "authorization_endpoint": "https://id.example/auth",
        "token_endpoint": "https://id.example/token",
        "jwks_uri": "https://keys.example/keys",
    }
    discovery.check("https://id.example", json.loads(json.dumps(good)))
    with pytest.raises(ValueError, match=about):
        discovery.check("https://id.example", {**good, **changed})
