"""`message-hub platform` makes or changes a platform, `message-hub platforms` lists them. The rest is in services.directory."""

from pathlib import Path
from typing import Any

import click

from cli import connect, operator, output, parameters
from services.directory import domain
from services.directory.actions import platforms as actions
from services.directory.actions import providers
from services.directory.store import providers as store
from shared import db


@click.command()
@click.argument("key", type=parameters.TEXT)
@click.option("--name", type=parameters.TEXT, help="The platform's name for people.")
@click.option("--plan", type=click.Choice(domain.PLANS), help="Only enterprise platforms can send.")
@click.option(
    "--issuer",
    type=parameters.TEXT,
    help="The `iss` of the platform's own tokens. Needs --jwks-url; two empty values remove both.",
)
@click.option("--jwks-url", type=parameters.TEXT, help="Where that issuer publishes its keys.")
@click.option(
    "--managed-by",
    type=click.Choice(domain.MANAGERS),
    help="What changes the directory: `message-hub import`, or an identity provider over SCIM. The other is refused.",
)
@click.option(
    "--oidc-issuer",
    type=parameters.TEXT,
    help="Where the platform's people sign in to the console: the provider's https:// address. Empty removes it.",
)
@click.option("--oidc-client-id", type=parameters.TEXT, help="The client id that the provider gave the hub.")
@click.option(
    "--oidc-client-secret-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file with the client secret. An empty file removes it.",
)
@click.option(
    "--oidc-user-claim",
    type=click.Choice(providers.CLAIMS),
    help="The claim that is a user's external id (sub, or oid for Entra ID), or email.  [default: sub]",
)
@click.option(
    "--oidc-email-domain",
    "oidc_email_domains",
    type=parameters.TEXT,
    multiple=True,
    help="A domain of the people's e-mail addresses, to sign in with instead of KEY. Repeat it for all of them; empty removes all.",
)
@click.option(
    "--category",
    "categories",
    multiple=True,
    type=parameters.TEXT,
    help="What messages can be about; repeat it for each, at most 20. Replaces the categories there are.  "
    f"[default: {', '.join(domain.DEFAULT_CATEGORIES)}]",
)
@click.option("--yes", is_flag=True, help="Do not ask before an enterprise platform loses sending.")
@connect.data_option
def platform(
    key: str,
    name: str | None,
    plan: str | None,
    issuer: str | None,
    jwks_url: str | None,
    managed_by: str | None,
    categories: tuple[str, ...],
    yes: bool,
    **oidc: Any,
) -> None:
    """Make the platform KEY, or change it.

    Tokens and the other commands name the platform by KEY, which never changes. What is not given stays as it is; a new platform
    needs --name and --plan.

    \b
    Examples:
      message-hub platform acme --name "Acme Telehealth" --plan enterprise
      message-hub platform acme --managed-by scim
      message-hub platform acme --category service --category training
    """
    wanted = _read_provider(**oidc)
    with connect.engine(db.DIRECTORY_ROLE) as engine:
        before = {one.key: one.plan for one in actions.list_platforms(engine)}
        if before.get(key) == "enterprise" and plan not in (None, "enterprise") and not yes:
            click.confirm(
                f"Nobody on platform {key} will be able to send messages any more. Continue? (--yes skips this question)",
                abort=True,
                err=True,
            )
        change = actions.put_platform(
            engine,
            key=key,
            name=name,
            plan=plan,
            issuer=issuer,
            jwks_url=jwks_url,
            managed_by=managed_by,
            categories=categories,
            operator=operator.name(),
        )
        if not wanted.is_empty:
            provider = providers.put_provider(engine, key=key, wanted=wanted, operator=operator.name())
    made = change.platform
    tokens = f", tokens from {made.issuer}" if made.issuer else ""
    over_scim = ", managed over SCIM" if made.managed_by == domain.SCIM else ""
    click.echo(
        f"Platform {made.key} {change.outcome}: {made.name}, plan {made.plan}{tokens}{over_scim}, "
        f"directory version {made.directory_version}."
    )
    if not wanted.is_empty:
        click.echo(_sign_in(provider, made.key))


def _sign_in(provider: store.Provider | None, key: str) -> str:
    if provider is None:
        return "Sign-in removed."
    domains = f", also with addresses at {', '.join(provider.email_domains)}" if provider.email_domains else ""
    return (
        f"Sign-in at {provider.issuer} as {provider.client_id}, by {provider.user_claim}{domains}. "
        f"Check it with `message-hub oidc check {key}`."
    )


def _read_provider(
    oidc_issuer: str | None,
    oidc_client_id: str | None,
    oidc_client_secret_file: Path | None,
    oidc_user_claim: str | None,
    oidc_email_domains: tuple[str, ...],
) -> providers.Wanted:
    secret = None
    if oidc_client_secret_file is not None:
        try:
            secret = oidc_client_secret_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise click.ClickException("The file with the client secret cannot be read.") from None
    return providers.Wanted(oidc_issuer, oidc_client_id, secret, oidc_user_claim, oidc_email_domains or None)


@click.command(short_help="List the platforms.")
@parameters.json_option
@connect.data_option
def platforms(as_json: bool) -> None:
    """List the platforms with their plan, directory version and issuer.

    \b
    Example:
      message-hub platforms --json
    """
    with connect.engine(db.DIRECTORY_ROLE) as engine:
        found = actions.list_platforms(engine)
    if not found and not as_json:
        click.echo("There is no platform yet: make one with `message-hub platform`.", err=True)
        return
    rows = [{name: value for name, value in vars(one).items() if name != "id"} for one in found]
    output.show(rows, as_json, _text)


def _text(rows: list[dict[str, object]]) -> str:
    names = ("key", "name", "plan", "directory_version", "issuer")
    return output.table(
        [name.replace("_", " ") for name in names],
        [[row[name] if row[name] is not None else "-" for name in names] for row in rows],
    )
