"""`message-hub run`: a whole hub on this machine, supervised until it is stopped."""

import contextlib
import functools
import http.client
import os
import shlex
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from cli import connect, operator
from cli.data_folder import AlreadyRunningError, DataFolder, Running, readable_name
from cli.embedded import files, postgres, redis, server
from cli.run import banner, bring_up, demo_messages, demo_sign_in, programs, web_pages
from cli.run.supervisor import Program, Supervisor
from services.inbox_api import evidence_keys
from shared import db, settings

# What a killed run leaves behind ends by itself, but not in the same instant.
_LEFTOVERS_TIMEOUT_S = 20.0
_PORT = click.IntRange(1, 65535)


@click.command("run", short_help="Run a whole hub on this machine.")
@connect.data_option
@click.option("--compose-port", default=8001, show_default=True, type=_PORT, help="Port of the compose API.")
@click.option("--inbox-port", default=8002, show_default=True, type=_PORT, help="Port of the inbox API.")
@click.option("--stream-port", default=8003, show_default=True, type=_PORT, help="Port of the live stream.")
@click.option("--directory-port", default=8004, show_default=True, type=_PORT, help="Port of the directory (SCIM).")
@click.option(
    "--workers", default=2, show_default=True, type=click.IntRange(0, 64), help="How many fan-out workers; 0: none."
)
@click.option("--no-demo", is_flag=True, help="Do not make the demo platform.")
def run(compose_port: int, inbox_port: int, stream_port: int, directory_port: int, workers: int, no_demo: bool) -> None:
    """Run a whole hub here: servers, APIs, live stream, directory, workers.

    PostgreSQL and Redis are started from installed packages and keep their data in the data folder, unless
    HUB_DATABASE_URL or HUB_REDIS_URL name others. A program that ends is started again. Ctrl-C stops everything.

    \b
    Example:
      message-hub run --data /tmp/hub --workers 4
    """
    options = {
        "--compose-port": compose_port,
        "--inbox-port": inbox_port,
        "--stream-port": stream_port,
        "--directory-port": directory_port,
    }
    if len(set(options.values())) < len(options):
        raise click.UsageError(
            f"The APIs, the stream and the directory need different ports: see {', '.join(options)}."
        )
    apis = programs.Apis(
        compose_port=compose_port, inbox_port=inbox_port, stream_port=stream_port, directory_port=directory_port
    )
    folder = connect.data_folder()
    with _claimed(folder):
        if folder.was_left_behind():
            _wait_for_leftovers(folder, list(options.values()))
        for option, port in options.items():
            if not files.is_free(port):
                raise click.ClickException(f"Port {port} is taken: stop what uses it, or choose another with {option}.")
        try:
            _supervise(folder, apis, workers=workers, with_demo=not no_demo)
        finally:
            folder.withdraw()


def _supervise(folder: DataFolder, apis: programs.Apis, *, workers: int, with_demo: bool) -> None:
    """Runs the hub until it is stopped."""
    secret = connect.given_jwt_secret() or folder.make_jwt_secret()
    database_url, redis_url = settings.read(settings.read_given)
    _say("Starting Message Hub …")
    servers: list[server.Server] = []
    if not database_url:
        servers.append(postgres.prepare(folder.postgres))
        database_url = servers[-1].url
    if not redis_url:
        servers.append(redis.prepare(folder.redis))
        redis_url = servers[-1].url
    given = {"HUB_DATABASE_URL": database_url, "HUB_REDIS_URL": redis_url, "HUB_JWT_SECRET": secret}
    os.environ |= given
    for name in given:
        os.environ.pop(f"{name}_FILE", None)
    settings.read(settings.read_redis_url)
    connect.make_engine(None).dispose()  # a wrong address is reported before anything starts

    demo_file = folder.demo_people if with_demo else None
    if not os.environ.get("HUB_EVIDENCE_KEYS"):
        os.environ["HUB_EVIDENCE_KEYS"] = str(folder.evidence_keys)
        if evidence_keys.find_signing(folder.evidence_keys) is None:
            evidence_keys.make(folder.evidence_keys)
    environment = {
        **{"HUB_LOG_FORMAT": "json", "HUB_DRAIN_SECONDS": "1", "PYTHONUNBUFFERED": "1"},
        **os.environ,
        **web_pages.environment(apis, os.environ, demo_file=demo_file),
    }
    services = programs.services(
        apis, workers=workers, beat_schedule=folder.beat_schedule, environment=environment, logs=folder.logs
    )
    running = Running(
        pid=os.getpid(),
        database_url=database_url,
        redis_url=redis_url,
        jwt_secret=secret,
        compose_url=apis.compose_url,
        inbox_url=apis.inbox_url,
        stream_url=apis.stream_url,
        directory_url=apis.directory_url,
    )
    with Supervisor(_tell) as supervisor:
        wait = bring_up.within_timeout(supervisor)
        supervisor.start(*programs.servers(servers, environment=environment, logs=folder.logs))
        for one in servers:
            wait(f"{one.name} to answer", one.is_ready)
        folder.announce(running)
        is_embedded = any(one.name == "postgres" for one in servers)
        wait(
            "the database to be migrated",
            lambda: bring_up.prepare_database(with_demo=with_demo, is_embedded=is_embedded),
        )
        sign_in = _demo_sign_in(folder, environment, is_wanted=with_demo) if is_embedded else None
        bring_up.start_services(supervisor, [*services, *([sign_in] if sign_in else [])], apis, wait)
        people = _demo_people(folder, apis, secret, with_messages=workers > 0) if with_demo else []
        _say(_banner(folder, apis, workers, people, has_sign_in=sign_in is not None))
        supervisor.watch()
    _say("Stopped.")


