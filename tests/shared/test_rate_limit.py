"""How many requests one user may make of a process."""

import types

import prometheus_client
import pytest

from shared import errors, rate_limit
from shared.auth.store import Caller
from tests.waiting import wait_until


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


def allowed(limiter: rate_limit.Limiter, who: Caller, times: int, action: str = "send") -> list[bool]:
    return [limiter.hit(who, action).retry_after_s is None for _ in range(times)]


def test_so_many_are_allowed_and_then_it_says_when_the_next_will_be() -> None:
    limiter, registry = rate_limit.Limiter("3 per hour"), prometheus_client.CollectorRegistry()
    limiter.register(registry)
    assert allowed(limiter, sender(), 5) == [True] * 3 + [False] * 2
    verdict = limiter.hit(sender(), "send")
    assert verdict.retry_after_s is not None
    assert 1 <= verdict.retry_after_s <= 3600
    with pytest.raises(errors.HubError) as refused:
        verdict.check()
    assert (refused.value.code, refused.value.status) == ("rate-limited", 429)
    assert refused.value.headers["Retry-After"] == str(verdict.retry_after_s)
    assert registry.get_sample_value("message_hub_rate_limited_requests_total") == 3


def test_each_user_of_each_platform_and_each_action_is_counted_alone() -> None:
    limiter = rate_limit.Limiter("3 per hour")
    assert allowed(limiter, sender(1), 4) == [True] * 3 + [False]
    assert allowed(limiter, sender(2), 3) == [True] * 3
    assert allowed(limiter, sender(1, platform_id=8), 3) == [True] * 3
    assert allowed(limiter, sender(1), 3, "recall") == [True] * 3, "who sent too much can recall it"


def test_it_becomes_possible_again() -> None:
    limiter = rate_limit.Limiter("2 per second")
    assert allowed(limiter, sender(), 3)[0]
    wait_until(lambda: limiter.hit(sender(), "send").retry_after_s is None)


def test_the_window_slides(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 10 * 3600.0
    monkeypatch.setattr(rate_limit, "time", types.SimpleNamespace(monotonic=lambda: now))
    limiter = rate_limit.Limiter("4 per hour")
    assert allowed(limiter, sender(), 5) == [True] * 4 + [False]
    assert limiter.hit(sender(), "send").retry_after_s == 3600
    now += 3600 + 1800
    assert allowed(limiter, sender(), 3) == [True] * 2 + [False], "half of the last hour's four still count"
    assert limiter.hit(sender(), "send").retry_after_s == 1
    now += 600
    assert allowed(limiter, sender(), 2) == [True, False], "a third of the four"
    assert limiter.hit(sender(), "send").retry_after_s == 300
    now += 2 * 3600
    assert allowed(limiter, sender(), 5) == [True] * 4 + [False], "nothing of the hour before last counts"


@pytest.mark.parametrize(
    ("limit", "amount", "seconds"),
    [("3000 per minute", 3000, 60), ("50/second", 50, 1), ("100 per 5 minutes", 100, 300), (" 7 / hour ", 7, 3600)],
)
def test_a_limit_is_read(limit: str, amount: int, seconds: int) -> None:
    assert rate_limit.parse(limit) == rate_limit.Limit(amount, seconds)


@pytest.mark.parametrize("limit", ["", " "])
def test_an_empty_limit_is_none(limit: str) -> None:
    assert all(allowed(rate_limit.Limiter(limit), sender(), 100))


@pytest.mark.parametrize("limit", ["many", "0 per minute", "3000", "3 per minute; 5 per hour", "-1 per minute"])
def test_what_is_no_limit_is_refused(limit: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (its words are the setting's)
        rate_limit.parse(limit)
