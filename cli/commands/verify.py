"""`message-hub verify`: proves that messages reached exactly their recipients, and delivers what is missing."""

import collections
import functools
import sys
import time
import uuid
from datetime import datetime, timedelta
from typing import Any

import click
from sqlalchemy import Engine

from cli import connect, operator, output, parameters
from cli.commands import verify_repair, verify_text
from cli.store import database
from services.fanout_worker.actions import verify as actions
from services.fanout_worker.domain import proof
from services.fanout_worker.store import proof as store

# 1 is an error of the command, 2 an error in its arguments.
FAILS = 3


@click.command("verify", short_help="Prove who has a message; deliver what is missing.")
@connect.data_option
@click.argument("message_id", required=False, type=parameters.MESSAGE_ID)
@click.option(
    "--since",
    type=parameters.Since(),
    metavar="WHEN",
    help="Every message since: 90m, 12h, 7d, 2w, or a date or time (UTC).",
)
@click.option("--all", "is_all", is_flag=True, help="Every message there is.")
@click.option("--platform", metavar="KEY", type=parameters.TEXT, help="With --since or --all: of this platform only.")
@click.option("--repair", is_flag=True, help="Deliver what is missing, then verify again.")
@click.option(
    "--limit",
    default=5,
    show_default=True,
    type=click.IntRange(0, 10_000),
    help="Name at most so many people of a kind.",
)
@parameters.json_option
def verify(
    message_id: uuid.UUID | None,
    since: datetime | timedelta | None,
    is_all: bool,
    platform: str | None,
    repair: bool,
    limit: int,
    as_json: bool,
) -> None:
    """Compare who should have a message, by the directory version it was accepted with, with who has it, and check that its
    acknowledgements are its recipients', of its text, and counted.

    \b
    delivered   should have it and has
    pending     should have it; a batch that workers will still write
    missing     should have it, has not, and no worker will write it: --repair does
    unexpected  has it and should not, or has it twice; reported, never removed
    withheld    is never written, because the message was recalled or its entries were dropped

    Exit code 0 if every message is correct (pending is), 3 if one is not, 1 if that could not be determined.

    \b
    Examples:
      message-hub verify 0190f5fe-6f43-7d84-8f6c-0e1a5c2a3b4d --repair
      message-hub verify --since 2d
    """
    if (message_id is not None) + (since is not None) + is_all != 1:
        raise click.UsageError("Name a message, or say --since WHEN or --all.")
    if platform is not None and message_id is not None:
        raise click.UsageError("--platform goes with --since or --all.")
    with connect.engine(None) as engine:
        runner = _Runner(engine, repair, limit)
        holds = (
            _verify_one(runner, message_id, as_json) if message_id else _verify_many(runner, since, platform, as_json)
        )
    if not holds:
        raise click.exceptions.Exit(FAILS)


class _Runner:
    """Verifies single messages, and repairs them if asked."""

    def __init__(self, engine: Engine, repair: bool, limit: int) -> None:
        self.engine = engine
        self._repair = repair
        self._limit = limit

    def run(
        self,
        message_id: uuid.UUID,
        *,
        row_counts: actions.RowCounts | None,
        progress: actions.Progress,
        is_strict: bool,
    ) -> dict[str, Any] | None:
        """The facts; None for an unknown message. `is_strict`: raise `NotRepairableError` even if nothing is missing."""
        began = time.monotonic()
        verify = functools.partial(
            actions.verify_message, self.engine, message_id=message_id, limit=self._limit, progress=progress
        )
        report = verify(row_counts=row_counts)
        if report is None:
            return None
        repaired = None
        if self._repair and (is_strict or report.missing):
            try:
                repaired = verify_repair.repair_message(
                    self.engine, report=report, progress=progress, by=operator.name()
                )
            except actions.NotRepairableError:
                if is_strict:
                    raise
            report = verify() or report
        with self.engine.connect() as connection:
            missing = store.list_people(connection, user_ids=list(report.missing_ids))
            unexpected = store.list_people(connection, user_ids=list(report.unexpected_ids))
        message = report.message
        return {
            "message_id": str(message_id),
            "platform": message.platform,
            "sent_at": message.sent_at,
            "status": message.status,
            "entries_dropped": message.entries_dropped,
            "verdict": report.verdict,
            **{name: getattr(report, name) for name in proof.COUNTS},
            "missing_users": [_person(one, message.platform) for one in missing],
            "unexpected_users": [_person(one, message.platform) for one in unexpected],
            "disagreements": report.disagreements,
            "repaired": repaired,
            "seconds": round(time.monotonic() - began, 2),
        }


def _verify_one(runner: _Runner, message_id: uuid.UUID, as_json: bool) -> bool:
    try:
        with output.progress("Comparing") as progress:
            facts = runner.run(message_id, row_counts=None, progress=progress, is_strict=True)
    except actions.NotRepairableError as error:
        raise click.ClickException(f"Message {message_id} is not repaired: {error}.") from None
    if facts is None:
        raise parameters.unknown_message(message_id)
    output.show(facts, as_json, verify_text.of_message)
    return bool(facts["verdict"] != "fails")


def _verify_many(runner: _Runner, since: datetime | timedelta | None, platform: str | None, as_json: bool) -> bool:
    """Prints one line per message, the oldest first; with --json one object per line."""
    verdicts: collections.Counter[str] = collections.Counter()
    with runner.engine.connect() as connection:
        moment = None if since is None else database.moment_of(connection, since)
        message_ids = store.list_messages(connection, since=moment, platform=platform)
    with output.progress("Counting entries") as progress:
        row_counts = actions.count_rows(runner.engine, progress=progress) if message_ids else {}
    # On a terminal the lines themselves show the progress.
    with output.progress("Comparing", is_hidden=sys.stdout.isatty()) as progress:
        for done, message_id in enumerate(message_ids, 1):
            facts = runner.run(message_id, row_counts=row_counts, progress=actions.ignore, is_strict=False)
            if facts is not None:
                verdicts[facts["verdict"]] += 1
                output.show(facts, as_json, verify_text.line, indent=None)
            progress(done, len(message_ids))
    if not as_json:
        click.echo(verify_text.summary(verdicts))
    return "fails" not in verdicts


def _person(one: store.Person, platform: str) -> str:
    """The user's external id, with the platform's key if it is another platform."""
    if one.external_id is None:
        return f"user number {one.user_id}, who does not exist"
    return one.external_id if one.platform == platform else f"{one.external_id} of platform {one.platform}"
