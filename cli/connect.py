"""How commands reach PostgreSQL, Redis and the secret: from `HUB_…` variables, else from the hub running in the data folder.

Every command that needs one of them takes `@connect.data_option` and then simply asks here.
"""

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import click
import environs
import sqlalchemy
from marshmallow import validate
from sqlalchemy import Connection, Engine

from cli.data_folder import DataFolder, Running, readable_name
from services.directory import report
from shared import db, settings

DEFAULT_DATA = ".data"

_META = "message_hub.data"
# Variables, and what has the same address in a running hub.
_SERVICE_URLS = {
    "COMPOSE_API_URL": "compose_url",
    "INBOX_API_URL": "inbox_url",
    "INBOX_STREAM_URL": "stream_url",
    "DIRECTORY_API_URL": "directory_url",
}
# Commands may work for long; a service's page of messages may not.
_STATEMENT_TIMEOUT_MS = 10 * 60 * 1_000
# What an import does is slow by nature.
_SLOW_STATEMENT_MS = 60_000

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")


def data_option(command: F) -> F:
    """Adds `--data DIR` to a command. It is not handed to the function: `data_folder()` knows it."""
    return click.option(
        "--data",
        envvar="HUB_DATA",
        default=DEFAULT_DATA,
        show_default=True,
        type=click.Path(path_type=Path, file_okay=False),
        help="The data folder of the hub (also HUB_DATA).",
        expose_value=False,
        is_eager=True,
        callback=_remember_data,
    )(command)


def data_folder() -> DataFolder:
    """The data folder that the running command was given."""
    context = click.get_current_context(silent=True)
    path = context.meta.get(_META) if context else None
    return DataFolder(Path(path or os.environ.get("HUB_DATA") or DEFAULT_DATA).absolute())


def make_engine(role: str | None) -> Engine:
    """An engine that acts as `role` (see shared.db); None: as the user of the address, who owns the schema.

    It also reads from a server that takes no writes. Raises `click.ClickException` when no database is known,
    `settings.SettingsError` when its address is wrong.
    """

    def build(env: environs.Env) -> settings.Database:
        return settings.read_database(
            env, pool_size=2, statement_timeout_ms=_STATEMENT_TIMEOUT_MS, slow_statement_ms=_SLOW_STATEMENT_MS
        )

    database = _read("HUB_DATABASE_URL", lambda running: running.database_url, build)
    return db.make_engine(database, role=role, name="message-hub", needs_writes=False)


@contextlib.contextmanager
def engine(role: str | None) -> Iterator[Engine]:
    """The same, disposed of when the block ends."""
    made = make_engine(role)
    try:
        yield made
    finally:
        made.dispose()


def act_as(connection: Connection, role: str | None) -> None:
    """The statements that follow in this transaction are this service's; None: those of the connection's user, who is the owner."""
    connection.execute(sqlalchemy.text(f"SET LOCAL ROLE {role or 'NONE'}"))


def running(variable: str) -> Running:
    """The hub that runs in the data folder. `variable` is what can be set instead. Raises `click.ClickException`."""
    found = data_folder().running()
    if found is None:
        name = readable_name(data_folder().path)
        raise click.ClickException(
            f"{variable} is not set, and no hub is running here with the data folder {name}. Set {variable}; "
            "or start a hub with `message-hub run`, or name the folder of the running one with --data."
        )
    return found


def redis_url() -> str:
    """The address of Redis. Raises like `make_engine`."""
    return _read("HUB_REDIS_URL", lambda running: running.redis_url, settings.read_redis_url)


def service_urls() -> dict[str, str | None]:
    """Where each service is reached from here, by variable; those of the running hub where none is set."""
    found = data_folder().running()
    running = asdict(found) if found else {}
    urls = settings.read(lambda env: {name: settings.read_url(env, name) for name in _SERVICE_URLS})
    return {f"HUB_{name}": urls[name] or running.get(kept) for name, kept in _SERVICE_URLS.items()}


def former_user_days() -> int:
    """For how many days the directory keeps names of users who have left."""
    in_range = validate.Range(min=0, max=36_500)
    return settings.read(lambda env: env.int("FORMER_USER_DAYS", report.FORMER_USER_DAYS, validate=in_range))


def evidence_keys() -> Path:
    """The folder of the keys that sign evidence: HUB_EVIDENCE_KEYS, else the data folder's."""
    return settings.read(lambda env: settings.read_folder(env, "EVIDENCE_KEYS")) or data_folder().evidence_keys


def gateway_url() -> str | None:
    return settings.read(lambda env: settings.read_url(env, "GATEWAY_URL"))


def jwt_secret() -> str:
    """The secret that signs tokens: HUB_JWT_SECRET (or its _FILE), else the data folder's."""
    secret = given_jwt_secret() or data_folder().jwt_secret()
    if secret is None:
        name = readable_name(data_folder().path)
        raise click.ClickException(
            f"There is no secret to sign tokens with: set HUB_JWT_SECRET, or start the hub once with the data folder {name}."
        )
    return secret


def given_jwt_secret() -> str | None:
    """HUB_JWT_SECRET or the content of HUB_JWT_SECRET_FILE, if either is set. Raises `settings.SettingsError`."""
    return settings.read(settings.read_auth).secret


def _read(variable: str, value: Callable[[Running], str], build: Callable[[environs.Env], T]) -> T:
    """The settings that `build` reads; where `variable` is not set, `value` of the running hub stands for it."""
    if os.environ.get(variable) or os.environ.get(f"{variable}_FILE"):
        return settings.read(build)
    os.environ[variable] = value(running(variable))
    try:
        return settings.read(build)
    finally:
        del os.environ[variable]


def _remember_data(context: click.Context, _parameter: click.Parameter, value: Path) -> Path:
    context.meta[_META] = value
    return value
