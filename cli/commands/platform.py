"""`message-hub platform`: makes a platform, or updates it. The rest is in services.directory."""

import click

from cli import connect, operator, parameters
from services.directory import actions, domain
from shared import db


@click.command()
@click.argument("key", type=parameters.TEXT)
@click.option("--name", required=True, type=parameters.TEXT, help="The platform's name as people read it.")
@click.option("--plan", required=True, type=click.Choice(domain.PLANS), help="Only enterprise platforms may send.")
@click.option(
    "--issuer",
    type=parameters.TEXT,
    help="The `iss` of the platform's own tokens. Together with --jwks-url; empty removes both.",
)
@click.option("--jwks-url", type=parameters.TEXT, help="Where the keys of that issuer are published.")
@connect.data_option
def platform(key: str, name: str, plan: str, issuer: str | None, jwks_url: str | None) -> None:
    """Make the platform KEY, or update it.

    KEY is what tokens and the other commands call the platform; it never changes. An issuer that is not mentioned stays as
    it is.

    \b
    Example:
      message-hub platform acme --name "Acme Telehealth" --plan enterprise
    """
    with connect.engine(db.DIRECTORY_ROLE) as engine:
        change = actions.put_platform(
            engine, key=key, name=name, plan=plan, issuer=issuer, jwks_url=jwks_url, operator=operator.name()
        )
    made = change.platform
    tokens = f", tokens from {made.issuer}" if made.issuer else ""
    click.echo(
        f"Platform {made.key} {change.outcome}: {made.name}, plan {made.plan}{tokens}, "
        f"directory version {made.directory_version}."
    )
