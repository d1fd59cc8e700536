"""`message-hub clock`: says whether PostgreSQL's clock is right, and takes an operator's word that it is."""

import click

from cli import connect, operator
from cli.output import count, duration
from cli.store import audit, database
from services.compose_api.store import backlog

ADVICE = "correct PostgreSQL's clock; if it is right, run `message-hub clock --confirm`"
# A clock that is corrected in small steps is not worth a line.
_TOLERATED_S = 60.0


@click.command("clock", short_help="Say whether PostgreSQL's clock is right.")
@connect.data_option
@click.option("--confirm", is_flag=True, help="PostgreSQL's clock is right: accept messages again.")
def clock(confirm: bool) -> None:
    """Say whether PostgreSQL's clock is right. While it is wrong, no message is accepted.

    --confirm ends that if the clock is right, because the hub stood still for more than a week, or messages were accepted while the clock
    was ahead. Those keep their times, and later ones of their platforms get times just after them until the clock is there.

    \b
    Example:
      message-hub clock --confirm
    """
    with connect.engine(None) as engine, engine.begin() as connection:
        if confirm:
            database.confirm_clock(connection)
            audit.insert_clock(connection, operator=operator.name())
        click.echo(f"PostgreSQL's clock: {sentence(backlog.get_backlog(connection))}.")


def sentence(found: backlog.Backlog) -> str:
    """What is wrong with the clock, or that nothing is."""
    offset, ahead = found.clock_offset_seconds, found.newest_ahead_seconds
    consequence = f": {count(found.platforms_refused, 'platform')} cannot send" if found.platforms_refused else ""
    if ahead > _TOLERATED_S:
        return f"the newest message is {duration(ahead)} ahead of it{consequence}"
    if offset < -_TOLERATED_S:
        return f"it was set back by {duration(-offset)}{consequence}"
    if consequence:
        return f"it is {duration(offset)} ahead of the last known good time{consequence}"
    return "nothing is wrong"


def is_suspect(found: backlog.Backlog) -> bool:
    """Whether `sentence` says more than that nothing is wrong."""
    return bool(
        found.platforms_refused
        or found.newest_ahead_seconds > _TOLERATED_S
        or found.clock_offset_seconds < -_TOLERATED_S
    )
