"""How many messages somebody may send, counted by a real Redis; and what becomes of that when there is none."""

import threading
import time
from typing import Any

import prometheus_client
import pytest
import redis

from services.compose_api import rate_limit
from shared import breaker, errors
from shared.auth.store import Caller


def sender(user_id: int = 1, platform_id: int = 7) -> Caller:
    return Caller(
        user_id=user_id,
        external_id="anybody",
        name="Anybody",
        status="active",
        platform_id=platform_id,
        plan="enterprise",
        issuer=None,
        is_administrator=True,
    )


def make(url: str, limit: str = "3 per hour") -> rate_limit.Limiter:
    client = redis.Redis.from_url(url)
    return rate_limit.make(limit, url=url, redis_breaker=breaker.Breaker(client.ping))


def allowed(limiter: rate_limit.Limiter, who: Caller, times: int) -> list[bool]:
    return [limiter.hit(who).retry_after_s is None for _ in range(times)]


@pytest.fixture
def away() -> str:
    return "redis://127.0.0.1:1/0"


def test_so_many_are_allowed_and_then_it_says_when_the_next_will_be(redis_url: str) -> None:
    limiter = make(redis_url)
    assert allowed(limiter, sender(), 5) == [True] * 3 + [False] * 2
    verdict = limiter.hit(sender())
    assert verdict.retry_after_s is not None
    assert 1 <= verdict.retry_after_s <= 3600
    with pytest.raises(errors.HubError) as refused:
        verdict.check()
    assert (refused.value.code, refused.value.status) == ("rate-limited", 429)
    assert refused.value.headers["Retry-After"] == str(verdict.retry_after_s)


def test_each_sender_of_each_platform_is_counted_alone_and_all_processes_count_together(redis_url: str) -> None:
    here, there = make(redis_url), make(redis_url)
    assert allowed(here, sender(1), 2) + allowed(there, sender(1), 2) == [True, True, True, False]
    assert allowed(there, sender(2), 3) == [True] * 3
    assert allowed(there, sender(1, platform_id=8), 3) == [True] * 3


def test_it_becomes_possible_again(redis_url: str) -> None:
    limiter = make(redis_url, "2 per second")
    assert allowed(limiter, sender(), 3)[0]
    deadline = time.monotonic() + 10
    while limiter.hit(sender()).retry_after_s is not None:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_hit_is_one_trip_to_redis(redis_url: str) -> None:
    limiter = make(redis_url)
    limiter.hit(sender())
    with redis.Redis.from_url(redis_url) as client:
        before = client.info("stats")["total_commands_processed"]
        client.config_resetstat()
        limiter.hit(sender())
        counted = {name: found["calls"] for name, found in client.info("commandstats").items()}
    assert before
    assert counted["cmdstat_evalsha"] == 1


@pytest.mark.parametrize("limit", ["", " "])
def test_an_empty_limit_is_none_and_asks_nobody(limit: str, away: str) -> None:
    limiter = make(away, limit)
    assert all(allowed(limiter, sender(), 100))


def test_without_redis_a_process_counts_by_itself_and_says_so(away: str) -> None:
    limiter, registry = make(away), prometheus_client.CollectorRegistry()
    limiter.register(registry)
    assert allowed(limiter, sender(), 4) == [True] * 3 + [False]
    assert registry.get_sample_value("message_hub_rate_limit_local_total") == 4
    assert registry.get_sample_value("message_hub_rate_limited_total") == 1


def test_a_redis_that_hangs_costs_a_tenth_of_a_second_once(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breaker, "_AGAIN_AFTER_S", 0.05)
    go_on = threading.Event()
    limiter = rate_limit.make("3 per hour", url=redis_url, redis_breaker=breaker.Breaker(lambda: go_on.wait(10)))
    counted = limiter._shared.hit

    def hang(*arguments: Any) -> bool:
        go_on.wait(10)
        return counted(*arguments)

    monkeypatch.setattr(limiter._shared, "hit", hang)
    began_at = time.perf_counter()
    assert allowed(limiter, sender(), 4) == [True] * 3 + [False]
    assert 0.09 < time.perf_counter() - began_at < 0.3
    go_on.set()
    deadline = time.monotonic() + 5
    while not limiter._breaker.is_closed:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert limiter.hit(sender(2)).retry_after_s is None
    with redis.Redis.from_url(redis_url) as client:
        assert client.keys(f"{rate_limit._PREFIX}*"), "it is Redis that counts again"


def test_a_redis_that_takes_no_writes_is_not_away(redis_url: str) -> None:
    limiter = make(redis_url)
    with redis.Redis.from_url(redis_url) as client:
        client.config_set("maxmemory", "1")
        try:
            assert allowed(limiter, sender(), 4) == [True] * 3 + [False]
            assert limiter._breaker.is_closed
        finally:
            client.config_set("maxmemory", "0")


@pytest.mark.parametrize("limit", ["many", "0 per minute", "3000", "3 per minute; 5 per hour", "-1 per minute"])
def test_what_is_no_limit_is_refused(limit: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (its words are the setting's)
        rate_limit.parse(limit)
