"""`message-hub scim`: what an operator does about an identity provider that writes a platform's directory."""

from datetime import timedelta
from typing import Any

import click

from cli import connect, operator, output, parameters
from services.directory import domain
from services.directory.actions import provisioning as actions
from services.directory.provisioned import Actor
from shared import db

_HELP = "The platform's key; not needed where only one is managed over SCIM."
_platform_option = click.option("--platform", "given", metavar="KEY", type=parameters.TEXT, help=_HELP)
# In `scim map`, `--platform` is what the group is mapped to.
_of_option = click.option("--of", "given", metavar="KEY", type=parameters.TEXT, help=_HELP)


@click.group("scim", short_help="Provisioning by an identity provider.")
def scim() -> None:
    """See and direct how an identity provider writes a platform's directory (SCIM).

    \b
    Example:
      message-hub scim status --platform acme
    """


@scim.command()
@_platform_option
@parameters.json_option
@connect.data_option
def status(given: str | None, as_json: bool) -> None:
    """Show the last request, users, groups that wait for a scope, and whether deactivations are refused.

    \b
    Example:
      message-hub scim status --platform acme
    """
    with connect.engine(db.DIRECTORY_ROLE) as engine:
        platform_key = actions.choose_platform(engine, given)
        found = actions.get_status(engine, platform_key=platform_key)
    output.show(vars(found), as_json, _status_text)


def _status_text(facts: dict[str, Any]) -> str:
    rows = []
    for name, value in facts.items():
        shown = output.moment(value) if name.endswith("_at") else value
        rows.append((name.replace("_", " "), shown))
    return output.table(["what", "now"], rows)


@scim.command()
@_platform_option
@click.option("--unmapped", is_flag=True, help="Only groups that mean nothing yet.")
@parameters.json_option
@connect.data_option
def groups(given: str | None, unmapped: bool, as_json: bool) -> None:
    """List the groups with the scope and role that their members get.

    \b
    Example:
      message-hub scim groups --platform acme --unmapped
    """
    with connect.engine(db.DIRECTORY_ROLE) as engine:
        platform_key = actions.choose_platform(engine, given)
        found = actions.list_groups(engine, platform_key=platform_key, is_waiting=unmapped or None)
    output.show([vars(one) for one in found], as_json, _groups_text)


def _groups_text(rows: list[dict[str, Any]]) -> str:
    return output.table(
        ["group", "name", "members", "scope", "role", "mapped by"],
        [[row["id"], row["name"], row["members"], _scope_of(row), row["role"] or "-", _mapped_by(row)] for row in rows],
    )


def _scope_of(row: dict[str, Any]) -> str:
    return f"{row['level']} {row['scope']}" if row["level"] else "-"


def _mapped_by(row: dict[str, Any]) -> str:
    if row["is_mapped"]:
        return "operator"
    if row["level"]:
        return "provider"
    return f"no scope {row['stated_scope']}" if row["stated_scope"] else "not mapped"


@scim.command("map")
@click.argument("group", type=parameters.TEXT)
@_of_option
@click.option("--clinic", metavar="ID", type=parameters.IDENTIFIER, help="The clinic with this external id.")
@click.option(
    "--organisation", metavar="ID", type=parameters.IDENTIFIER, help="The organisation with this external id."
)
@click.option("--platform", is_flag=True, help="The whole platform.")
@click.option("--role", type=click.Choice(("member", "administrator")), help="What its members are there.")
@click.option("--remove", is_flag=True, help="Leave it to the identity provider again.")
@connect.data_option
def map_(
    group: str,
    given: str | None,
    clinic: str | None,
    organisation: str | None,
    platform: bool,
    role: str | None,
    remove: bool,
) -> None:
    """Give the members of GROUP (its name or number) a role in a scope.

    It overrides what the identity provider states.

    \b
    Examples:
      message-hub scim map "Nurses North" --clinic north-1 --role member
      message-hub scim map 7 --of acme --remove
    """
    chosen = [
        (level, id_)
        for level, id_ in (
            ("clinic", clinic),
            ("organisation", organisation),
            (domain.ROOT_LEVEL, "" if platform else None),
        )
        if id_ is not None
    ]
    if remove == bool(chosen) or len(chosen) > 1 or (role is None) != remove:
        raise click.UsageError("Give --role and one of --clinic, --organisation and --platform; or --remove alone.")
    with connect.engine(db.DIRECTORY_ROLE) as engine:
        platform_key = actions.choose_platform(engine, given)
        target = actions.Target(chosen[0][0], chosen[0][1] or platform_key, role) if chosen and role else None
        done = actions.map_group(
            engine, platform_key=platform_key, group=group, target=target, actor=Actor(operator.name())
        )
    row = vars(done)
    click.echo(
        f"Group {done.id} ({output.printable(done.name)}), {output.count(done.members, 'member')}: "
        f"{_scope_of(row)}, {done.role or '-'}, {_mapped_by(row)}."
    )


@scim.command()
@_platform_option
@click.option(
    "--minutes",
    default=60,
    show_default=True,
    type=click.IntRange(1, 7 * 24 * 60),
    help="For how long nothing is refused.",
)
@connect.data_option
def resume(given: str | None, minutes: int) -> None:
    """Let the identity provider deactivate users again, after it was refused because they were unusually many.

    Look first: is what it wants to do meant? It repeats refused requests by itself.

    \b
    Example:
      message-hub scim resume --platform acme
    """
    with connect.engine(db.DIRECTORY_ROLE) as engine:
        platform_key = actions.choose_platform(engine, given)
        until = actions.resume(
            engine, platform_key=platform_key, lasts=timedelta(minutes=minutes), actor=Actor(operator.name())
        )
    click.echo(f"Deactivations on platform {platform_key} are let through until {output.moment(until)}.")


@scim.command("drop-imported")
@_platform_option
@connect.data_option
def drop_imported(given: str | None) -> None:
    """End the memberships that the last import stated, so that only groups count. Do this once the groups are right.

    \b
    Example:
      message-hub scim drop-imported --platform acme
    """
    with connect.engine(db.DIRECTORY_ROLE) as engine:
        platform_key = actions.choose_platform(engine, given)
        had = actions.drop_imported(engine, platform_key=platform_key, actor=Actor(operator.name()))
    click.echo(f"Dropped the imported memberships of {output.count(had, 'user')}.")
