"""The steps from nothing to a working hub: servers, schema, demo platform, services.

Each step waits until the one before really works. A program that dies on the way is restarted by the supervisor.
"""

import functools
import http.client
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

import alembic.util
import sqlalchemy.exc
from sqlalchemy import Engine

from cli import operator
from cli.embedded import server
from cli.run import demo
from cli.run.programs import Apis
from cli.run.supervisor import Program, Supervisor
from shared import db, migrations

TIMEOUT_S = 60.0
# A program that cannot run at all has ended by then.
_STARTED_S = 1.5


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to start in which order. `make_engine(role)` is called once PostgreSQL answers."""

    servers: list[server.Server]
    server_programs: list[Program]
    service_programs: list[Program]
    apis: Apis
    make_engine: Callable[[str | None], Engine]
    with_demo: bool


def bring_up(plan: Plan, supervisor: Supervisor, *, on_servers: Callable[[], None]) -> None:
    """Returns once the APIs and the stream answer and every program stays up. `on_servers` is called when the servers are ready.

    Raises `EmbeddedError` after `TIMEOUT_S` or when the database cannot be migrated, and `supervisor.Stopped`.
    """
    deadline = time.monotonic() + TIMEOUT_S

    def wait(what: str, until: Callable[[], bool]) -> None:
        if not supervisor.watch(until, deadline=deadline):
            ends = "".join(f"\n\n{name} ended. Its last lines:\n{log}" for name, log in supervisor.failing().items())
            raise server.EmbeddedError(
                f"The hub did not come up within {TIMEOUT_S:.0f} s: still waiting for {what}.{ends}"
            )

    supervisor.start(*plan.server_programs)
    for one in plan.servers:
        wait(f"{one.name} to answer", one.is_ready)
    on_servers()
    wait("the database to be migrated", lambda: _prepare_database(plan))
    supervisor.start(*plan.service_programs)
    ports = {"compose API": plan.apis.compose_port, "inbox API": plan.apis.inbox_port, "stream": plan.apis.stream_port}
    for name, port in ports.items():
        wait(f"the {name} to answer", functools.partial(_is_ready, port))
    wait("every program to stay up", lambda: supervisor.youngest_s() > _STARTED_S)


def _prepare_database(plan: Plan) -> bool:
    """Migrates and makes the demo platform; False when PostgreSQL cannot be reached. Safe to repeat."""
    owner, directory = plan.make_engine(None), plan.make_engine(db.DIRECTORY_ROLE)
    try:
        migrations.upgrade(owner)
        if plan.with_demo:
            demo.ensure(directory, operator=operator.name())
    except (sqlalchemy.exc.OperationalError, sqlalchemy.exc.InterfaceError):
        return False
    except (sqlalchemy.exc.SQLAlchemyError, alembic.util.CommandError) as error:
        reason = getattr(error, "orig", None) or error
        raise server.EmbeddedError(f"The database could not be prepared: {reason}") from error
    finally:
        owner.dispose()
        directory.dispose()
    return True


def _is_ready(port: int) -> bool:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=2)) as connection:
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
