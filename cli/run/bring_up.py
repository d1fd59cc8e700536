"""The steps from nothing to a working hub: servers, schema, demo platform, services. Runs beside the supervisor.

Called by `message-hub run` in a thread of its own. Each step waits until the one before has really worked, all of them
together no longer than `TIMEOUT_S`; a server that dies on the way is started again by the supervisor and simply waited for.
"""

import functools
import http.client
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

import sqlalchemy.exc
from sqlalchemy import Engine

from cli import operator
from cli.embedded import server
from cli.run import demo
from cli.run.programs import Apis
from cli.run.supervisor import Program, Supervisor
from shared import db, migrations

TIMEOUT_S = 60.0
# Long enough for a program that cannot run at all to have ended.
_ALIVE_S = 1.5
_POLL_S = 0.1


class NotUpError(Exception):
    """The hub did not come up; the message says how far it came and what ended."""


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
    """Returns once both APIs answer and every program stays up. `on_servers` is called when the servers are ready.

    Raises `NotUpError` after `TIMEOUT_S`, and whatever a migration or the demo raises that waiting does not mend.
    """
    deadline = time.monotonic() + TIMEOUT_S
    supervisor.start(*plan.server_programs)
    for one in plan.servers:
        _wait(supervisor, deadline, f"{one.name} to answer", one.is_ready)
    on_servers()
    _wait(supervisor, deadline, "the database to be migrated", lambda: _prepare_database(plan))
    supervisor.start(*plan.service_programs)
    for name, port in (("compose API", plan.apis.compose_port), ("inbox API", plan.apis.inbox_port)):
        _wait(supervisor, deadline, f"the {name} to answer", functools.partial(_is_ready, port))
    names = {program.name for program in plan.service_programs}
    _wait(supervisor, deadline, "every program to stay up", lambda: _are_alive(supervisor, names))


def _wait(supervisor: Supervisor, deadline: float, what: str, is_done: Callable[[], bool]) -> None:
    while not is_done():
        if supervisor.is_stopping():
            raise NotUpError("stopped on the way up")
        if time.monotonic() > deadline:
            ends = "".join(
                f"\n\n{name} ended. Its last lines:\n{lines}" for name, lines in supervisor.failing().items()
            )
            raise NotUpError(f"The hub did not come up within {TIMEOUT_S:.0f} s: still waiting for {what}.{ends}")
        time.sleep(_POLL_S)


def _prepare_database(plan: Plan) -> bool:
    """Migrates and makes the demo platform; False when PostgreSQL went away meanwhile. Both may be done again."""
    owner, directory = plan.make_engine(None), plan.make_engine(db.DIRECTORY_ROLE)
    try:
        migrations.upgrade(owner)
        if plan.with_demo:
            demo.ensure(directory, operator=operator.name())
    except (sqlalchemy.exc.OperationalError, sqlalchemy.exc.InterfaceError):
        return False
    finally:
        owner.dispose()
        directory.dispose()
    return True


def _are_alive(supervisor: Supervisor, names: set[str]) -> bool:
    ages = supervisor.ages()
    return all(ages.get(name, 0.0) > _ALIVE_S for name in names)


def _is_ready(port: int) -> bool:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=2)) as connection:
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
