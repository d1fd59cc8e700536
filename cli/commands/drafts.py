"""`message-hub drafts`: scheduled drafts of all platforms, cancelling and releasing one, holding all."""

import uuid

import click
from sqlalchemy import Engine

from cli import connect, operator, output, parameters
from cli.store import drafts as store
from services.compose_api import draft_content
from services.compose_api.actions import releases
from services.compose_api.store.drafts import Ending
from shared import db

_STATES = ("draft", "scheduled", "released", "cancelled", "missed", "failed")
_SHOWN = ("scheduled", "missed", "failed")


@click.group(short_help="List, cancel or release scheduled drafts; hold all.")
def drafts() -> None:
    """Scheduled drafts: what waits, what was missed or failed, and what to do about it.

    \b
    Example:
      message-hub drafts list
    """


@drafts.command("list", short_help="List what waits, was missed or failed.")
@click.option("--platform", metavar="KEY", type=parameters.TEXT, help="Only of this platform.")
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice(_STATES),
    default=_SHOWN,
    show_default=True,
    help="Only these; may be repeated.",
)
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 100_000), help="At most so many.")
@parameters.json_option
@connect.data_option
def list_(platform: str | None, states: tuple[str, ...], limit: int, as_json: bool) -> None:
    """List drafts in the order of their times of sending.

    \b
    Example:
      message-hub drafts list --state scheduled --platform acme
    """
    with connect.engine(None) as engine, engine.connect() as connection:
        platform_id = None if platform is None else parameters.read_platform(connection, platform)
        found = store.list_(connection, states=list(states), platform_id=platform_id, limit=limit)
        held_at = store.find_hold(connection)
    if held_at is not None:
        click.echo(f"Releases are on hold since {output.moment(held_at)}.", err=True)
    if not found and not as_json:
        click.echo("No draft matches.", err=True)
        return
    output.show(found, as_json, _table)


@drafts.command("show", short_help="Show one draft.")
@click.argument("draft_id", metavar="ID", type=parameters.MESSAGE_ID)
@parameters.json_option
@connect.data_option
def show(draft_id: uuid.UUID, as_json: bool) -> None:
    """Show a draft, without its text, and what became of it.

    \b
    Example:
      message-hub drafts show 0190f5fe-6f43-7d84-8f6c-0e1a5c2a3b4d
    """
    with connect.engine(None) as engine:
        output.show(_find(engine, draft_id), as_json, _facts)


@drafts.command("cancel", short_help="Cancel a scheduled draft.")
@click.argument("draft_id", metavar="ID", type=parameters.MESSAGE_ID)
@connect.data_option
def cancel(draft_id: uuid.UUID) -> None:
    """Cancel a scheduled draft. Its author sees that, and can schedule it again.

    \b
    Example:
      message-hub drafts cancel 0190f5fe-6f43-7d84-8f6c-0e1a5c2a3b4d
    """
    with connect.engine(None) as engine:
        with engine.begin() as connection:
            is_cancelled = store.cancel(connection, draft_id=draft_id, operator=operator.name())
        if not is_cancelled:
            raise click.ClickException(f"This draft is not scheduled, it is {_find(engine, draft_id).state}.")
    click.echo("Cancelled.")


@drafts.command("release", short_help="Release one draft now.")
@click.argument("draft_id", metavar="ID", type=parameters.MESSAGE_ID)
@connect.data_option
def release(draft_id: uuid.UUID) -> None:
    """Release a draft that is scheduled, was missed or failed: early, late, and while releases are on hold.

    Its sender must be allowed to send it now.

    \b
    Example:
      message-hub drafts release 0190f5fe-6f43-7d84-8f6c-0e1a5c2a3b4d
    """
    with connect.engine(db.COMPOSE_ROLE) as acting:
        outcome = releases.release_draft(acting, draft_id, read=draft_content.read_content)
    with connect.engine(None) as engine:
        match outcome:
            case None:
                raise click.ClickException(f"A draft that is {_find(engine, draft_id).state} cannot be released.")
            case Ending(state, reason, detail):
                raise click.ClickException(f"It is {state}: {reason}. {detail}")
            case releases.Postponed():
                raise click.ClickException("It cannot be released now; the log line above says why. Try again.")
        with engine.begin() as connection:
            store.insert_release(connection, draft_id=draft_id, operator=operator.name())
    click.echo("Released. The next sweep begins to write it.")


@drafts.command("hold", short_help="Hold all releases.")
@connect.data_option
def hold() -> None:
    """Release no scheduled draft from now on, on any platform: for use after a restore. People can still send by hand.

    \b
    Example:
      message-hub drafts hold
    """
    click.echo("Releases are on hold." if _set_hold(is_on=True) else "Releases were on hold already.")


@drafts.command("resume", short_help="End the hold.")
@connect.data_option
def resume() -> None:
    """Release scheduled drafts again. What is too late by now becomes `missed`.

    \b
    Example:
      message-hub drafts resume
    """
    click.echo("Releases go on." if _set_hold(is_on=False) else "Releases were not on hold.")


def _set_hold(*, is_on: bool) -> bool:
    with connect.engine(None) as engine, engine.begin() as connection:
        return store.set_hold(connection, is_on=is_on, operator=operator.name())


def _find(engine: Engine, draft_id: uuid.UUID) -> store.Draft:
    with engine.connect() as connection:
        found = store.find(connection, draft_id=draft_id)
    if found is None:
        raise click.ClickException(f"There is no draft {draft_id}.")
    return found


def _table(found: list[store.Draft]) -> str:
    header = ("send at (UTC)", "state", "platform", "sender", "id", "why")
    return output.table(header, map(_row, found))


def _row(one: store.Draft) -> tuple[str | None, ...]:
    send_at = output.moment(one.send_at).removesuffix(" UTC")
    return (send_at, one.state, one.platform, one.sender, one.id, one.reason)


def _facts(one: store.Draft) -> str:
    local = f"{one.local.isoformat()} {one.time_zone}" if one.local else None
    return output.table(
        ("draft", one.id),
        (
            ("platform", one.platform),
            ("state", one.state),
            ("title", one.title),
            ("author", one.author),
            ("sender", one.sender),
            ("send at", output.moment(one.send_at)),
            ("asked for as", local),
            ("not after", output.moment(one.not_after)),
            ("changed", output.moment(one.updated_at)),
            ("ended", output.moment(one.ended_at)),
            ("reason", one.reason),
            ("detail", one.detail),
        ),
    )
