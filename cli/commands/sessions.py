"""`message-hub sessions`: who is signed in to the console, and signing them out."""

import click

from cli import connect, operator, output, parameters
from cli.store import sessions as store


@click.group(short_help="List or end the console's sessions.")
def sessions() -> None:
    """Who is signed in to the console.

    \b
    Example:
      message-hub sessions list
    """


@sessions.command("list", short_help="List who is signed in.")
@click.option("--platform", metavar="KEY", type=parameters.TEXT, help="Only of this platform.")
@click.option("--user", metavar="ID", type=parameters.IDENTIFIER, help="Only of the user with this external id.")
@parameters.json_option
@connect.data_option
def list_(platform: str | None, user: str | None, as_json: bool) -> None:
    """List the open sessions, oldest first.

    \b
    Example:
      message-hub sessions list --platform acme
    """
    with connect.engine(None) as engine, engine.connect() as connection:
        if platform is not None:
            parameters.read_platform(connection, platform)
        found = store.list_open(connection, platform=platform, user=user)
    if not found and not as_json:
        click.echo("Nobody is signed in.", err=True)
        return
    output.show(found, as_json, _text)


@sessions.command("end", short_help="Sign people out.")
@click.option("--platform", required=True, metavar="KEY", type=parameters.TEXT, help="The platform.")
@click.option(
    "--user", metavar="ID", type=parameters.IDENTIFIER, help="The user's external id. Without it, all of the platform."
)
@click.option("--yes", is_flag=True, help="Do not ask before everybody on the platform is signed out.")
@connect.data_option
def end(platform: str, user: str | None, yes: bool) -> None:
    """End sessions at once. Tokens that a page holds are good for five more minutes at most.

    \b
    Example:
      message-hub sessions end --platform acme --user alice
    """
    if user is None and not yes:
        click.confirm(f"This signs out everybody on platform {platform}. Continue?", abort=True, err=True)
    with connect.engine(None) as engine, engine.begin() as connection:
        parameters.read_platform(connection, platform)
        count = store.end(connection, platform=platform, user=user, operator=operator.name())
    click.echo(f"{output.count(count, 'session')} ended.")


def _text(found: list[store.Session]) -> str:
    header = ("platform", "user", "signed in (UTC)", "last seen (UTC)", "ends at the latest (UTC)")
    return output.table(header, map(_row, found))


def _row(one: store.Session) -> tuple[str, ...]:
    times = (one.signed_in_at, one.last_seen_at, one.expires_at)
    return (one.platform, one.user, *(output.moment(time).removesuffix(" UTC") for time in times))
