"""`message-hub erase`: erases the names and e-mail addresses of users who have left. The rest is in services.directory."""

import click

from cli import connect, operator, output, parameters
from services.directory.actions import erasure
from shared import db


@click.command("erase", short_help="Erase names of users who left.")
@click.option("--platform", "platform_key", required=True, metavar="KEY", type=parameters.TEXT, help="The platform.")
@click.option(
    "--user", metavar="ID", type=parameters.IDENTIFIER, help="This disabled user, however long ago they left."
)
@connect.data_option
def erase(platform_key: str, user: str | None) -> None:
    """Erase name and e-mail address of the users who were disabled HUB_FORMER_USER_DAYS ago.

    An import does this too; use this command for a platform without imports, or at a person's request. Messages, recipients and
    the audit trail stay; a sender is shown as "Former user". Someone who comes back gets their name from the next import.

    \b
    Examples:
      message-hub erase --platform acme
      message-hub erase --platform acme --user alice
    """
    with connect.engine(db.DIRECTORY_ROLE) as engine:
        erased = erasure.erase_former_users(
            engine,
            platform_key=platform_key,
            former_user_days=connect.former_user_days(),
            user=user,
            operator=operator.name(),
        )
    click.echo(f"Erased name and e-mail address of {output.count(erased, 'former user')}.")
