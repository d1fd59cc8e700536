"""Three beats and many workers sweep at once, while tasks are lost, Redis looks emptied and partitions are missing."""

import celery
import sqlalchemy

from drills import triggers
from drills.hub import BEAT, worker
from drills.processes import has_come
from drills.stage import WORKERS, Stage
from services.fanout_worker import queues
from shared import broker, contracts, redis_client

_BEATS = (f"{BEAT}.2", f"{BEAT}.3")
_SWEEPS = 8
_LATEST = sqlalchemy.text("""
    SELECT to_char((now() AT TIME ZONE 'UTC') + interval '3 months', '_YYYY_MM'),
           (SELECT count(*) FROM pg_inherits WHERE inhparent IN ('inbox_entries'::regclass, 'inbox_states'::regclass))
""")


def drill(stage: Stage) -> None:
    extra = worker(WORKERS + 1)
    for name in (*_BEATS, extra):
        stage.hub.start(name, sweep_seconds=1)
    app = broker.make_celery(stage.hub.environment["HUB_REDIS_URL"])
    try:
        while True:
            lost_tasks(stage, app)
            looks_emptied(stage, app)
            two_say_sent(stage, app)
            partitions_missing(stage, app)
            if stage.is_over:
                return
            stage.pause(0.2, 1.0)
    finally:
        app.close()
        for name in (*_BEATS, extra):
            stage.hub.stop(name)


def lost_tasks(stage: Stage, app: celery.Celery) -> None:
    """What waited in the queues is gone and long due, when many sweeps come at once."""
    with stage.hub.paused(*stage.hub.running_workers):
        stage.pause(0.2, 0.6)
        with redis_client.make(stage.hub.environment["HUB_REDIS_URL"]) as client:
            client.delete(contracts.EXPAND_QUEUE, contracts.DELIVER_QUEUE)
        stage.let_pass()
        _sweep(stage, app)
    stage.note("queues lost")


def looks_emptied(stage: Stage, app: celery.Celery) -> None:
    """The mark that Redis was filled is gone: each sweep that sees it publishes everything undelivered."""
    with redis_client.make(stage.hub.environment["HUB_REDIS_URL"]) as client:
        client.delete(queues.FILLED_KEY)
    _sweep(stage, app)
    stage.note("Redis looked emptied")


def two_say_sent(stage: Stage, app: celery.Celery) -> None:
    """Workers are about to commit that messages are sent; sweeps find the same messages finished, and want to say so too."""
    with triggers.holding(stage.engine, at="sent") as hold:
        post = stage.traffic.draft(stage.rng, key=True)
        stage.traffic.insist(post)
        stage.placed(hold.wait_reached(seconds=15), "sweeps beside a completion")
        _sweep(stage, app)
        stage.pause(0.2, 0.8)


def partitions_missing(stage: Stage, app: celery.Celery) -> None:
    """The latest month is gone, another transaction holds the lock for a while, and many sweeps want to make it."""
    with stage.engine.connect() as connection:
        month, _ = connection.execute(_LATEST).one()
    with stage.engine.begin() as connection:
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS inbox_entries{month}, inbox_states{month}")
        connection.execute(sqlalchemy.text("SELECT pg_advisory_xact_lock(hashtextextended('partitions', 0))"))
        _sweep(stage, app)
        stage.pause(0.3, 1.0)

    def is_made() -> bool:
        with stage.engine.connect() as connection:
            return int(connection.execute(_LATEST).one()[1]) == 8  # this month and three more, of both tables

    stage.expect(has_come(is_made, seconds=60), "partitions are made ahead", "they are not made again within 60 s")
    stage.note("partitions missing")


def _sweep(stage: Stage, app: celery.Celery) -> None:
    for _ in range(_SWEEPS):
        broker.publish(app, contracts.Sweep())
    stage.note("sweeps at once", _SWEEPS)
