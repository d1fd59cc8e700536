"""`message-hub status`: what an operator wants to know of the fan-out, and of one message."""

import dataclasses
import uuid
from typing import Any

import click
import redis

from cli import connect, output, parameters
from cli.commands import status_text
from cli.store import messages, partitions, queues
from services.compose_api.store import backlog
from shared import redis_client

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
    facts = _of_hub() if message_id is None else _of_message(message_id)
    if as_json:
        click.echo(output.as_json(facts))
    else:
        click.echo(status_text.of_hub(facts) if message_id is None else status_text.of_message(facts))


def _of_hub() -> dict[str, Any]:
    with connect.engine(None) as engine, engine.connect() as connection:
        refused = backlog.find_refused(connection)
        facts = {
            "totals": dataclasses.asdict(messages.get_totals(connection)),
            "backlog": dataclasses.asdict(backlog.get_backlog(connection)),
            "counters": backlog.get_counters(connection),
            "refused": refused and dataclasses.asdict(refused),
            "unfinished": _rows(messages.list_unfinished(connection, limit=_LIMIT)),
            "failing_batches": messages.count_failing_batches(connection),
            "failing": _rows(messages.list_undelivered(connection, limit=_LIMIT, only_failing=True)),
            "partitions": dataclasses.asdict(partitions.get_partitions(connection)),
        }
    return {**facts, "broker": _of_broker()}


def _of_broker() -> dict[str, Any]:
    try:
        with redis_client.make(connect.redis_url()) as client:
            found = queues.read(client)
    except click.ClickException as error:
        return {"reachable": False, "reason": error.message}
    except redis.RedisError as error:
        return {"reachable": False, "reason": str(error)}
    return {"reachable": True, "waiting": found.waiting, "taken": found.taken}


def _of_message(message_id: uuid.UUID) -> dict[str, Any]:
    wanted = str(message_id)
    with connect.engine(None) as engine, engine.connect() as connection:
        message = messages.find_message(connection, message_id=wanted)
        if message is None:
            raise parameters.unknown_message(message_id)
        facts = {
            "message": dataclasses.asdict(message),
            "targets": [
                {"level": one.level, "external_id": one.external_id}
                for one in messages.list_targets(connection, message_id=wanted)
            ],
            "undelivered_batches": _rows(messages.list_undelivered(connection, limit=_LIMIT, message_id=wanted)),
        }
    return facts


def _rows(rows: list[Any]) -> list[dict[str, Any]]:
    return [dataclasses.asdict(row) for row in rows]
