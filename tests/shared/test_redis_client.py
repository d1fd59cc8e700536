"""Whether the broker answers, and that nobody waits for it."""

import threading
import time

import pytest
import redis

from shared import redis_client


def test_a_broker_that_answers_is_ok() -> None:
    assert redis_client.State(lambda: True)() == "ok"


@pytest.mark.parametrize("error", [redis.ConnectionError("away"), redis.TimeoutError("slow"), OSError("no such name")])
def test_a_broker_that_cannot_be_asked_is_unreachable(error: Exception) -> None:
    def ping() -> None:
        raise error

    assert redis_client.State(ping)() == "unreachable"


def test_a_broker_that_hangs_is_unreachable_in_time_and_asked_once() -> None:
    go_on = threading.Event()
    asked = []

    def ping() -> None:
        asked.append(True)
        go_on.wait(10)

    state = redis_client.State(ping)
    for _ in range(3):
        began_at = time.perf_counter()
        assert state() == "unreachable"
        assert 0.15 < time.perf_counter() - began_at < 0.3
    assert len(asked) == 1, "at most one question is under way"
    go_on.set()


def test_a_broker_that_comes_back_is_ok_again() -> None:
    go_on = threading.Event()
    state = redis_client.State(lambda: go_on.wait(10), within_s=0.02)
    assert state() == "unreachable"
    go_on.set()
    assert redis_client.State(lambda: True)() == "ok"
    deadline = time.monotonic() + 5
    while state() != "ok":
        assert time.monotonic() < deadline


def test_a_real_redis_is_ok_and_one_that_refuses_is_not(redis_url: str) -> None:
    client = redis_client.make(redis_url)
    assert redis_client.State(client.ping)() == "ok"
    client.close()
    refusing = redis_client.make("redis://127.0.0.1:1/0")
    assert redis_client.State(refusing.ping)() == "unreachable"
    refusing.close()
