import contextlib
import http.server
import threading
import time
from collections.abc import Iterator

import pytest

from benchmarks import open_loop, wrk

_PAUSE_S = 0.05


class _Slow(http.server.BaseHTTPRequestHandler):
    """Answers /healthz at once and everything else after a moment, in two pieces."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/leave":
            self.close_connection = True
            return
        if self.path != "/healthz":
            time.sleep(_PAUSE_S)
        self.send_response(200 if self.path == "/healthz" else 503)
        self.send_header("Content-Length", "7")
        self.end_headers()
        self.wfile.write(b"no ")
        self.wfile.flush()
        self.wfile.write(b"room")

    def log_message(self, *_: object) -> None:
        pass


class _Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128

    def handle_error(self, *_: object) -> None:
        """A client that has gone is none."""


@contextlib.contextmanager
def serving() -> Iterator[str]:
    with _Server(("127.0.0.1", 0), _Slow) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def load(url: str, path: str) -> wrk.Load:
    return wrk.Load(path, url, [wrk.request("GET", path, {})])


def test_requests_come_at_their_rate_however_slow_the_answers_are() -> None:
    with serving() as url:
        offered = open_loop.offer(load(url, "/slow"), connections=50, per_second=200, seconds=0.5)
    assert 60 <= len(offered.answers) + offered.unsent <= 140
    assert len(offered.answers) >= 50, "one connection after the other would have had ten answers"
    assert {(one.status, one.body) for one in offered.answers} == {(503, b"no room")}
    assert min(one.seconds for one in offered.answers) >= _PAUSE_S
    assert 2 <= len(offered.health) <= 11
    assert {one.status for one in offered.health} == {200}


def test_what_finds_no_connection_free_is_counted_and_not_sent() -> None:
    with serving() as url:
        offered = open_loop.offer(load(url, "/slow"), connections=1, per_second=200, seconds=0.5)
    assert 1 <= len(offered.answers) <= 10
    assert offered.unsent >= 40


def test_a_server_that_hangs_up_fails_the_measurement() -> None:
    with serving() as url, pytest.raises(ConnectionError):
        open_loop.offer(load(url, "/leave"), connections=4, per_second=100, seconds=0.5)
