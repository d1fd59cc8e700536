"""Three beats and many workers sweep at once, while tasks are lost, Redis looks emptied and partitions are missing."""

from functools import partial

import celery
import sqlalchemy

from drills import triggers
from drills.hub import BEAT, worker
from drills.processes import has_come
from drills.scenario import WORKERS, Scenario, make_due
from services.fanout_worker import queues
from shared import broker, contracts, redis_client

_MORE = (f"{BEAT}.2", f"{BEAT}.3", worker(WORKERS + 1))
_SWEEPS = 8
_NEXT_MONTH = "SELECT to_char((now() AT TIME ZONE 'UTC') + interval '3 months', '_YYYY_MM')"
_PARTITIONS = (
    "SELECT count(*) FROM pg_inherits WHERE inhparent IN ('inbox_entries'::regclass, 'inbox_states'::regclass)"
)


def drill(scenario: Scenario) -> None:
    for name in _MORE:
        scenario.hub.start(name, sweep_seconds=1)
    app = broker.make_celery(scenario.hub.environment["HUB_REDIS_URL"])
    try:
        faults = (lost_tasks, redis_looks_emptied, two_mark_sent, partitions_missing)
        scenario.inject(*(partial(fault, app=app) for fault in faults), least=0.2, most=1.0)
    finally:
        app.close()
        for name in _MORE:
            scenario.hub.stop(name)


def lost_tasks(scenario: Scenario, app: celery.Celery) -> None:
    """The tasks in the queues are lost and due when many sweeps come at once."""
    with scenario.hub.paused(*scenario.hub.running_workers):
        scenario.pause(0.2, 0.6)
        with redis_client.make(scenario.hub.environment["HUB_REDIS_URL"]) as client:
            client.delete(contracts.EXPAND_QUEUE, contracts.DELIVER_QUEUE)
        make_due(scenario.engine)
        _sweep(scenario, app)
    scenario.note("queues lost")


def redis_looks_emptied(scenario: Scenario, app: celery.Celery) -> None:
    """The key that marks Redis as filled is gone: each sweep that finds it missing publishes everything undelivered."""
    with redis_client.make(scenario.hub.environment["HUB_REDIS_URL"]) as client:
        client.delete(queues.FILLED_KEY)
    _sweep(scenario, app)
    scenario.note("Redis looked emptied")


def two_mark_sent(scenario: Scenario, app: celery.Celery) -> None:
    """Workers are about to commit that messages are sent; sweeps find the same messages finished."""
    with triggers.holding(scenario.engine, at="sent") as hold:
        scenario.load.post_until_settled(scenario.load.draft(scenario.rng, key=True))
        scenario.injected(hold.wait_reached(), "sweeps beside a completion")
        _sweep(scenario, app)
        scenario.pause(0.2, 0.8)


def partitions_missing(scenario: Scenario, app: celery.Celery) -> None:
    """The latest month is gone, another transaction holds the lock for a while, and many sweeps want to create it."""
    with scenario.engine.begin() as connection:
        month = connection.exec_driver_sql(_NEXT_MONTH).scalar_one()
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS inbox_entries{month}, inbox_states{month}")
        connection.execute(sqlalchemy.text("SELECT pg_advisory_xact_lock(hashtextextended('partitions', 0))"))
        _sweep(scenario, app)
        scenario.pause(0.3, 1.0)
    # This month and three more, of both tables.
    made = has_come(lambda: scenario.count(_PARTITIONS) == 8, seconds=60)
    scenario.check(made, "partitions are created ahead", "they are not created again within 60 s")
    scenario.note("partitions missing")


def _sweep(scenario: Scenario, app: celery.Celery) -> None:
    for _ in range(_SWEEPS):
        broker.publish(app, contracts.Sweep())
    scenario.note("sweeps at once", _SWEEPS)
