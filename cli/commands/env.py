"""`message-hub env`: how to reach the servers of the hub that runs in the data folder."""

import shlex

import click

from cli import connect
from cli.data_folder import readable_name


@click.command("env", short_help="Print the running hub's HUB_… variables.")
@connect.data_option
def env() -> None:
    """Print the HUB_… variables of the running hub, for psql and friends.

    \b
    Example:
      eval "$(message-hub env)" && psql "$HUB_DATABASE_URL"
    """
    folder = connect.data_folder()
    running = folder.running()
    if running is None:
        raise click.ClickException(
            f"No hub is running with the data folder {readable_name(folder.path)}: start it with `message-hub run`, "
            "or name its folder with --data."
        )
    variables = {
        "HUB_DATABASE_URL": running.database_url,
        "HUB_REDIS_URL": running.redis_url,
        "HUB_JWT_SECRET": running.jwt_secret,
    }
    for name, value in variables.items():
        click.echo(f"export {name}={shlex.quote(value)}")
