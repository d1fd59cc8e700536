"""`message-hub token`: a token for one user of the directory."""

import time

import click

from cli import connect, parameters
from shared import db
from shared.auth import store, tokens
from shared.auth.tokens import LONGEST_TTL_S


@click.command("token", short_help="Print a token for a user.")
@connect.data_option
@click.option("--platform", required=True, metavar="KEY", type=parameters.TEXT, help="The platform's key.")
@click.option(
    "--user",
    required=True,
    metavar="ID",
    type=parameters.IDENTIFIER,
    help="The user's id on the platform (external_id in users.csv).",
)
@click.option(
    "--ttl",
    default=3600,
    show_default=True,
    type=click.IntRange(1, LONGEST_TTL_S),
    help="For how many seconds it is good.",
)
def token(platform: str, user: str, ttl: int) -> None:
    """Print a token that the APIs accept for this user. It proves who calls; what they may do the directory says.

    \b
    Example:
      curl -H "Authorization: Bearer $(message-hub token --platform demo --user alice)" \\
        http://127.0.0.1:8002/v1/notifications
    """
    secret = connect.jwt_secret()
    with connect.engine(db.DIRECTORY_ROLE) as engine, engine.connect() as connection:
        issuer = store.find_issuer(db.driver(connection), platform=platform)
        caller = store.find_caller(db.driver(connection), platform=platform, user=user)
    if issuer is None:
        raise click.ClickException(f"There is no platform {platform}: make it with `message-hub platform`.")
    if issuer.issuer is not None:
        raise click.ClickException(
            f"The platform {platform} has its own issuer, {issuer.issuer}: only that one can make its tokens."
        )
    if caller is None:
        raise click.ClickException(f"The platform {platform} has no user {user}.")
    if not caller.is_active:
        click.echo(f"Warning: {user} is {caller.status}; the APIs will answer 403 user-inactive.", err=True)
    click.echo(tokens.make(secret, platform=platform, user=user, now=time.time(), ttl_s=ttl))