def _demo_sign_in(folder: DataFolder, environment: Mapping[str, str], *, is_wanted: bool) -> Program | None:
    """The provider at which the demo's people sign in; None without a demo, and where it is not installed."""
    with connect.engine(db.DIRECTORY_ROLE) as directory:
        if not is_wanted or not demo_sign_in.is_installed():
            demo_sign_in.withdraw(directory, operator=operator.name())
            return None
        port = files.kept_port(folder.demo_sign_in_port)
        if not demo_sign_in.register(directory, port=port, operator=operator.name()):
            return None
    return demo_sign_in.program(port, environment=environment, logs=folder.logs)


def _demo_people(folder: DataFolder, apis: programs.Apis, secret: str, *, with_messages: bool) -> list[banner.Person]:
    """The people to sign in as, for banner and pages. Without workers nothing would deliver the demo's first messages."""
    with connect.engine(None) as engine, engine.connect() as connection:
        people = banner.demo_people(connection, secret)
    if people:
        web_pages.write_people(folder.demo_people, people)
    if people and with_messages:
        try:
            demo_messages.send(apis, functools.partial(banner.demo_token, secret))
        except (OSError, http.client.HTTPException) as error:
            _say(f"The demo's first messages could not be sent: {error}")
    return people


def _banner(
    folder: DataFolder, apis: programs.Apis, workers: int, people: list[banner.Person], *, has_sign_in: bool
) -> str:
    facts = banner.Facts(
        _own_command(),
        readable_name(folder.path),
        workers=workers,
        has_pages=web_pages.are_built(),
        has_sign_in=has_sign_in,
    )
    return banner.render(apis, people, facts)


def _own_command() -> str:
    """What to type for message-hub: its name where the shell finds it, else its path (make run needs no activated .venv)."""
    if shutil.which("message-hub"):
        return "message-hub"
    return shlex.quote(readable_name(Path(sys.executable).parent / "message-hub"))


@contextlib.contextmanager
def _claimed(folder: DataFolder) -> Iterator[None]:
    name = readable_name(folder.path)
    try:
        lock = folder.claim()
    except AlreadyRunningError:
        running = folder.running()
        who = f" (process {running.pid}, {running.compose_url})" if running else ""
        raise click.ClickException(
            f"A hub is already running with the data folder {name}{who}: stop it first, or give this one another --data."
        ) from None
    except OSError as error:
        raise click.ClickException(f"The data folder {name} cannot be used: {error.strerror}.") from None
    with lock:
        yield


def _wait_for_leftovers(folder: DataFolder, ports: list[int]) -> None:
    """After a run that was killed: gives its programs time to end, so that their ports are free again."""
    for path in (folder.postgres / "port", folder.redis / "port"):
        with contextlib.suppress(OSError, ValueError):
            ports.append(int(path.read_text(encoding="utf-8")))
    deadline = time.monotonic() + _LEFTOVERS_TIMEOUT_S
    while time.monotonic() < deadline and not all(map(files.is_free, ports)):
        time.sleep(0.1)


def _tell(line: str) -> None:
    _say(f"{time.strftime('%H:%M:%S')} {line}")


def _say(text: str) -> None:
    """Prints. A closed terminal or pipe must not end the hub."""
    with contextlib.suppress(OSError, ValueError):
        click.echo(text)
        sys.stdout.flush()
