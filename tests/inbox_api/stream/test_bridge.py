"""Flask served from an event loop: what a WSGI application sees and says, who waits for whom, and who is let through to a stream."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import flask
import prometheus_client
import pytest
from sqlalchemy import Engine

from services.inbox_api.stream import bridge, streams
from tests import factories
from tests.inbox_api.hub import Hub
from tests.shared.http import frame

Answer = tuple[int, dict[str, str], bytes]


def make_live(engine: Engine, *, limit: int = 100) -> streams.Streams:
    return streams.Streams(engine, limit=limit, redis_url=None, registry=prometheus_client.CollectorRegistry())


def make_scope(method: str, target: str, headers: dict[str, str]) -> dict[str, Any]:
    path, _, query = target.partition("?")
    return {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode("latin-1"),
        "http_version": "1.1",
        "scheme": "http",
        "server": ("127.0.0.1", 8002),
        "client": ("192.0.2.1", 50_000),
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()],
    }


async def call(
    served: bridge.Bridge,
    target: str,
    *,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    pieces: Iterable[bytes] = (),
) -> Answer:
    waiting = list(pieces)
    said: list[Any] = []

    async def receive() -> dict[str, Any]:
        body = waiting.pop(0) if waiting else b""
        return {"type": "http.request", "body": body, "more_body": bool(waiting)}

    async def send(message: Any) -> None:
        said.append(message)

    await served(make_scope(method, target, headers or {}), receive, send)
    assert [message["type"] for message in said] == ["http.response.start", "http.response.body"]
    assert not said[1].get("more_body")
    found = {name.decode(): value.decode("latin-1") for name, value in said[0]["headers"]}
    return said[0]["status"], found, said[1]["body"]


def serve(app: Callable[..., Any], engine: Engine, *, threads: int = 4) -> bridge.Bridge:
    return bridge.Bridge(app, make_live(engine), threads=threads)


@pytest.fixture
def mirror(hub: Hub) -> bridge.Bridge:
    """Answers with what it was asked."""
    app = flask.Flask("mirror")
    app.config["MAX_CONTENT_LENGTH"] = bridge.parsing.MAX_BODY_BYTES + 1

    @app.route("/", defaults={"path": ""}, methods=["GET", "POST", "DELETE"])
    @app.route("/<path:path>", methods=["GET", "POST", "DELETE"])
    def show(path: str) -> Any:
        request = flask.request
        return {
            "path": request.path,
            "args": request.args.to_dict(flat=False),
            "headers": dict(request.headers),
            "body": request.get_data(as_text=True),
            "from": request.remote_addr,
            "url": request.url,
        }

    return serve(app, hub.inbox)


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/v1/x", "/v1/x"),
        ("/caf%C3%A9/%F0%9F%95%98", "/café/🕘"),
        ("/a%2Fb%25", "/a/b%"),
        ("/%FF%00", "/�\x00"),
    ],
)
def test_paths_are_read_as_a_wsgi_server_reads_them(mirror: bridge.Bridge, target: str, path: str) -> None:
    status, _, body = asyncio.run(call(mirror, target))
    assert (status, json.loads(body)["path"]) == (200, path)


def test_query_headers_and_addresses_arrive(mirror: bridge.Bridge) -> None:
    headers = {"Host": "hub.example:8002", "X-Some-Thing": "ü", "Content-Type": "text/plain"}
    _, _, body = asyncio.run(call(mirror, "/x?a=1&a=2&b=%C3%BC", headers=headers))
    found = json.loads(body)
    assert found["args"]["a"] == ["1", "2"]
    assert found["args"]["b"] == ["ü"]
    assert found["headers"]["X-Some-Thing"] == "ü"
    assert found["headers"]["Content-Type"] == "text/plain"
    assert found["from"] == "192.0.2.1"
    assert found["url"].startswith("http://hub.example:8002/x?a=1")


def test_a_header_that_comes_twice_arrives_as_one(hub: Hub, mirror: bridge.Bridge) -> None:
    scope = make_scope("GET", "/", {"Host": "x", "Accept": "a"})
    scope["headers"].append((b"accept", b"b"))
    environ = bridge._environ(scope)
    assert environ["HTTP_ACCEPT"] == "a,b"


@pytest.mark.parametrize(
    "headers", [{"Content-Length": "10"}, {"Transfer-Encoding": "chunked"}], ids=["length", "chunks"]
)
def test_a_body_arrives_in_one_piece(mirror: bridge.Bridge, headers: dict[str, str]) -> None:
    for method in ("POST", "DELETE"):
        _, _, body = asyncio.run(call(mirror, "/", method=method, headers=headers, pieces=[b"01234", b"", b"56789"]))
        assert json.loads(body)["body"] == "0123456789"


@pytest.mark.parametrize("chunked", [False, True])
def test_of_a_body_that_is_too_large_no_more_is_kept_than_shows_it(mirror: bridge.Bridge, chunked: bool) -> None:
    pieces = [b"x" * 10_000] * 1_000
    headers = {"Transfer-Encoding": "chunked"} if chunked else {"Content-Length": "10000000"}

    async def scene() -> int:
        taken = 0

        async def receive() -> dict[str, Any]:
            nonlocal taken
            taken += 1
            return {"type": "http.request", "body": pieces[taken], "more_body": True}

        said: list[Any] = []

        async def send(message: Any) -> None:
            said.append(message)

        await mirror(make_scope("POST", "/", headers), receive, send)
        if chunked:  # how large it is shows only in what there is of it: shared.http.parsing looks at that
            assert len(json.loads(said[1]["body"])["body"]) == bridge.parsing.MAX_BODY_BYTES + 1
        else:
            assert said[0]["status"] == 413
        return taken

    assert asyncio.run(scene()) < 10


def test_when_threads_are_busy_and_many_wait_the_next_is_refused_at_once_and_watchers_are_answered(
    hub: Hub, user: factories.User, platform: factories.Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bridge, "_WAITING", 3)
    go_on, begun = threading.Event(), threading.Semaphore(0)

    def work() -> dict[str, str]:
        begun.release()
        go_on.wait(10)
        return {}

    served = serve(frame.make_app(hub.inbox, places=9, work=work), hub.inbox, threads=2)
    headers = factories.bearer(user, platform)

    async def scene() -> None:
        held = [asyncio.create_task(call(served, "/work", headers=headers)) for _ in range(5)]
        for _ in range(2):
            await asyncio.to_thread(begun.acquire)
        began_at = time.perf_counter()
        status, found, body = await call(served, "/work", headers=headers)
        assert time.perf_counter() - began_at < 0.1
        assert (status, json.loads(body)["code"]) == (503, "unavailable")
        assert (found["retry-after"], found["content-type"]) == ("1", "application/problem+json")
        for path in ("/healthz", "/metrics", "/readyz"):
            assert (await call(served, path))[0] == 200
        go_on.set()
        assert [answer[0] for answer in await asyncio.gather(*held)] == [200] * 5
        assert (await call(served, "/work", headers=headers))[0] == 200

    asyncio.run(scene())


def test_an_application_that_fails_does_not_hold_its_place(hub: Hub) -> None:
    def app(_environ: object, _start: object) -> list[bytes]:
        raise RuntimeError("a bug")

    served = serve(app, hub.inbox)

    async def scene() -> None:
        for _ in range(3):
            with pytest.raises(RuntimeError):
                await call(served, "/")

    asyncio.run(scene())
    assert served._inside == 0


def test_what_an_application_hands_out_is_closed(hub: Hub) -> None:
    closed = []

    class Pieces(list[bytes]):
        def close(self) -> None:
            closed.append(True)

    def app(_environ: object, start: Callable[..., Any]) -> list[bytes]:
        start("200 OK", [("Content-Type", "text/plain")])
        return Pieces([b"a", b"b"])

    assert asyncio.run(call(serve(app, hub.inbox), "/"))[2] == b"ab"
    assert closed == [True]
