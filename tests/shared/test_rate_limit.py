"""How many requests one user may make, counted by a real Redis, and by the process alone where there is none."""

import threading
import time
from collections.abc import Iterator

import prometheus_client
import pytest
import redis
import sqlalchemy

from drills.proxy import Proxy
from shared import errors, rate_limit, redis_client
from shared.auth.store import Caller
from tests.waiting import wait_until

AWAY = "redis://127.0.0.1:1/0"


def sender(user_id: int = 1, platform_id: int = 7) -> Caller:
    return Caller(
        user_id=user_id,
        external_id="anybody",
        name="Anybody",
        status="active",
        platform_id=platform_id,
        plan="enterprise",
        issuer=None,
        jwks_url=None,
        is_administrator=True,
    )


def make(url: str, limit: str = "3 per hour", name: str = "test") -> rate_limit.Limiter:
    monitor = redis_client.Monitor(url)
    if url != AWAY:
        wait_until(lambda: monitor.is_ok)
    return rate_limit.Limiter(limit, name=name, url=url, monitor=monitor)


def allowed(limiter: rate_limit.Limiter, who: Caller, times: int, action: str = "send") -> list[bool]:
    return [limiter.hit(who, action).retry_after_s is None for _ in range(times)]


def fallbacks(limiter: rate_limit.Limiter) -> float | None:
    registry = prometheus_client.CollectorRegistry()
    limiter.register(registry)
    return registry.get_sample_value("message_hub_rate_limit_fallbacks_total")


@pytest.fixture
def proxy(redis_url: str) -> Iterator[Proxy]:
    with Proxy(int(sqlalchemy.make_url(redis_url).port or 0)) as made:
        yield made


def test_so_many_are_allowed_and_then_it_says_when_the_next_will_be(redis_url: str) -> None:
    limiter = make(redis_url)
    assert allowed(limiter, sender(), 5) == [True] * 3 + [False] * 2
    verdict = limiter.hit(sender(), "send")
    assert verdict.retry_after_s is not None
    assert 1 <= verdict.retry_after_s <= 3600
    with pytest.raises(errors.HubError) as refused:
        verdict.check()
    assert (refused.value.code, refused.value.status) == ("rate-limited", 429)
    assert refused.value.headers["Retry-After"] == str(verdict.retry_after_s)


def test_each_user_of_each_platform_is_counted_alone_and_all_processes_count_together(redis_url: str) -> None:
    here, there = make(redis_url), make(redis_url)
    assert allowed(here, sender(1), 2) + allowed(there, sender(1), 2) == [True, True, True, False]
    assert allowed(there, sender(2), 3) == [True] * 3
    assert allowed(there, sender(1, platform_id=8), 3) == [True] * 3


def test_each_action_and_each_api_is_counted_alone(redis_url: str) -> None:
    limiter, another = make(redis_url), make(redis_url, name="another")
    assert allowed(limiter, sender(), 4) == [True] * 3 + [False]
    assert allowed(limiter, sender(), 3, "recall") == [True] * 3, "who sent too much can recall it"
    assert allowed(another, sender(), 3) == [True] * 3


def test_it_becomes_possible_again(redis_url: str) -> None:
    limiter = make(redis_url, "2 per second")
    assert allowed(limiter, sender(), 3)[0]
    wait_until(lambda: limiter.hit(sender(), "send").retry_after_s is None)


def test_a_hit_is_one_trip_to_redis(redis_url: str) -> None:
    limiter = make(redis_url)
    limiter.hit(sender(), "send")
    with redis.Redis.from_url(redis_url) as client:
        client.config_resetstat()
        limiter.hit(sender(), "send")
        counted = {name: found["calls"] for name, found in client.info("commandstats").items()}
    assert counted["cmdstat_evalsha"] == 1


@pytest.mark.parametrize("limit", ["", " "])
def test_an_empty_limit_is_none_and_asks_nobody(limit: str) -> None:
    limiter = make(AWAY, limit)
    assert all(allowed(limiter, sender(), 100))
    assert fallbacks(limiter) == 0


def test_without_an_address_a_process_counts_by_itself_and_that_is_no_fallback() -> None:
    limiter = rate_limit.Limiter("3 per hour", name="test")
    assert allowed(limiter, sender(), 4) == [True] * 3 + [False]
    assert fallbacks(limiter) == 0


def test_without_redis_a_process_counts_by_itself_and_says_so() -> None:
    limiter, registry = make(AWAY), prometheus_client.CollectorRegistry()
    assert allowed(limiter, sender(), 4) == [True] * 3 + [False]
    assert fallbacks(limiter) == 4
    limiter.register(registry)
    assert registry.get_sample_value("message_hub_rate_limited_requests_total") == 1


def test_a_redis_that_hangs_costs_a_tenth_of_a_second_once(proxy: Proxy, redis_url: str) -> None:
    url = sqlalchemy.make_url(redis_url).set(port=proxy.port).render_as_string(hide_password=False)
    limiter = make(url)
    proxy.hold()
    began_at = time.perf_counter()
    assert allowed(limiter, sender(), 4) == [True] * 3 + [False]
    assert time.perf_counter() - began_at < 0.3
    proxy.release()
    before = fallbacks(limiter)

    def is_counted_by_redis() -> bool:
        limiter.hit(sender(2), "send")
        return fallbacks(limiter) == before

    wait_until(lambda: limiter._monitor.is_ok)
    assert is_counted_by_redis()
    with redis.Redis.from_url(redis_url) as client:
        assert client.keys("LIMITS:message_hub:rate:test*") or client.keys("message_hub:rate:test*")


def test_many_at_once_wait_for_a_redis_that_hangs_once_and_together(proxy: Proxy, redis_url: str) -> None:
    url = sqlalchemy.make_url(redis_url).set(port=proxy.port).render_as_string(hide_password=False)
    limiter = make(url, "1000 per hour")
    proxy.hold()
    took: list[float] = []

    def hit() -> None:
        began_at = time.perf_counter()
        for _ in range(20):
            limiter.hit(sender(), "send")
        took.append(time.perf_counter() - began_at)

    threads = [threading.Thread(target=hit) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(took) < 0.3


def test_a_redis_that_takes_no_writes_counts_nothing_and_is_not_called_unreachable(redis_url: str) -> None:
    limiter = make(redis_url)
    with redis.Redis.from_url(redis_url) as client:
        client.config_set("maxmemory", "1")
        try:
            assert allowed(limiter, sender(), 4) == [True] * 3 + [False]
            assert limiter._monitor.state() == "OOM"
        finally:
            client.config_set("maxmemory", "0")


@pytest.mark.parametrize("limit", ["many", "0 per minute", "3000", "3 per minute; 5 per hour", "-1 per minute"])
def test_what_is_no_limit_is_refused(limit: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (its words are the setting's)
        rate_limit.parse(limit)
