"""Entry file of workers and of beat: `celery -A services.fanout_worker.worker worker` and `… beat`."""

import os
from typing import Any

from celery import bootsteps, signals

from services.fanout_worker import queues, settings, tasks, transport
from services.fanout_worker.actions import failure, sweep
from services.fanout_worker.actions.context import Context
from shared import broker, contracts, database_errors, db, logging, redis_client, worker_reports

_settings = settings.read()
_contexts: list[Context] = []

app = broker.make_celery(_settings.redis_url)
app.conf.update(
    broker_transport=f"{transport.__name__}:{transport.Transport.__name__}",
    # One task at a time, none prefetched: a free worker takes the next task, from each queue in turn.
    worker_prefetch_multiplier=1,
    broker_transport_options={**app.conf.broker_transport_options, "queue_order_strategy": "round_robin"},
    worker_enable_remote_control=False,
    worker_send_task_events=False,
    worker_hijack_root_logger=False,
    worker_cancel_long_running_tasks_on_connection_loss=False,
    beat_schedule={
        "sweep": {
            "task": contracts.Sweep.task,
            "schedule": _settings.sweep_seconds,
            "kwargs": contracts.arguments(contracts.Sweep()),
            "options": {"queue": contracts.Sweep.queue, "retry": False},
        }
    },
)
tasks.register(app, lambda: _contexts[-1])


@signals.setup_logging.connect  # type: ignore[untyped-decorator]
def _configure_log(**_kwargs: Any) -> None:
    logging.configure(_settings.log, service="fanout_worker")


@signals.celeryd_init.connect  # type: ignore[untyped-decorator]
def _name_connections(sender: str, conf: Any, **_kwargs: Any) -> None:
    """From these names the other services know which workers live. Beat has none."""
    name = f"{worker_reports.CONNECTION_NAME}{sender}:{os.getpid()}"
    conf.broker_transport_options = {**conf.broker_transport_options, "client_name": name}


@signals.worker_process_init.connect  # type: ignore[untyped-decorator]
def _begin(**_kwargs: Any) -> None:
    """Connections are made in the process that uses them, never inherited."""
    engine = db.make_engine(_settings.database, role=db.WORKER_ROLE, name="fanout_worker")
    client = redis_client.make(_settings.redis_url)
    reporter = worker_reports.Reporter(redis_client.make_short(_settings.redis_url))
    _contexts.append(
        Context(engine, lambda task: broker.publish(app, task), queues.Queues(client), _settings, reporter)
    )
    with database_errors.logged("partitions wait for the database"):
        sweep.keep_partitions(_contexts[-1])


@signals.task_unknown.connect  # type: ignore[untyped-decorator]
def _refuse(name: str, **_kwargs: Any) -> None:
    """A task of a newer release than this worker. Celery logs and drops it, in the parent process."""
    _count_refused(name, "this worker does not know the task")


def _count_refused(what: str, reason: str) -> None:
    """With a connection of its own: the parent process keeps none, because the processes that run tasks are forked from it."""
    engine = db.make_engine(_settings.database, role=db.WORKER_ROLE, name="fanout_worker")
    try:
        failure.record_refusal(engine, what=what, reason=reason)
    finally:
        engine.dispose()


transport.Transport.on_malformed.append(lambda reason: _count_refused("an item of a queue", reason))


class Heartbeat(bootsteps.StartStopStep):  # type: ignore[misc]
    """Touches a file while the consumer's loop turns, for a container's health check."""

    requires = {"celery.worker.components:Timer"}  # noqa: RUF012 (Celery's own protocol)

    def start(self, parent: Any) -> None:
        if _settings.heartbeat_file is not None:
            parent.timer.call_repeatedly(5, _settings.heartbeat_file.touch)


app.steps["worker"].add(Heartbeat)
