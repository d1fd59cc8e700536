"""`message-hub acknowledgements`: who has acknowledged a message, for operators. The rest is in services.inbox_api."""

import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import click
from sqlalchemy import Connection, Engine

from cli import connect, operator, output, parameters
from cli.store import audit, messages
from services.inbox_api import csv_export, evidence_keys
from services.inbox_api.actions import acknowledgement_exports as exports
from services.inbox_api.actions import acknowledgements as actions
from services.inbox_api.actions.acknowledgement_numbers import Numbers
from shared import db, errors
from shared.sent_messages import store as sent_messages

_FILE = click.Path(path_type=Path, dir_okay=False)
_NUMBERS = ("recipients", "acknowledged", "outstanding", "overdue", "left", "no_longer_asked")


@click.command("acknowledgements", short_help="Show or export who has acknowledged a message.")
@click.argument("message_id", type=parameters.MESSAGE_ID)
@click.option("--by", type=click.Choice(["organisation", "clinic"]), default="organisation", show_default=True)
@click.option("--csv", "csv_file", type=_FILE, metavar="FILE", help="Write all people to a file for spreadsheets.")
@click.option("--evidence", "evidence_file", type=_FILE, metavar="FILE", help="Write all people to a signed file.")
@parameters.json_option
@connect.data_option
def acknowledgements(
    message_id: uuid.UUID, by: str, csv_file: Path | None, evidence_file: Path | None, as_json: bool
) -> None:
    """Show how many people have acknowledged a message, by organisation or clinic, or export all of them.

    Evidence is signed with the newest key (`message-hub evidence keys`). Each export is in the audit trail.

    \b
    Examples:
      message-hub acknowledgements 0190f5fe-6f43-7d84-8f6c-0e1a5c2a3b4d --by clinic
      message-hub acknowledgements 0190f5fe-6f43-7d84-8f6c-0e1a5c2a3b4d --evidence notice.jsonl
    """
    if csv_file is not None and evidence_file is not None:
        raise click.UsageError("Write either --csv or --evidence.")
    with connect.engine(db.INBOX_ROLE) as engine:
        try:
            found = _find(engine, message_id)
            if csv_file is not None:
                rows = exports.read_rows(engine, found)
                _write(csv_file, message_id, "acknowledgements", csv_export.write(exports.HEADER, rows))
            elif evidence_file is not None:
                key = _signing_key()
                lines = exports.write_evidence(engine, found, by={"operator": operator.name()}, key=key)
                _write(evidence_file, message_id, f"evidence signed with {key.id}", lines)
            else:
                output.show(actions.summarise(engine, found, by=by), as_json, _text)
        except errors.HubError as error:
            raise click.ClickException(error.detail) from None


def _find(engine: Engine, message_id: uuid.UUID) -> actions.Source:
    """All people of the message. Raises `errors.HubError` where it asks for no acknowledgement."""
    with engine.connect() as connection:
        platform_id = messages.find_platform_id(connection, message_id=message_id)
    if platform_id is None:
        raise parameters.unknown_message(message_id)
    everyone = sent_messages.Viewer(user_id=0, platform_id=platform_id, administered=(platform_id,))

    def source(connection: Connection) -> actions.Found:
        return actions.find_for(connection, everyone, message_id)

    with engine.connect() as connection:
        source(connection)
    return source


def _signing_key() -> evidence_keys.SigningKey:
    folder = connect.evidence_keys()
    try:
        key = evidence_keys.find_signing(folder)
    except (OSError, evidence_keys.BadKeyError) as error:
        raise click.ClickException(f"The key cannot be read: {error}") from None
    if key is None:
        raise click.ClickException(f"There is no key in {folder}: make one with `message-hub evidence keys new`.")
    return key


def _write(path: Path, message_id: uuid.UUID, what: str, content: Iterable[bytes]) -> None:
    """Writes a file that only its owner can read, and an event in the audit trail however that ends."""
    size = 0
    detail = f"{what}: not complete"
    try:
        with _opened(path) as file, connect.engine(None) as owner:
            try:
                for part in content:
                    size += file.write(part)
                detail = f"{what}: {size} bytes"
            finally:
                with owner.begin() as connection:
                    audit.insert(
                        connection, action="export", message_id=message_id, operator=operator.name(), detail=detail
                    )
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}.") from None
    click.echo(f"Wrote {path}.", err=True)


def _opened(path: Path) -> BinaryIO:
    path.touch(mode=0o600, exist_ok=False)
    return path.open("wb")


def _text(summary: actions.Summary) -> str:
    lines = [
        output.table(("", *(name.replace("_", " ") for name in _NUMBERS), "median"), _rows(summary)),
        f"Due {output.moment(summary.due_at)}; as of {output.moment(summary.as_of)}.",
    ]
    if summary.closed_because is not None:
        lines.append(f"What is outstanding is not asked for any more: the message was {summary.closed_because}.")
    return "\n".join(lines)


def _rows(summary: actions.Summary) -> Iterator[tuple[object, ...]]:
    for one in summary.data:
        yield (one.id, *_cells(one))
    yield ("all, each person once", *_cells(summary.totals))


def _cells(numbers: Numbers) -> Iterator[object]:
    for name in _NUMBERS:
        yield f"{getattr(numbers, name):,}"
    yield None if numbers.median_hours is None else output.duration(numbers.median_hours * 3_600)
