"""Workers and the beat are killed again and again, at random moments and in the middle of a batch."""

from drills import held
from drills.hub import BEAT
from drills.stage import Stage


def drill(stage: Stage) -> None:
    """Every round one victim at a random moment; every third round a worker that is held inside a batch's transaction."""
    in_the_window(stage)
    round_number = 0
    while not stage.is_over:
        round_number += 1
        stage.pause(0.3, 2.5)
        if round_number % 3 == 0:
            in_the_window(stage)
            continue
        at_random(stage)
    stage.hub.heal()


def at_random(stage: Stage) -> None:
    """One victim, dead for a moment: the whole of a worker, only its main process, only the one that works, all of them, or the beat."""
    workers = stage.hub.running_workers
    how = stage.rng.choice(("worker", "worker", "main process", "working process", "all workers", "beat"))
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


def in_the_window(stage: Stage) -> None:
    """A worker has written entries, its transaction is open: there it is killed."""
    with held.entries(stage.engine) as hold:
        post = stage.traffic.draft(stage.rng, platform="large", audience={"everyone": True}, key=True)
        stage.traffic.insist(post)
        if hold.wait_reached(seconds=15):
            for name in stage.hub.running_workers:
                stage.hub.kill(name)
            stage.note("all workers killed inside a batch")
    stage.hub.heal()
