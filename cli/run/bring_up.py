"""The steps from nothing to a working hub: servers, schema, demo platform, services.

Each step waits until the one before really works. A program that dies on the way is restarted by the supervisor.
"""

import functools
import http.client
import time
from collections.abc import Callable
from contextlib import closing

import alembic.util
import sqlalchemy.exc

from cli import connect, operator
from cli.embedded import server
from cli.run import demo
from cli.run.programs import Apis
from cli.run.supervisor import Program, Supervisor
from cli.store import database
from shared import db, migrations

TIMEOUT_S = 60.0
# A program that cannot run at all has ended by then.
_STARTED_S = 1.5

Wait = Callable[[str, Callable[[], bool]], None]


def within_timeout(supervisor: Supervisor) -> Wait:
    """`wait(what, until)`: raises `EmbeddedError` once `TIMEOUT_S` have passed since now, and `supervisor.Stopped`."""
    deadline = time.monotonic() + TIMEOUT_S

    def wait(what: str, until: Callable[[], bool]) -> None:
        if not supervisor.watch(until, deadline=deadline):
            ends = "".join(f"\n\n{name} ended. Its last lines:\n{log}" for name, log in supervisor.failing().items())
            raise server.EmbeddedError(
                f"The hub did not come up within {TIMEOUT_S:.0f} s: still waiting for {what}.{ends}"
            )

    return wait


def start_services(supervisor: Supervisor, services: list[Program], apis: Apis, wait: Wait) -> None:
    """Returns once the APIs and the stream answer and every program stays up."""
    supervisor.start(*services)
    ports = {
        "compose API": apis.compose_port,
        "inbox API": apis.inbox_port,
        "stream": apis.stream_port,
        "directory": apis.directory_port,
    }
    for name, port in ports.items():
        wait(f"the {name} to answer", functools.partial(_is_ready, port))
    wait("every program to stay up", lambda: supervisor.youngest_s() > _STARTED_S)


def prepare_database(*, with_demo: bool, is_embedded: bool) -> bool:
    """Migrates and makes the demo platform; False when PostgreSQL cannot be reached. Safe to repeat."""
    try:
        with connect.engine(None) as owner:
            migrations.upgrade(owner)
            if is_embedded:
                # It has this machine's clock, and may have stood still for longer than a clock is trusted.
                with owner.begin() as connection:
                    database.confirm_clock(connection)
        if with_demo:
            with connect.engine(db.DIRECTORY_ROLE) as directory:
                demo.ensure(directory, operator=operator.name())
    except (sqlalchemy.exc.OperationalError, sqlalchemy.exc.InterfaceError):
        return False
    except (sqlalchemy.exc.SQLAlchemyError, alembic.util.CommandError) as error:
        reason = getattr(error, "orig", None) or error
        raise server.EmbeddedError(f"The database could not be prepared: {reason}") from error
    return True


def _is_ready(port: int) -> bool:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=2)) as connection:
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
