"""Workers of the previous and of the next release work beside and instead of ours; tasks come with unknown fields and names."""

from functools import partial
from typing import Any

import celery
import sqlalchemy

from drills import platforms
from drills.hub import BEAT
from drills.posts import Post
from drills.processes import has_come
from drills.scenario import Scenario
from services.compose_api.store import backlog
from shared import broker, contracts, redis_client

_OURS = "services.fanout_worker.worker"
_NEWER = "fanout_worker_newer"
_OTHERS = {"fanout_worker_older": "drills.releases.older", _NEWER: "drills.releases.newer"}
_LAST_ERROR = sqlalchemy.text("SELECT last_error FROM messages WHERE id = :id")


def drill(scenario: Scenario) -> None:
    hub, ours = scenario.hub, scenario.hub.running_workers
    for name, entry in _OTHERS.items():
        hub.add(name, tuple(entry if part == _OURS else part for part in hub.command(ours[0])))
    app = broker.make_celery(hub.environment["HUB_REDIS_URL"])
    try:
        scenario.inject(
            partial(rejected_visibly, ours=ours), partial(unknown, app=app), beside, partial(instead, ours=ours)
        )
    finally:
        app.close()
        for name in _OTHERS:
            hub.stop(name)


def beside(scenario: Scenario) -> None:
    """Both others take some of our tasks and reject them; we reject those that their sweeps publish."""
    before = _rejected(scenario)
    for name in _OTHERS:
        scenario.hub.start(name)
    scenario.injected(_rejects(scenario, before), "workers of other releases beside ours")
    scenario.pause(0.5, 3.0)
    for name in _OTHERS:
        scenario.hub.kill(name)


def instead(scenario: Scenario, ours: list[str]) -> None:
    """For a while the only worker is one of another release, which knows the tasks of its own sweeps only."""
    other = scenario.rng.choice(list(_OTHERS))
    for name in ours:
        scenario.hub.kill(name)
    before = _rejected(scenario)
    scenario.hub.start(other)
    scenario.post(platforms.LARGE)
    scenario.injected(_rejects(scenario, before), "only a worker of another release")
    scenario.pause(0.5, 3.0)
    scenario.hub.kill(other)
    for name in ours:
        scenario.hub.start_again(name)


def unknown(scenario: Scenario, app: celery.Celery) -> None:
    """Unknown fields are ignored; unknown versions and names, and tasks without their fields, are rejected and counted."""
    message_id = scenario.post(platforms.SMALL).message_id
    before = _rejected(scenario)
    fields = {"message_id": str(message_id), "request_id": "drill"}
    _send(app, contracts.ExpandMessage, {**fields, "version": contracts.VERSION, "colour": "blue"})
    _send(app, contracts.ExpandMessage, {**fields, "version": contracts.VERSION + 1})
    _send(app, contracts.DeliverBatch, {"version": contracts.VERSION + 1, "batches": [[str(message_id), 1, 9]]})
    _send(app, contracts.DeliverBatch, {"version": contracts.VERSION})
    app.send_task("message_hub.tomorrow", kwargs={"version": 1}, queue=contracts.EXPAND_QUEUE, retry=False)
    scenario.note("unknown tasks", 4)
    counted = _rejects(scenario, before + 3)
    scenario.check(counted, "rejected visibly", f"4 more tasks are rejected, {_rejected(scenario) - before} counted")


def rejected_visibly(scenario: Scenario, ours: list[str]) -> None:
    """The next release's worker is alone and nothing sweeps: the message keeps the reason, for `message-hub status`."""
    for name in (*ours, BEAT):
        scenario.hub.kill(name)
    with redis_client.make(scenario.hub.environment["HUB_REDIS_URL"]) as client:
        client.delete(contracts.SWEEP_QUEUE)
    post = scenario.post(platforms.SMALL)
    scenario.hub.start(_NEWER)
    noted = has_come(lambda: "UnknownVersion" in _last_error(scenario, post), seconds=60)
    scenario.check(noted, "rejected visibly", f"the reason noted is {_last_error(scenario, post)!r}")
    scenario.note("tasks rejected by the next release")
    scenario.hub.kill(_NEWER)
    for name in (*ours, BEAT):
        scenario.hub.start_again(name)


def _send(app: celery.Celery, contract: type[contracts.Contract], arguments: dict[str, Any]) -> None:
    app.send_task(contract.task, kwargs=arguments, queue=contract.queue, retry=False)


def _rejects(scenario: Scenario, before: int) -> bool:
    """Whether more tasks than `before` come to be rejected."""
    return has_come(lambda: _rejected(scenario) > before, seconds=60)


def _rejected(scenario: Scenario) -> int:
    with scenario.engine.connect() as connection:
        return backlog.get_counters(connection).get("tasks_refused", 0)


def _last_error(scenario: Scenario, post: Post) -> str:
    with scenario.engine.connect() as connection:
        return str(connection.execute(_LAST_ERROR, {"id": post.message_id}).scalar_one())
