"""Whether Redis answers, that nobody waits for it, and that nobody asks one that is away."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest
import redis
import structlog

from shared import breaker, redis_client


class Server:
    """Answers a ping, refuses, or hangs."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.go_on = threading.Event()
        self.go_on.set()
        self.asked = 0

    def ping(self) -> None:
        self.asked += 1
        self.go_on.wait(10)
        if self.error is not None:
            raise self.error


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.error = None
    made.go_on.set()


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breaker, "_AGAIN_AFTER_S", 0.05)


def wait_until(is_so: Callable[[], object]) -> None:
    deadline = time.monotonic() + 5
    while not is_so():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.002)


def away() -> None:
    raise redis.ConnectionError("away")


def test_a_broker_that_answers_is_ok(server: Server) -> None:
    assert breaker.Breaker(server.ping).state() == "ok"


@pytest.mark.parametrize("error", [redis.ConnectionError("away"), redis.TimeoutError("slow"), OSError("no such name")])
def test_a_broker_that_cannot_be_asked_is_unreachable_and_back_by_itself(server: Server, error: Exception) -> None:
    server.error = error
    one = breaker.Breaker(server.ping)
    assert one.state() == "unreachable"
    server.error = None
    wait_until(lambda: one.is_closed)
    assert one.state() == "ok"


def test_a_broker_that_hangs_is_unreachable_in_time_and_then_at_once(server: Server) -> None:
    server.go_on.clear()
    one = breaker.Breaker(server.ping)
    began_at = time.perf_counter()
    assert one.state() == "unreachable"
    assert 0.15 < time.perf_counter() - began_at < 0.4
    began_at = time.perf_counter()
    assert {one.state() for _ in range(100)} == {"unreachable"}
    assert time.perf_counter() - began_at < 0.1
    assert server.asked <= 2, "the question of whoever asked, and that of the breaker"
    server.go_on.set()
    wait_until(lambda: one.is_closed)


def test_what_is_called_answers_or_raises_as_it_does(server: Server) -> None:
    one = breaker.Breaker(server.ping)
    assert one.call(lambda: 7, within_s=5) == 7
    with pytest.raises(redis.ResponseError):
        one.call(lambda: (_ for _ in ()).throw(redis.ResponseError("OOM")), within_s=5)
    assert one.is_closed, "a Redis that refuses a command is there"


def test_a_call_that_hangs_costs_its_time_once(server: Server) -> None:
    server.go_on.clear()
    one = breaker.Breaker(server.ping)
    began_at = time.perf_counter()
    with pytest.raises(breaker.OpenError):
        one.call(server.ping, within_s=0.05)
    assert 0.04 < time.perf_counter() - began_at < 0.3
    began_at = time.perf_counter()
    for _ in range(100):
        with pytest.raises(breaker.OpenError):
            one.call(server.ping, within_s=0.05)
    assert time.perf_counter() - began_at < 0.1
    server.go_on.set()
    wait_until(lambda: one.is_closed)
    assert one.call(lambda: 7, within_s=5) == 7


@pytest.mark.parametrize("use", ["call", "guard", "failed"])
def test_whoever_meets_redis_away_speaks_for_all(server: Server, use: str) -> None:
    server.error = OSError("away")
    one = breaker.Breaker(server.ping)
    if use == "failed":
        one.failed(OSError("away"))
    elif use == "call":
        with pytest.raises(breaker.OpenError):
            one.call(away, within_s=5)
    else:
        with pytest.raises(redis.ConnectionError):
            one.guard(away)
    asked: list[bool] = []
    with pytest.raises(breaker.OpenError):
        one.guard(lambda: asked.append(True))
    assert not asked
    assert not one.wait(0.01)
    assert one.state() == "unreachable"


def test_what_failed_late_says_nothing_of_a_redis_that_is_back(server: Server) -> None:
    one = breaker.Breaker(server.ping)
    before = time.monotonic()
    one.failed(OSError("away"))
    assert one.wait(5)
    one.failed(OSError("away"), began_at=before)
    assert one.is_closed


def test_it_says_once_that_redis_is_away_and_once_that_it_is_back(server: Server) -> None:
    one = breaker.Breaker(server.ping)
    server.error = OSError("away")
    with structlog.testing.capture_logs() as logged:
        for _ in range(20):
            one.failed(OSError("away"))
        assert not one.is_closed
        wait_until(lambda: server.asked > 3)
        server.error = None
        assert one.wait(5)
        wait_until(lambda: len(logged) == 2)
    assert [line["log_level"] for line in logged] == ["warning", "info"]


def test_a_real_redis_is_ok_and_one_that_refuses_is_not(redis_url: str) -> None:
    client = redis_client.make(redis_url)
    assert breaker.Breaker(client.ping).state() == "ok"
    client.close()
    refusing = redis_client.make("redis://127.0.0.1:1/0")
    began_at = time.perf_counter()
    with pytest.raises(redis.ConnectionError):
        refusing.ping()
    assert time.perf_counter() - began_at < 0.2, "nothing is tried again"
    refusing.close()
