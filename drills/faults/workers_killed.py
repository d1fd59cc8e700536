"""Workers and the beat are killed again and again, at random moments and in the middle of a batch."""

import functools

from drills import platforms, triggers
from drills.hub import BEAT
from drills.scenario import Scenario


def drill(scenario: Scenario) -> None:
    victims = ("worker", "main process", "working process", "all workers", "beat")
    scenario.inject(inside_a_batch, inside_a_batch, *(functools.partial(killed, victim=one) for one in victims))


def killed(scenario: Scenario, victim: str) -> None:
    """A worker, only its main process, only the one that works, all workers, or the beat; restarted after a moment."""
    workers = scenario.hub.running_workers
    process = scenario.hub.processes[scenario.rng.choice(workers)]
    if victim == "main process":
        process.kill_main()
    elif victim == "working process":
        process.kill_children()
    elif victim == "worker":
        process.kill()
    else:
        for name in [BEAT] if victim == "beat" else workers:
            scenario.hub.kill(name)
    scenario.note(f"{victim} killed")
    scenario.pause(0.0, 1.5)
    scenario.hub.restore()


def inside_a_batch(scenario: Scenario) -> None:
    """All workers are killed after one has written entries and not committed them."""
    with triggers.holding(scenario.engine, at="written") as hold:
        scenario.post(platforms.LARGE)
        hit = hold.wait_reached()
        for name in scenario.hub.running_workers:
            scenario.hub.kill(name)
        scenario.injected(hit, "all workers killed inside a batch")
    scenario.hub.restore()
