"""`message-hub doctor`: checks a whole hub and says what is wrong and what to do."""

from collections.abc import Callable, Iterator

import click
import psycopg
import redis
import sqlalchemy.exc

from cli import connect
from cli.commands import doctor_checks as checks
from cli.commands import doctor_services
from cli.commands.doctor_checks import Finding, State
from cli.output import one_line
from shared import redis_client, settings

_COLOURS = {State.OK: "green", State.WARN: "yellow", State.FAIL: "red"}
_UNKNOWN = (click.ClickException, settings.SettingsError)


@click.command("doctor", short_help="Check a whole hub.")
@connect.data_option
def doctor() -> None:
    """Check settings, PostgreSQL, Redis, workers, APIs and stream: one line each, with what to do. Exit code 1 if anything fails.

    \b
    Example:
      message-hub doctor --data /tmp/hub
    """
    failed = False
    for finding in _findings():
        failed |= finding.state is State.FAIL
        state = click.style(f"{finding.state.value:4}", fg=_COLOURS[finding.state])
        advice = f" → {finding.advice}" if finding.advice else ""
        click.echo(f"{state}  {finding.what:<11} {finding.found}{advice}")
    if failed:
        raise click.exceptions.Exit(1)


def _findings() -> Iterator[Finding]:
    yield from _or_why_not("settings", _settings)
    yield from _or_why_not("database", _database)
    yield from _or_why_not("broker", _broker)
    yield from _or_why_not("services", _services)


def _or_why_not(what: str, check: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from check()
    except _UNKNOWN as error:
        yield checks.fail(what, one_line(error), "correct these variables" if what == "settings" else "")
    except (sqlalchemy.exc.DBAPIError, psycopg.Error) as error:
        yield checks.of_error(what, error)
    except redis.RedisError as error:
        yield checks.fail(what, one_line(error), "start it, or correct HUB_REDIS_URL")


def _settings() -> Iterator[Finding]:
    auth = settings.read(settings.read_auth)
    if auth.jwks_url:
        yield checks.of_key_set(auth.jwks_url)
    if auth.secret or auth.jwks_url or connect.data_folder().jwt_secret():
        yield checks.ok("settings", "tokens can be checked")
        return
    try:
        with connect.engine(None) as engine, engine.connect() as connection:
            yield checks.of_issuers(connection)
    except (*_UNKNOWN, sqlalchemy.exc.DBAPIError):
        yield checks.of_issuers(None)


def _database() -> Iterator[Finding]:
    with connect.engine(None) as engine:
        yield from checks.of_database(engine)


def _services() -> Iterator[Finding]:
    yield from doctor_services.of_services(connect.service_urls(), connect.gateway_url())


def _broker() -> Iterator[Finding]:
    with redis_client.make(connect.redis_url()) as client:
        yield from checks.of_broker(client)
