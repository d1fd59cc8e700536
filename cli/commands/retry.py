"""`message-hub retry`: what failed is tried again now, not after its wait."""

import uuid
from typing import Any

import click
from sqlalchemy import Engine

from cli import connect, operator, output, parameters
from cli.store import audit
from services.compose_api.store import backlog
from services.fanout_worker.store import messages, proof
from services.fanout_worker.store import retry as store
from shared import db

# Sweeps begin every few seconds.
_LATE_S = 60


@click.command("retry", short_help="Try now what failed, without the wait.")
@connect.data_option
@click.argument("message_ids", nargs=-1, metavar="[MESSAGE_ID]...", type=parameters.MESSAGE_ID)
@click.option("--all", "is_all", is_flag=True, help="Every message that is not sent.")
@click.option("--platform", metavar="KEY", type=parameters.TEXT, help="With --all: of this platform only.")
@parameters.json_option
def retry(message_ids: tuple[uuid.UUID, ...], is_all: bool, platform: str | None, as_json: bool) -> None:
    """Make due at once what failed or was retried, for use when its cause is solved. The next sweep publishes it.

    Without this command a sweep retries it too, after a wait of at most five minutes. Nothing is delivered twice.

    \b
    Examples:
      message-hub retry 0190f5fe-6f43-7d84-8f6c-0e1a5c2a3b4d
      message-hub retry --all --platform acme
    """
    if bool(message_ids) == is_all:
        raise click.UsageError("Name messages, or say --all.")
    if platform is not None and not is_all:
        raise click.UsageError("--platform goes with --all.")
    with connect.engine(None) as engine:
        output.show(_retry(engine, message_ids, platform), as_json, _text)


def _retry(engine: Engine, message_ids: tuple[uuid.UUID, ...], platform: str | None) -> dict[str, Any]:
    with engine.begin() as connection:
        for message_id in message_ids:
            if proof.find_message(connection, message_id=message_id) is None:
                raise parameters.unknown_message(message_id)
        platform_id = None if platform is None else parameters.read_platform(connection, platform)
        connect.act_as(connection, db.WORKER_ROLE)
        now = messages.get_time(connection)
        due = store.make_due(connection, now=now, message_ids=message_ids or None, platform_id=platform_id)
        connect.act_as(connection, None)
        for one in due:
            audit.insert(
                connection, action="retry", message_id=one.message_id, operator=operator.name(), detail=_what(one)
            )
    with engine.connect() as connection:
        swept = backlog.get_backlog(connection).last_sweep_seconds
    return {"due": due, "last_sweep_seconds": swept}


def _what(one: store.Due) -> str:
    cutting = ["the cutting of its audience"] if one.is_cutting else []
    batches = [output.count(one.batches, "batch", "batches")] if one.batches else []
    return " and ".join(cutting + batches)


def _text(facts: dict[str, Any]) -> str:
    due, swept = facts["due"], facts["last_sweep_seconds"]
    if not due:
        return "Nothing of that failed: there is nothing to retry."
    lines = [
        f"Due now, of {output.count(len(due), 'message')}:",
        output.table(("message", "what"), [(one.message_id, _what(one)) for one in due]),
    ]
    if swept is None or swept > _LATE_S:
        last = "none has ended yet" if swept is None else f"the last ended {output.duration(swept)} ago"
        lines.append(f"But no sweep runs ({last}): start workers and beat, or nothing is retried.")
    else:
        lines.append("The next sweep publishes it, within seconds.")
    return "\n".join(lines)
