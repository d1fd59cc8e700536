"""Redis is killed, emptied and stopped with SIGSTOP while messages are posted, and emptied with tasks waiting in it."""

import statistics
import time

import redis

from drills import platforms, triggers
from drills.hub import BEAT, REDIS
from drills.posts import Attempt
from drills.processes import has_come
from drills.scenario import Scenario
from shared import contracts

# A POST never waits longer for Redis; the median, and less what it takes with Redis, since a busy machine delays every request.
MAX_POST_S = 0.3


def drill(scenario: Scenario) -> None:
    scenario.inject(gone_before_an_acknowledgement, emptied_with_tasks_waiting, hangs, killed, flushed, most=3.0)


def killed(scenario: Scenario) -> None:
    """Away for a while, and empty when it is back."""
    began = time.monotonic()
    scenario.hub.kill(REDIS)
    scenario.note("killed, restarted empty")
    scenario.pause(0.0, 4.0)
    if slowest := scenario.load.slowest(since=began):
        scenario.time("POST while Redis is away", slowest)
    scenario.hub.restore()


def flushed(scenario: Scenario) -> None:
    """Emptied between two commands: no connection notices."""
    with _client(scenario) as client:
        client.flushall()
    scenario.note("flushed")


def hangs(scenario: Scenario) -> None:
    """It neither answers nor refuses; messages are accepted all the same."""
    usual = statistics.median(attempt.took for attempt in _post_some(scenario))
    with scenario.hub.paused(REDIS):
        attempts = _post_some(scenario)
        for attempt in attempts:
            answered = attempt.status is not None and attempt.status < 500
            scenario.check(answered, "accepted without Redis", f"{attempt.status} {attempt.reason} while Redis hung")
        took = [attempt.took for attempt in attempts]
        times = ", ".join(f"{one * 1000:.0f}" for one in took)
        in_time = statistics.median(took) - usual < MAX_POST_S
        what = f"POSTs took {times} ms while Redis hung, {usual * 1000:.0f} ms before"
        scenario.check(in_time, "accepted without Redis", what)
        scenario.note("stopped with SIGSTOP")
        scenario.time("POST while Redis hangs", max(took))
        scenario.pause(0.0, 7.0)


def _post_some(scenario: Scenario) -> list[Attempt]:
    posts = [scenario.load.draft(scenario.rng, platform=platforms.MIDDLE, key=True) for _ in range(7)]
    return [scenario.load.attempt(post) for post in posts]


def emptied_with_tasks_waiting(scenario: Scenario) -> None:
    """Workers and beat are paused until tasks wait in the queue; then all tasks are lost at once."""
    with scenario.hub.paused(*scenario.hub.running_workers, BEAT), _client(scenario) as client:
        for platform in scenario.platforms:
            scenario.post(platform)
        hit = has_come(lambda: int(client.llen(contracts.EXPAND_QUEUE)) > 0, seconds=10, every=0.02)
        scenario.hub.kill(REDIS)
        scenario.injected(hit, "killed with tasks waiting, restarted empty")
        scenario.hub.start_server(REDIS)


def gone_before_an_acknowledgement(scenario: Scenario) -> None:
    """A worker writes a batch; Redis is gone when it acknowledges the task. It must go on once Redis is back."""
    with triggers.holding(scenario.engine, at="written") as hold:
        scenario.post(platforms.SMALL)
        hit = hold.wait_reached()
        before = _failed_acknowledgements(scenario)
        scenario.hub.kill(REDIS)
        hold.release()
        hit = hit and has_come(lambda: _failed_acknowledgements(scenario) > before, seconds=20)
    scenario.injected(hit, "killed before an acknowledgement")
    scenario.hub.restore()


def _failed_acknowledgements(scenario: Scenario) -> int:
    """How often Celery logged that an acknowledgement failed."""
    logs = [scenario.hub.processes[name].log for name in scenario.hub.running_workers]
    return sum(log.read_bytes().count(b"Couldn't ack") for log in logs)


def _client(scenario: Scenario) -> redis.Redis:
    return redis.Redis.from_url(scenario.hub.environment["HUB_REDIS_URL"], socket_timeout=5)
