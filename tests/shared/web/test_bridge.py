"""Flask served from an event loop: what a WSGI application sees and says, who waits for whom, and who is let through to a stream."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

import flask
import prometheus_client
import pytest
import structlog
from sqlalchemy import Engine

from shared.web import bridge, refusals
from tests.shared.web import frame
from tests.shared.web.frame import Work

Answer = tuple[int, dict[str, str], bytes]


ORIGIN = "https://portal.example.org"


def make_scope(method: str, target: str, headers: Mapping[str, str]) -> dict[str, Any]:
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
    headers: Mapping[str, str] | None = None,
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
    start, *sent = said
    assert [message["type"] for message in said] == ["http.response.start"] + ["http.response.body"] * len(sent)
    assert [bool(message.get("more_body")) for message in sent] == [True] * (len(sent) - 1) + [False]
    assert all(len(message["body"]) <= bridge.PIECE_BYTES for message in sent)
    found = {name.decode(): value.decode("latin-1") for name, value in start["headers"]}
    return start["status"], found, b"".join(message["body"] for message in sent)


def serve(app: Callable[..., Any], *, places: int = 4) -> bridge.Bridge:
    registry = prometheus_client.CollectorRegistry()
    return bridge.Bridge(app, refusals.Refusals(registry, origins=(ORIGIN,)), places=places)


@pytest.fixture
def mirror() -> bridge.Bridge:
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

    return serve(app)


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


def test_a_header_that_comes_twice_arrives_as_one(mirror: bridge.Bridge) -> None:
    scope = make_scope("GET", "/", {"Host": "x", "Accept": "a"})
    scope["headers"].append((b"accept", b"b"))
    environ = bridge._environ(scope)
    assert environ["HTTP_ACCEPT"] == "a,b"


def test_a_name_with_an_underscore_does_not_speak_for_the_one_with_a_hyphen(mirror: bridge.Bridge) -> None:
    headers = {"X-Forwarded-For": "192.0.2.7", "X_Forwarded_For": "203.0.113.6", "Content_Length": "3"}
    _, _, body = asyncio.run(call(mirror, "/", headers=headers))
    found = json.loads(body)
    assert found["headers"] == {"X-Forwarded-For": "192.0.2.7"}


def test_names_of_headers_are_remembered_unless_they_are_long(mirror: bridge.Bridge) -> None:
    name = "X-" + "a" * 1_000
    before = bridge._key.cache_info().currsize
    _, _, body = asyncio.run(call(mirror, "/", headers={name: "1", f"X-{before}-new": "2"}))
    assert len(json.loads(body)["headers"]) == 2
    assert bridge._key.cache_info().currsize == before + 1


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
        if chunked:  # how large it is shows only in what there is of it: shared.web.parsing looks at that
            whole = b"".join(message["body"] for message in said[1:])
            assert len(json.loads(whole)["body"]) == bridge.parsing.MAX_BODY_BYTES + 1
        else:
            assert said[0]["status"] == 413
        return taken

    assert asyncio.run(scene()) < 10


def hold(served: bridge.Bridge, work: Work, user: Mapping[str, str], count: int) -> Awaitable[list[Any]]:
    """That many requests, each with a place; to be awaited once they may go on."""

    async def begin() -> list[Any]:
        held = [asyncio.create_task(call(served, "/v1/work", headers=user)) for _ in range(count)]
        for _ in held:
            assert await asyncio.to_thread(work.begun.acquire, timeout=5)
        return held

    return begin()


def test_when_all_places_are_held_callers_are_refused_in_time_and_everybody_else_is_answered(
    reader: Engine, user: dict[str, str], work: Work
) -> None:
    served = serve(frame.make_app(reader, places=2, work=work), places=2)

    async def scene() -> None:
        held = await hold(served, work, user, 2)
        began_at = time.perf_counter()
        first = await asyncio.gather(*(call(served, "/v1/work", headers=user) for _ in range(30)))
        assert time.perf_counter() - began_at < 1, "who waited is refused with all others, not one after the other"
        assert {status for status, _, _ in first} == {503}
        took = []
        for _ in range(50):
            began_at = time.perf_counter()
            status, _, _ = await call(served, "/v1/work", headers=user)
            took.append(time.perf_counter() - began_at)
            assert status == 503
        assert sorted(took)[25] < 0.01, "and from then on at once"
        for path in ("/healthz", "/metrics", "/readyz", "/openapi.json"):
            assert (await call(served, path))[0] == 200
        assert (await call(served, "/nowhere"))[0] == 404
        work.go_on.set()
        assert [answer[0] for answer in await asyncio.gather(*held)] == [200] * 2
        assert (await call(served, "/v1/work", headers=user))[0] == 200

    asyncio.run(scene())


def test_a_refusal_is_a_problem_like_any_other(reader: Engine, user: dict[str, str], work: Work) -> None:
    app = frame.make_app(reader, places=1, work=work, cors_origins=(ORIGIN,))
    served = serve(app, places=1)
    asked = {**user, "Origin": ORIGIN, "X-Request-ID": "given-by-the-client"}

    async def scene() -> None:
        held = await hold(served, work, user, 1)
        status, found, body = await call(served, "/v1/work", headers=asked)
        of_others = (await call(served, "/v1/work", headers={**user, "Origin": "https://elsewhere.example.org"}))[1]
        preflight = {"Origin": ORIGIN, "Access-Control-Request-Method": "GET"}
        assert (await call(served, "/v1/work", method="OPTIONS", headers=preflight))[0] == 204
        work.go_on.set()
        await asyncio.gather(*held)
        app_status, app_found, app_body = await asyncio.to_thread(app_refusal)
        assert (status, json.loads(body)) == (app_status, json.loads(app_body))
        assert found == {name.lower(): value for name, value in app_found.items()}
        assert found["x-request-id"] == asked["X-Request-ID"]
        assert (found["retry-after"], found["access-control-allow-origin"]) == ("1", ORIGIN)
        assert "access-control-allow-origin" not in of_others
        assert len(of_others["x-request-id"]) == 32

    def app_refusal() -> tuple[int, dict[str, str], bytes]:
        """What the application says by itself, where it is served without a bridge."""
        none = frame.make_app(reader, places=0, cors_origins=(ORIGIN,))
        answer = none.test_client().get("/work", headers=asked)
        return answer.status_code, dict(answer.headers), answer.data

    asyncio.run(scene())


def test_refusals_are_counted_and_make_one_line_of_the_log_a_second(
    reader: Engine, user: dict[str, str], work: Work
) -> None:
    registry = prometheus_client.CollectorRegistry()
    served = bridge.Bridge(frame.make_app(reader, work=work), refusals.Refusals(registry), places=1)

    async def scene() -> None:
        held = await hold(served, work, user, 1)
        await call(served, "/v1/work", headers=user)
        with structlog.testing.capture_logs() as logged:
            for _ in range(100):
                await call(served, "/v1/work", headers=user)
        assert len([line for line in logged if line["event"] == "requests refused"]) <= 1
        work.go_on.set()
        await asyncio.gather(*held)

    asyncio.run(scene())
    assert registry.get_sample_value("message_hub_requests_refused_total", {"reason": "busy"}) == 101


def test_a_body_that_does_not_come_takes_no_place_and_is_given_up(
    reader: Engine, user: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bridge, "BODY_WITHIN_S", 0.2)
    served = serve(frame.make_app(reader, places=1), places=1)
    said: list[Any] = []

    async def never() -> dict[str, Any]:
        await asyncio.sleep(60)
        return {}

    async def send(message: Any) -> None:
        said.append(message)

    async def scene() -> None:
        headers = {**user, "Content-Length": "10"}
        slow = [asyncio.create_task(served(make_scope("POST", "/v1/work", headers), never, send)) for _ in range(20)]
        await asyncio.sleep(0)
        assert (await call(served, "/v1/work", headers=user))[0] == 200
        await asyncio.gather(*slow)

    asyncio.run(scene())
    starts = [message for message in said if message["type"] == "http.response.start"]
    assert [start["status"] for start in starts] == [408] * 20
    assert (b"connection", b"close") in starts[0]["headers"]


@pytest.mark.parametrize(
    "end", [{"type": "http.disconnect"}, {"type": "http.request", "body": b"{", "more_body": True}]
)
def test_a_body_that_breaks_off_or_comes_in_crumbs_is_none_and_whoever_is_there_hears_so(end: dict[str, Any]) -> None:
    asked = []
    served = serve(lambda environ, _start: asked.append(environ) or [])  # type: ignore[func-returns-value]
    pieces = [{"type": "http.request", "body": b"{}", "more_body": True}]
    said: list[Any] = []

    async def receive() -> dict[str, Any]:
        return pieces.pop(0) if pieces else end

    async def send(message: Any) -> None:
        said.append(message)

    asyncio.run(served(make_scope("POST", "/v1/work", {"Content-Length": "9000"}), receive, send))
    assert asked == []
    assert said[0]["status"] == 400
    assert (b"connection", b"close") in said[0]["headers"]
    assert json.loads(said[1]["body"])["code"] == "bad-request"


def test_bodies_that_are_still_coming_take_so_much_memory_and_no_more(
    user: dict[str, str], mirror: bridge.Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bridge, "MOST_UNFINISHED_BYTES", 100_000)
    go_on = asyncio.Event()

    async def slow(body: bytes) -> int:
        said: list[Any] = []
        first = True

        async def receive() -> dict[str, Any]:
            nonlocal first
            if first:
                first = False
                return {"type": "http.request", "body": body, "more_body": True}
            await go_on.wait()
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            said.append(message)

        await mirror(make_scope("POST", "/", {"Content-Length": "60001"}), receive, send)
        return int(said[0]["status"])

    async def scene() -> None:
        held = asyncio.create_task(slow(b"x" * 60_000))
        await asyncio.sleep(0)
        assert await slow(b"x" * 60_000) == 503
        go_on.set()
        await held
        assert mirror._unfinished_bytes == 0

    asyncio.run(scene())


def test_an_application_that_fails_does_not_hold_its_place() -> None:
    def app(_environ: object, _start: object) -> list[bytes]:
        raise RuntimeError("a bug")

    served = serve(app, places=2)

    async def scene() -> None:
        for _ in range(5):
            with pytest.raises(RuntimeError):
                await call(served, "/v1/x")

    asyncio.run(scene())


def test_what_an_application_hands_out_is_closed() -> None:
    closed = []

    class Pieces(list[bytes]):
        def close(self) -> None:
            closed.append(True)

    def app(_environ: object, start: Callable[..., Any]) -> list[bytes]:
        start("200 OK", [("Content-Type", "text/plain")])
        return Pieces([b"a", b"b"])

    assert asyncio.run(call(serve(app), "/"))[2] == b"ab"
    assert closed == [True]


def large(size: int) -> Callable[..., Any]:
    def app(_environ: object, start: Callable[..., Any]) -> list[bytes]:
        start("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(size))])
        return [bytes(range(251)) * (size // 251) + b"x" * (size % 251)]

    return app


@pytest.mark.parametrize("size", [0, bridge.PIECE_BYTES, bridge.PIECE_BYTES + 1, 3 * bridge.PIECE_BYTES])
def test_a_large_answer_goes_out_in_pieces_and_arrives_whole(size: int) -> None:
    status, found, body = asyncio.run(call(serve(large(size)), "/page"))
    assert (status, found["content-length"]) == (200, str(size))
    assert body == bytes(range(251)) * (size // 251) + b"x" * (size % 251)


def test_clients_that_do_not_read_hold_so_much_memory_and_only_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bridge, "MOST_UNSENT_BYTES", 300_000)
    monkeypatch.setattr(bridge, "PIECE_WITHIN_S", 0.2)
    served = serve(large(100_000))
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])
        elif message.get("more_body"):
            await asyncio.sleep(60)

    async def scene() -> None:
        await asyncio.gather(*(served(make_scope("GET", "/page", {}), receive, send) for _ in range(5)))
        assert sorted(statuses) == [200] * 3 + [503] * 2
        assert (await call(served, "/page"))[0] == 200, "what they held is free again"

    asyncio.run(scene())
