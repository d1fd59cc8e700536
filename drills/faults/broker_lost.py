"""Redis is killed, emptied and stopped with SIGSTOP while messages are posted, and emptied with tasks waiting in it."""

import statistics
import time

import redis

from drills import triggers, world
from drills.hub import BEAT, REDIS
from drills.processes import has_come
from drills.stage import Stage
from shared import contracts

# A POST never waits for Redis; where everything else is slow too (a busy machine), the half of them must still be within.
PROMISED_S = 0.3


def drill(stage: Stage) -> None:
    for one in (gone_before_an_acknowledgement, emptied_with_tasks_waiting, hangs, killed, flushed):
        one(stage)
    windows = (killed, killed, flushed, hangs, emptied_with_tasks_waiting, gone_before_an_acknowledgement)
    while not stage.is_over:
        stage.pause(0.5, 3.0)
        stage.rng.choice(windows)(stage)


def killed(stage: Stage) -> None:
    """Away for a while, and empty when it is back."""
    began = time.monotonic()
    stage.hub.kill(REDIS)
    stage.note("killed, restarted empty")
    stage.pause(0.0, 4.0)
    stage.time("POST while Redis is away", stage.traffic.slowest(since=began))
    stage.hub.heal()


def flushed(stage: Stage) -> None:
    """Emptied between two commands: nobody's connection notices."""
    with _client(stage) as client:
        client.flushall()
    stage.note("flushed")


def hangs(stage: Stage) -> None:
    """It neither answers nor refuses; messages are accepted all the same."""
    stage.hub.processes[REDIS].pause()
    took = []
    for _ in range(7):
        post = stage.traffic.draft(stage.rng, platform=world.MIDDLE, key=True)
        attempt = stage.traffic.attempt(post)
        took.append(attempt.took)
        stage.expect(
            attempt.status is not None and attempt.status < 500,
            "accepted without Redis",
            f'"{post.title}" got {attempt.status or "no answer"} {attempt.reason} while Redis hung',
        )
    stage.note("stopped with SIGSTOP")
    stage.time("POST while Redis hangs", max(took))
    stage.expect(
        statistics.median(took) < PROMISED_S,
        "accepted without Redis",
        f"POSTs took {', '.join(f'{one * 1000:.0f}' for one in took)} ms while Redis hung",
    )
    stage.pause(0.0, 7.0)
    stage.hub.heal()


def emptied_with_tasks_waiting(stage: Stage) -> None:
    """Workers and beat stand still until tasks wait in the queue; then all of them are lost at once."""
    with stage.hub.paused(*stage.hub.running_workers, BEAT):
        for platform in (world.LARGE, world.MIDDLE, world.SMALL):
            stage.post(platform)
        hit = has_come(lambda: _waiting(stage) > 0, seconds=10, every=0.02)
        stage.hub.kill(REDIS)
        stage.placed(hit, "killed with tasks waiting, restarted empty")
        stage.hub.start_server(REDIS)


def gone_before_an_acknowledgement(stage: Stage) -> None:
    """A worker writes a batch; when it wants to say that the task is done there is no Redis. It must go on when there is one."""
    with triggers.holding(stage.engine, at="written") as hold:
        stage.post(world.SMALL)
        hit = hold.wait_reached(seconds=20)
        before = _failed_acknowledgements(stage)
        stage.hub.kill(REDIS)
        hold.release()
        hit = hit and has_come(lambda: _failed_acknowledgements(stage) > before, seconds=20)
    stage.placed(hit, "killed before an acknowledgement")
    stage.hub.heal()


def _failed_acknowledgements(stage: Stage) -> int:
    """What Celery says in the workers' logs when Redis did not hear that a task is done."""
    logs = [stage.hub.processes[name].log for name in stage.hub.running_workers]
    return sum(log.read_bytes().count(b"Couldn't ack") for log in logs)


def _waiting(stage: Stage) -> int:
    with _client(stage) as client:
        return int(client.llen(contracts.EXPAND_QUEUE))


def _client(stage: Stage) -> redis.Redis:
    return redis.Redis.from_url(stage.hub.environment["HUB_REDIS_URL"], socket_timeout=5)
