"""The `message-hub` command: its subcommands, and how their errors are reported."""

import logging
from typing import Any

import click
import psycopg
import redis
import sqlalchemy.exc

from cli.commands import (
    acknowledgements,
    audit,
    clock,
    doctor,
    drafts,
    env,
    erase,
    evidence,
    explain,
    import_,
    migrate,
    oidc,
    platform,
    retry,
    run,
    scim,
    scim_token,
    sessions,
    status,
    token,
    verify,
)
from cli.embedded import server
from cli.output import one_line
from services.directory import errors
from shared import database_errors, settings


class _Commands(click.Group):
    """Known errors of every command become one sentence and exit code 1."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except (server.EmbeddedError, errors.DirectoryError) as error:
            raise click.ClickException(str(error)) from None
        except settings.SettingsError as error:
            raise click.ClickException(f"These settings are missing or wrong:\n{error}") from None
        except (sqlalchemy.exc.DBAPIError, psycopg.Error) as error:
            raise click.ClickException(_about_database(error)) from None
        except redis.RedisError as error:
            raise click.ClickException(f"Redis cannot be reached or refused: {one_line(error)}") from None


def _about_database(error: sqlalchemy.exc.DBAPIError | psycopg.Error) -> str:
    state, why = database_errors.sqlstate(error), one_line(getattr(error, "orig", error))
    if state in ("42P01", "42703"):
        return "The database's schema is older than this release: run `message-hub migrate`."
    if state == "25006":
        return f"PostgreSQL takes no writes now, it is a standby or default_transaction_read_only is on: {why}"
    if database_errors.is_passing(error):
        return f"PostgreSQL cannot be reached or did not finish: {why}"
    return f"PostgreSQL refused: {why}"


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="message-hub", prog_name="message-hub")
def commands() -> None:
    """Message Hub: one-way messages from a platform's administrators to everyone beneath them.

    \b
    Example:
      message-hub run
    """
    # Alembic logs each step; a command prints the outcome.
    logging.getLogger("alembic").setLevel(logging.WARNING)


for _command in (
    run.run,
    env.env,
    platform.platform,
    platform.platforms,
    import_.import_,
    erase.erase,
    token.token,
    scim_token.scim_token,
    scim.scim,
    status.status,
    retry.retry,
    audit.audit,
    drafts.drafts,
    acknowledgements.acknowledgements,
    evidence.evidence,
    verify.verify,
    explain.explain,
    doctor.doctor,
    clock.clock,
    migrate.migrate,
    oidc.oidc,
    sessions.sessions,
):
    commands.add_command(_command)


def main() -> None:
    """What the console script calls."""
    commands(prog_name="message-hub")
