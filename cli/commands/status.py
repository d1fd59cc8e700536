"""`message-hub status`: what an operator wants to know of the fan-out, and of one message."""

import uuid
from typing import Any

import click
import redis

from cli import connect, output, parameters
from cli.commands import status_text
from cli.store import database, messages, queues
from services.compose_api.store import backlog, steps
from services.fanout_worker.store import proof
from shared import partitions, redis_client, worker_reports

_LIMIT = 20


@click.command("status", short_help="Show what is on its way and what fails.")
@connect.data_option
@click.argument("message_id", required=False, type=parameters.MESSAGE_ID)
@parameters.json_option
def status(message_id: uuid.UUID | None, as_json: bool) -> None:
    """Show what is on its way, what fails and why; with MESSAGE_ID the life of one message.

    \b
    Examples:
      message-hub status
      message-hub status 0190f5fe-6f43-7d84-8f6c-0e1a5c2a3b4d --json
    """
    if message_id is None:
        output.show(_of_hub(), as_json, status_text.of_hub)
    else:
        output.show(_of_message(message_id), as_json, status_text.of_message)


def _of_hub() -> dict[str, Any]:
    with connect.engine(None) as engine, engine.connect() as connection:
        return {
            "totals": messages.get_totals(connection),
            "backlog": backlog.get_backlog(connection),
            "counters": backlog.get_counters(connection),
            "refused": backlog.find_refused(connection),
            "reminders": steps.get_counts(connection),
            "unfinished": messages.list_unfinished(connection, limit=_LIMIT),
            "failing": messages.list_undelivered(connection, limit=_LIMIT, only_failing=True),
            "platforms_without_administrator": database.list_platforms_without_administrator(connection),
            "partitions": {
                "months": partitions.list_months(connection),
                "dropped_before": database.find_dropped_before(connection),
            },
            "broker": _of_broker(),
        }


def _of_broker() -> dict[str, Any]:
    try:
        with redis_client.make(connect.redis_url()) as client:
            waiting, taken = queues.read(client)
            workers = worker_reports.read(client)
    except (click.ClickException, redis.RedisError) as error:
        return {"reachable": False, "reason": str(error)}
    return {
        "reachable": True,
        "waiting": waiting,
        "taken": taken,
        "workers": workers.live_workers,
        "task_failures": workers.task_failures,
    }


def _of_message(message_id: uuid.UUID) -> dict[str, Any]:
    with connect.engine(None) as engine, engine.connect() as connection:
        message = proof.find_message(connection, message_id=message_id)
        if message is None:
            raise parameters.unknown_message(message_id)
        undelivered = messages.list_undelivered(connection, limit=_LIMIT, message_id=str(message_id))
        targets = [{"level": one.level, "external_id": one.external_id} for one in message.targets]
        return {"message": message, "targets": targets, "undelivered_batches": undelivered}
