"""Whether Redis takes writes, as the monitor says it without anybody waiting."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest
import redis
import sqlalchemy
import structlog

from drills.proxy import Proxy
from shared import redis_client
from tests.waiting import wait_until


@pytest.fixture
def proxy(redis_url: str) -> Iterator[Proxy]:
    with Proxy(int(sqlalchemy.make_url(redis_url).port or 0)) as made:
        yield made


def through(proxy: Proxy, redis_url: str) -> str:
    return sqlalchemy.make_url(redis_url).set(port=proxy.port).render_as_string(hide_password=False)


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_client, "_CHECK_EVERY_S", 0.05)


def test_a_redis_that_takes_writes_is_ok(redis_url: str) -> None:
    monitor = redis_client.Monitor(redis_url)
    wait_until(lambda: monitor.state() == "ok")
    assert monitor.is_ok


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0", "redis://no-such-host.invalid/0"])
def test_a_redis_that_cannot_be_reached_is_unreachable_from_the_beginning(url: str) -> None:
    monitor = redis_client.Monitor(url)
    assert monitor.state() == "unreachable"
    monitor.check()
    assert monitor.state() == "unreachable"


def test_a_redis_that_hangs_is_unreachable_nobody_waits_and_it_is_ok_again(proxy: Proxy, redis_url: str) -> None:
    monitor = redis_client.Monitor(through(proxy, redis_url))
    wait_until(lambda: monitor.is_ok)
    proxy.hold()
    wait_until(lambda: monitor.state() == "unreachable")
    began_at = time.perf_counter()
    assert {monitor.state() for _ in range(100)} == {"unreachable"}
    assert time.perf_counter() - began_at < 0.1
    proxy.release()
    wait_until(lambda: monitor.is_ok)


def test_a_check_that_never_ends_is_unreachable(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()
    monitor = redis_client.Monitor(redis_url)
    wait_until(lambda: monitor.is_ok)
    monkeypatch.setattr(redis_client, "write_state", lambda _client: go_on.wait(20) and "ok")
    monkeypatch.setattr(redis_client, "_STALE_AFTER_S", 0.1)
    wait_until(lambda: monitor.state() == "unreachable")
    go_on.set()


def read_only(client: redis.Redis) -> Callable[[], object]:
    client.replicaof("127.0.0.1", 1)
    return lambda: client.replicaof("NO", "ONE")


def out_of_memory(client: redis.Redis) -> Callable[[], object]:
    client.config_set("maxmemory", "1")
    return lambda: client.config_set("maxmemory", "0")


def too_few_replicas(client: redis.Redis) -> Callable[[], object]:
    client.config_set("min-replicas-to-write", "1")
    return lambda: client.config_set("min-replicas-to-write", "0")


@pytest.mark.parametrize(
    ("refuse", "state"), [(read_only, "READONLY"), (out_of_memory, "OOM"), (too_few_replicas, "NOREPLICAS")]
)
def test_a_redis_that_answers_and_refuses_writes_is_named_by_its_reason(
    redis_url: str, refuse: Callable[[redis.Redis], Callable[[], object]], state: str
) -> None:
    monitor = redis_client.Monitor(redis_url)
    wait_until(lambda: monitor.is_ok)
    with redis.Redis.from_url(redis_url) as client:
        mend = refuse(client)
        try:
            wait_until(lambda: monitor.state() == state)
            assert not monitor.is_ok
        finally:
            mend()
    wait_until(lambda: monitor.is_ok)


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (redis.ConnectionError("away"), "unreachable"),
        (redis.TimeoutError("slow"), "unreachable"),
        (OSError("no such name"), "unreachable"),
        (redis.ResponseError("MISCONF Redis is configured to save RDB snapshots"), "MISCONF"),
        (redis.ResponseError("Error running script: -OOM command not allowed"), "OOM"),
        (redis.AuthenticationError("invalid username-password pair"), "NOAUTH"),
        (redis.ResponseError("WRONGTYPE Operation against a key"), "refuses"),
    ],
    ids=repr,
)
def test_what_a_write_ends_in_is_the_state_until_the_next_check(
    redis_url: str, monkeypatch: pytest.MonkeyPatch, error: Exception, state: str
) -> None:
    def refuse(*_arguments: object, **_options: object) -> None:
        raise error

    monkeypatch.setattr(redis_client, "_CHECK_EVERY_S", 60)
    monitor = redis_client.Monitor(redis_url)
    wait_until(lambda: monitor.is_ok)
    with monkeypatch.context() as patched:
        patched.setattr(redis.Redis, "set", refuse)
        monitor.check()
    assert monitor.state() == state
    assert state in redis_client.STATES
    monitor.check()
    assert monitor.is_ok


def test_each_change_of_the_state_is_logged_once(proxy: Proxy, redis_url: str) -> None:
    with structlog.testing.capture_logs() as logged:
        monitor = redis_client.Monitor(through(proxy, redis_url))
        wait_until(lambda: monitor.is_ok)
        proxy.hold()
        wait_until(lambda: not monitor.is_ok)
        for _ in range(2):
            monitor.check()
        proxy.release()
        wait_until(lambda: monitor.is_ok)
    states = [(line["log_level"], line["state"]) for line in logged if line.get("redis") == f"127.0.0.1:{proxy.port}"]
    assert states == [("info", "ok"), ("warning", "unreachable"), ("info", "ok")]


def test_a_client_tries_once() -> None:
    with redis_client.make("redis://127.0.0.1:1/0") as client:
        began_at = time.perf_counter()
        with pytest.raises(redis.ConnectionError):
            client.ping()
        assert time.perf_counter() - began_at < 0.2
