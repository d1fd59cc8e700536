"""`message-hub doctor`: checks a whole hub and says what is wrong and what to do."""

from collections.abc import Iterator

import click
import redis
import sqlalchemy.exc

from cli import connect
from cli.commands import doctor_checks
from cli.commands.doctor_checks import Finding, State
from cli.output import one_line
from cli.store import database
from shared import redis_client, settings

_COLOURS = {State.OK: "green", State.WARN: "yellow", State.FAIL: "red"}


@click.command("doctor", short_help="Check a whole hub.")
@connect.data_option
def doctor() -> None:
    """Check settings, PostgreSQL, Redis, workers and ports: one line each, with what to do. Exit code 1 if anything fails.

    \b
    Example:
      message-hub doctor --data /tmp/hub
    """
    failed = 0
    for finding in _findings():
        failed += finding.state is State.FAIL
        state = click.style(f"{finding.state.value:4}", fg=_COLOURS[finding.state])
        advice = f" → {finding.advice}" if finding.advice else ""
        click.echo(f"{state}  {finding.what:<12}{finding.found}{advice}")
    if failed:
        raise click.exceptions.Exit(1)


def _findings() -> Iterator[Finding]:
    running = connect.data_folder().running()
    yield from _settings()
    yield from _database()
    yield from _broker()
    if running is not None:
        yield doctor_checks.of_port("compose API", running.compose_url)
        yield doctor_checks.of_port("inbox API", running.inbox_url)
        yield doctor_checks.of_port("live stream", running.stream_url)


def _settings() -> Iterator[Finding]:
    try:
        auth = settings.read(settings.read_auth)
    except settings.SettingsError as error:
        yield Finding(State.FAIL, "settings", one_line(error), "correct these variables")
        return
    if auth.secret or auth.jwks_url or connect.data_folder().jwt_secret():
        yield Finding(State.OK, "settings", "tokens can be checked")
    else:
        yield _without_keys()


def _without_keys() -> Finding:
    """Neither a secret nor a JWKS address is set: correct only if every platform has an issuer of its own."""
    advice = "set HUB_JWT_SECRET (32 characters or more) or HUB_JWKS_URL, or give each an issuer of its own"
    try:
        with connect.engine(None) as engine, engine.connect() as connection:
            count, without, first = database.count_platforms(connection)
    except (click.ClickException, settings.SettingsError, sqlalchemy.exc.DBAPIError):
        count = without = 0
    if not count:
        return Finding(State.FAIL, "settings", "nothing to check tokens with", advice)
    if without:
        others = "" if without == 1 else f" and {without - 1} more"
        what = f"nothing to check the tokens of platform {one_line(first)}{others} with"
        return Finding(State.FAIL, "settings", what, advice)
    return Finding(State.OK, "settings", "tokens of the platforms' own issuers can be checked, and no others")


def _database() -> Iterator[Finding]:
    try:
        with connect.engine(None) as engine:
            yield from doctor_checks.of_database(engine)
    except (click.ClickException, settings.SettingsError) as error:
        yield Finding(State.FAIL, "database", one_line(error))
    except sqlalchemy.exc.OperationalError as error:
        yield Finding(State.FAIL, "database", one_line(error.orig), "start it, or correct HUB_DATABASE_URL")
    except sqlalchemy.exc.DBAPIError as error:
        yield Finding(State.FAIL, "database", one_line(error.orig), "check that the user can read the hub's tables")


def _broker() -> Iterator[Finding]:
    try:
        with redis_client.make(connect.redis_url()) as client:
            yield from doctor_checks.of_broker(client)
    except (click.ClickException, settings.SettingsError) as error:
        yield Finding(State.FAIL, "broker", one_line(error))
    except redis.RedisError as error:
        yield Finding(State.FAIL, "broker", one_line(error), "start it, or correct HUB_REDIS_URL")
