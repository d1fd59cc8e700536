"""More than the hub can serve, clients that send or read nothing, and senders that send too much: against the real servers."""

import contextlib
import socket
import statistics
import time
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

import httpx
import pytest
import sqlalchemy

from drills.hub import REDIS
from tests import factories
from tests.flow.conftest import Tree
from tests.flow.hub import Hub, wait_until

CONNECTIONS = 256
# Where each API asks PostgreSQL before it answers, and where it takes a body.
PATHS = {"compose": ("/v1/audiences", "/v1/messages"), "inbox": ("/v1/notifications/counts", "/v1/notifications/seen")}


@pytest.fixture(params=PATHS)
def api(request: pytest.FixtureRequest, hub: Hub) -> tuple[str, str, str]:
    """Its address and the two paths."""
    name: str = request.param
    return (hub.apis.compose_url if name == "compose" else hub.apis.inbox_url, *PATHS[name])


@contextlib.contextmanager
def places_held(hub: Hub) -> Iterator[None]:
    """Nobody can be found in the directory, so that whoever gets a place keeps it (for the 2 s of a lock at most)."""
    with hub.engine.connect() as connection, connection.begin():
        connection.execute(sqlalchemy.text("LOCK TABLE users IN ACCESS EXCLUSIVE MODE"))
        yield


@contextlib.contextmanager
def open_connections(url: str, count: int, first: bytes) -> Iterator[list[socket.socket]]:
    parts = urlsplit(url)
    with contextlib.ExitStack() as stack:
        made = []
        for _ in range(count):
            one = stack.enter_context(socket.create_connection((parts.hostname, parts.port or 0), timeout=10))
            one.sendall(first)
            made.append(one)
        yield made


def head(method: str, path: str, headers: Mapping[str, str]) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: hub", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def test_when_every_place_is_held_the_rest_is_refused_soon_health_answers_and_it_is_over_at_once(
    hub: Hub, tree: Tree, api: tuple[str, str, str]
) -> None:
    url, path, _ = api
    headers = factories.bearer(tree.administrator, tree.platform)
    asked = head("GET", path, headers)

    def ask(what: str) -> tuple[float, httpx.Response]:
        began_at = time.perf_counter()
        answer = hub.http.get(f"{url}{what}", headers=headers)
        return time.perf_counter() - began_at, answer

    with places_held(hub), open_connections(url, CONNECTIONS, asked) as rush:
        # All but those who have a place hear of it soon: 8 of 256 are held.
        heard = [one.recv(20) for one in rush[64:]]
        assert set(heard) <= {b"HTTP/1.1 503 Service"}
        refusals = [ask(path) for _ in range(30)]
        alive = [ask("/healthz") for _ in range(30)]
    assert {answer.status_code for _, answer in refusals} == {503}
    assert {(answer.headers["Retry-After"], answer.json()["code"]) for _, answer in refusals} == {("1", "unavailable")}
    assert {answer.status_code for _, answer in alive} == {200}
    for took in (refusals, alive):
        assert statistics.median(seconds for seconds, _ in took) < 0.05
    wait_until(lambda: ask(path)[1].status_code == 200, what="it serves again", seconds=5)


@pytest.mark.parametrize("what", ["nothing", "half a head", "half a body", "one chunk"])
def test_clients_that_send_slowly_or_not_at_all_keep_nobody_out(
    hub: Hub, tree: Tree, api: tuple[str, str, str], what: str
) -> None:
    url, path, taking = api
    headers = factories.bearer(tree.administrator, tree.platform)
    posted = {**headers, "Content-Type": "application/json"}
    begun = {
        "nothing": b"",
        "half a head": head("GET", path, headers)[:-2],
        "half a body": head("POST", taking, {**posted, "Content-Length": "100"}) + b"{",
        "one chunk": head("POST", taking, {**posted, "Transfer-Encoding": "chunked"}) + b"1\r\n{\r\n",
    }[what]
    with open_connections(url, CONNECTIONS, begun):
        for wanted in (path, "/healthz", path):
            assert hub.http.get(f"{url}{wanted}", headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("what", "status"),
    [
        ("a long address", 414),
        ("a large head", 431),
        ("many fields", 431),
        ("a large body", 413),
        ("large chunks", 413),
        ("broken chunks", 400),
        ("crumbs", 400),
    ],
)
def test_what_is_too_large_or_broken_is_refused(
    hub: Hub, tree: Tree, api: tuple[str, str, str], what: str, status: int
) -> None:
    url, path, taking = api
    headers = factories.bearer(tree.administrator, tree.platform)
    posted = {**headers, "Content-Type": "application/json"}
    sent = {
        "a long address": head("GET", f"{path}?{'x' * 70_000}", headers),
        "a large head": head("GET", path, {**headers, "X-Large": "x" * 600_000}),
        "many fields": head("GET", path, {**headers, **{f"X-{number}": "x" for number in range(120)}}),
        "a large body": head("POST", taking, {**posted, "Content-Length": "70000"}) + b" " * 70_000,
        "large chunks": head("POST", taking, {**posted, "Transfer-Encoding": "chunked"})
        + (b"4000\r\n" + b" " * 0x4000 + b"\r\n") * 5
        + b"0\r\n\r\n",
        "broken chunks": head("POST", taking, {**posted, "Transfer-Encoding": "chunked"}) + b"2\r\n{}\r\nnone\r\n",
        "crumbs": head("POST", taking, {**posted, "Transfer-Encoding": "chunked"})
        + b"1\r\n \r\n" * 10_000
        + b"0\r\n\r\n",
    }[what]
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port or 0), timeout=10) as one:
        with contextlib.suppress(ConnectionError):  # it need not read all of it
            one.sendall(sent)
        assert one.recv(12) == f"HTTP/1.1 {status}".encode()
    assert hub.http.get(f"{url}{path}", headers=headers).status_code == 200


def test_whoever_sends_too_much_is_told_when_to_come_back_whatever_redis_does(hub: Hub, tree: Tree) -> None:
    def post() -> tuple[float, httpx.Response]:
        began_at = time.perf_counter()
        answer = hub.http.post(
            f"{hub.apis.compose_url}/v1/messages",
            json={"title": "Notice", "body": "Again and again", "audience": {"everyone": True}},
            headers=factories.bearer(tree.administrator, tree.platform),
        )
        return time.perf_counter() - began_at, answer

    def metric(name: str) -> float:
        lines = hub.http.get(f"{hub.apis.compose_url}/metrics").text.splitlines()
        (value,) = [line.rpartition(" ")[2] for line in lines if line.startswith(f"{name} ")]
        return float(value)

    with hub.another_compose_api(compose_rate_limit="5 per hour"):
        assert [post()[1].status_code for _ in range(6)] == [202] * 5 + [429]
        refused = post()[1]
        assert refused.json()["code"] == "rate-limited"
        assert 1 <= int(refused.headers["Retry-After"]) <= 3600
        assert metric('message_hub_broker_state{state="ok"}') == 1
        with hub.paused(REDIS):
            posts = [post() for _ in range(7)]
            assert [answer.status_code for _, answer in posts] == [202] * 5 + [429] * 2, "counted by this process alone"
            assert max(took for took, _ in posts) < 0.3
            assert metric('message_hub_broker_state{state="ok"}') == 0
            assert metric("message_hub_rate_limit_fallbacks_total") == 7
        wait_until(lambda: metric('message_hub_broker_state{state="ok"}') == 1, what="redis is found again")
        assert post()[1].status_code == 429, "by what Redis has counted"
        assert metric("message_hub_rate_limit_fallbacks_total") == 7
