"""`message-hub env`: the settings that reach the servers of the running hub."""

import shlex

import click

from cli import connect


@click.command("env", short_help="Print the running hub's HUB_… variables.")
@connect.data_option
def env() -> None:
    """Print the HUB_… variables of the running hub, for psql and other programs.

    \b
    Example:
      eval "$(message-hub env)" && psql "$HUB_DATABASE_URL"
    """
    running = connect.running("HUB_DATABASE_URL")
    variables = {
        "HUB_DATABASE_URL": running.database_url,
        "HUB_REDIS_URL": running.redis_url,
        "HUB_JWT_SECRET": running.jwt_secret,
    }
    for name, value in variables.items():
        click.echo(f"export {name}={shlex.quote(value)}")
