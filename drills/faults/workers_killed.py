"""Workers and the beat are killed again and again, at random moments and in the middle of a batch."""

from drills import triggers, world
from drills.hub import BEAT
from drills.stage import Stage

_HOW = ("worker", "worker", "main process", "working process", "all workers", "beat")


def drill(stage: Stage) -> None:
    inside_a_batch(stage)
    for how in dict.fromkeys(_HOW):
        killed(stage, how)
    rounds = 0
    while not stage.is_over:
        rounds += 1
        stage.pause(0.3, 2.5)
        if rounds % 3 == 0:
            inside_a_batch(stage)
        else:
            killed(stage, stage.rng.choice(_HOW))


def killed(stage: Stage, how: str) -> None:
    """One victim, dead for a moment: the whole of a worker, only its main process, only the one that works, all of them, or the beat."""
    workers = stage.hub.running_workers
    if how == "beat":
        stage.hub.kill(BEAT)
    elif how == "all workers":
        for name in workers:
            stage.hub.kill(name)
    else:
        process = stage.hub.processes[stage.rng.choice(workers)]
        {"worker": process.kill, "main process": process.kill_main, "working process": process.kill_child}[how]()
    stage.note(f"{how} killed")
    stage.pause(0.0, 1.5)
    stage.hub.heal()


def inside_a_batch(stage: Stage) -> None:
    """A worker has written entries and not committed them: there all workers are killed."""
    with triggers.holding(stage.engine, at="written") as hold:
        stage.post(world.LARGE)
        hit = hold.wait_reached(seconds=20)
        for name in stage.hub.running_workers:
            stage.hub.kill(name)
        stage.placed(hit, "all workers killed inside a batch")
    stage.hub.heal()
