"""`message-hub audit`: who composed, recalled, imported, repaired and changed platforms, when, from where, and with what outcome."""

import uuid
from datetime import datetime, timedelta

import click

from cli import connect, output, parameters
from cli.store import audit as audit_store
from cli.store import database


@click.command("audit", short_help="Show who did what.")
@connect.data_option
@click.option("--platform", metavar="KEY", type=parameters.TEXT, help="Only of this platform.")
@click.option("--message", "message_id", metavar="ID", type=click.UUID, help="Only about this message.")
@click.option("--since", type=parameters.Since(), help="Only since then: 90m, 12h, 7d, 2w, or a date or time (UTC).")
@click.option(
    "--limit", default=100, show_default=True, type=click.IntRange(1, 100_000), help="At most so many, the newest."
)
@parameters.json_option
def audit(
    platform: str | None,
    message_id: uuid.UUID | None,
    since: datetime | timedelta | None,
    limit: int,
    as_json: bool,
) -> None:
    """Show the audit trail, oldest first: composing, recalls, exports, sign-ins, imports, changes of platforms and scopes,
    repairs, retries, and what of it was refused.

    \b
    Examples:
      message-hub audit --since 7d
      message-hub audit --message 0190f5fe-6f43-7d84-8f6c-0e1a5c2a3b4d --json
    """
    with connect.engine(None) as engine, engine.connect() as connection:
        platform_id = None if platform is None else parameters.read_platform(connection, platform)
        moment = None if since is None else database.moment_of(connection, since)
        events = audit_store.list_events(
            connection, limit=limit, platform_id=platform_id, message_id=message_id, since=moment
        )
    if as_json:
        for event in events:
            output.show(event, as_json, str, indent=None)
    elif events:
        click.echo(_text(events))
    else:
        click.echo("No event matches.", err=True)


def _text(events: list[audit_store.Event]) -> str:
    header = ("when (UTC)", "platform", "who", "from", "what", "outcome", "message or version", "detail")
    return output.table(header, map(_row, events))


def _row(event: audit_store.Event) -> tuple[object, ...]:
    version = None if event.directory_version is None else f"version {event.directory_version}"
    return (
        output.moment(event.happened_at).removesuffix(" UTC"),
        event.platform,
        event.who,
        event.address,
        event.action,
        f"{event.outcome}: {event.reason}" if event.reason else event.outcome,
        event.message_id or version,
        event.detail,
    )
