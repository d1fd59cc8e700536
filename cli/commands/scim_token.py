"""`message-hub scim-token`: the tokens with which an identity provider writes a platform's directory."""

from datetime import datetime, timedelta
from typing import Any

import click

from cli import connect, operator, output, parameters
from services.directory.actions import scim_tokens as actions
from services.directory.provisioned import Actor
from shared import db

platform_option = click.option(
    "--platform", "platform_key", required=True, metavar="KEY", type=parameters.TEXT, help="The platform's key."
)


@click.group("scim-token", short_help="Tokens of an identity provider.")
def scim_token() -> None:
    """Create, list and revoke the tokens with which an identity provider writes a platform's directory (SCIM).

    \b
    Example:
      message-hub scim-token create --platform acme --expires 365d
    """


@scim_token.command()
@platform_option
@click.option("--expires", type=parameters.Since(), help="When it ends: in 90d, 52w, or on a date. Default: never.")
@parameters.json_option
@connect.data_option
def create(platform_key: str, expires: datetime | timedelta | None, as_json: bool) -> None:
    """Print a new token. It is shown once; the hub keeps only its hash. A platform has at most two valid ones.

    \b
    Example:
      message-hub scim-token create --platform acme --expires 365d
    """
    with connect.engine(db.DIRECTORY_ROLE) as engine:
        made = actions.create_token(engine, platform_key=platform_key, expires=expires, actor=Actor(operator.name()))
    if not as_json:
        click.echo(f"Token {made.id}, expires {output.moment(made.expires_at)}. It is not shown again:", err=True)
    output.show(made, as_json, lambda one: one.token)


@scim_token.command("list")
@platform_option
@parameters.json_option
@connect.data_option
def list_(platform_key: str, as_json: bool) -> None:
    """List a platform's tokens with their last use.

    \b
    Example:
      message-hub scim-token list --platform acme
    """
    with connect.engine(db.DIRECTORY_ROLE) as engine:
        found = actions.list_tokens(engine, platform_key=platform_key)
    output.show([vars(one) for one in found], as_json, _text)


def _text(rows: list[dict[str, Any]]) -> str:
    return output.table(
        ["token", "state", "created", "expires", "last used"],
        [
            [
                row["id"],
                "valid" if row["is_valid"] else "revoked" if row["revoked_at"] else "expired",
                *(output.moment(row[name]) for name in ("created_at", "expires_at", "last_used_at")),
            ]
            for row in rows
        ],
    )


@scim_token.command()
@platform_option
@click.argument("token", type=click.IntRange(1, 2**63 - 1))
@connect.data_option
def revoke(platform_key: str, token: int) -> None:
    """Refuse the token with the number TOKEN from now on.

    \b
    Example:
      message-hub scim-token revoke --platform acme 3
    """
    with connect.engine(db.DIRECTORY_ROLE) as engine:
        actions.revoke_token(engine, platform_key=platform_key, token_id=token, actor=Actor(operator.name()))
    click.echo(f"Token {token} of platform {platform_key} is revoked.")
