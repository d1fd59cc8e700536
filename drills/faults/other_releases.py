"""Workers of the previous and of the next release work beside and instead of ours; tasks come with fields and names unknown here."""

import uuid
from typing import Any

import celery
import sqlalchemy

from cli.store import queues as broker_view
from drills import world
from drills.hub import BEAT
from drills.processes import has_come
from drills.stage import Stage
from shared import broker, contracts, redis_client

_OURS = "services.fanout_worker.worker"
_OTHERS = {"fanout_worker_older": "drills.releases.older", "fanout_worker_newer": "drills.releases.newer"}
_LAST_ERROR = sqlalchemy.text("SELECT last_error FROM messages WHERE id = :id")


def drill(stage: Stage) -> None:
    hub = stage.hub
    ours = hub.running_workers
    for name, entry in _OTHERS.items():
        hub.add(name, tuple(entry if part == _OURS else part for part in hub.command(ours[0])))
    app = broker.make_celery(hub.environment["HUB_REDIS_URL"])
    try:
        refused_visibly(stage)
        unknown(stage, app)
        while True:
            beside(stage)
            instead(stage, ours)
            if stage.is_over:
                return
            stage.rng.choice((refused_visibly, lambda its: unknown(its, app)))(stage)
    finally:
        app.close()
        for name in _OTHERS:
            hub.stop(name)
        hub.heal()


def beside(stage: Stage) -> None:
    """Both others take what they get of our tasks, and refuse it; we refuse theirs, which their sweeps publish."""
    before = _refused(stage)
    for name in _OTHERS:
        stage.hub.start(name)
    stage.placed(_is_refusing(stage, before), "workers of other releases beside ours")
    stage.pause(0.5, 3.0)
    for name in _OTHERS:
        stage.hub.kill(name)


def instead(stage: Stage, ours: list[str]) -> None:
    """For a while there is no worker but one of another release, which knows tasks of its own sweeps only."""
    other = stage.rng.choice(list(_OTHERS))
    for name in ours:
        stage.hub.kill(name)
    before = _refused(stage)
    stage.hub.start(other)
    stage.post(world.LARGE)
    stage.placed(_is_refusing(stage, before), "only a worker of another release")
    stage.pause(0.5, 3.0)
    stage.hub.kill(other)
    for name in ours:
        stage.hub.again(name)


def unknown(stage: Stage, app: celery.Celery) -> None:
    """Fields of tomorrow are ignored; versions and names of tomorrow, and tasks without their fields, are refused and counted."""
    (message_id,) = stage.post(world.SMALL).accepted_ids
    before = _refused(stage)
    fields = {"message_id": str(message_id), "request_id": "drill"}
    _send(app, contracts.ExpandMessage, {**fields, "version": contracts.VERSION, "colour": "blue"})
    _send(app, contracts.ExpandMessage, {**fields, "version": contracts.VERSION + 1})
    _send(app, contracts.DeliverBatch, {"version": contracts.VERSION + 1, "batches": [[str(message_id), 1, 9]]})
    _send(app, contracts.DeliverBatch, {"version": contracts.VERSION})
    app.send_task("message_hub.tomorrow", kwargs={"version": 1}, queue=contracts.EXPAND_QUEUE, retry=False)
    stage.note("tasks that nobody here knows", 4)
    counted = has_come(lambda: _refused(stage) >= before + 4, seconds=60)
    stage.expect(counted, "refused visibly", f"4 more tasks are refused, {_refused(stage) - before} counted")


def refused_visibly(stage: Stage) -> None:
    """Only the next release's worker is there, and nothing sweeps: our message keeps the reason where an operator looks."""
    ours = stage.hub.running_workers
    for name in (*ours, BEAT):
        stage.hub.kill(name)
    with redis_client.make(stage.hub.environment["HUB_REDIS_URL"]) as client:
        client.delete(contracts.SWEEP_QUEUE)
    (message_id,) = stage.post(world.SMALL).accepted_ids
    stage.hub.start("fanout_worker_newer")
    noted = has_come(lambda: "UnknownVersion" in _last_error(stage, message_id), seconds=60)
    stage.expect(noted, "refused visibly", f"the reason noted is {_last_error(stage, message_id)!r}")
    stage.note("tasks refused by the next release")
    stage.hub.kill("fanout_worker_newer")
    for name in (*ours, BEAT):
        stage.hub.again(name)


def _send(app: celery.Celery, contract: type[contracts.Contract], arguments: dict[str, Any]) -> None:
    app.send_task(contract.task, kwargs=arguments, queue=contract.queue, retry=False)


def _is_refusing(stage: Stage, before: int) -> bool:
    """Whether more tasks come to be refused than were before."""
    return has_come(lambda: _refused(stage) > before, seconds=60)


def _refused(stage: Stage) -> int:
    with redis_client.make(stage.hub.environment["HUB_REDIS_URL"]) as client:
        found = broker_view.read(client).refused
    return 0 if found is None else found.count


def _last_error(stage: Stage, message_id: uuid.UUID) -> str:
    with stage.engine.connect() as connection:
        return str(connection.execute(_LAST_ERROR, {"id": message_id}).scalar_one())
