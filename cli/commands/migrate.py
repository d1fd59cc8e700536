"""`message-hub migrate`: brings the database's schema up to this release."""

import click

from cli import connect
from shared import migrations


@click.command("migrate", short_help="Bring the schema up to this release.")
@connect.data_option
def migrate() -> None:
    """Bring the database's schema up to this release. Safe to repeat and to run twice at once.

    Each run also gives the services' roles their privileges, which a restored database lacks. A schema that is newer than this
    release, as after a rollback, stays as it is.

    \b
    Example:
      HUB_DATABASE_URL=postgresql://hub:…@db/hub message-hub migrate
    """
    with connect.engine(None) as engine:
        before, head = migrations.current(engine), migrations.head()
        if before > head:
            click.echo(f"The schema ({before}) is newer than this release ({head}). Nothing was changed.")
            return
        migrations.upgrade(engine)
        after = migrations.current(engine)
    click.echo(
        f"The schema is up to date ({after})."
        if before == after
        else f"The schema is now at {after} (was: {before or 'empty'})."
    )
