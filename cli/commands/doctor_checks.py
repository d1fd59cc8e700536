"""The single checks of `message-hub doctor`: each reads one thing and says what is wrong and what to do. None repairs anything."""

import functools
import socket
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

import redis
from sqlalchemy import Connection, Engine

from cli import output
from cli.embedded import postgres
from cli.output import duration
from cli.store import database, messages, partitions, queues
from services.compose_api.store import backlog
from services.fanout_worker.actions import sweep
from shared import db, migrations, redis_client

ROLES = [db.COMPOSE_ROLE, db.WORKER_ROLE, db.INBOX_ROLE, db.DIRECTORY_ROLE]
_CLOCK_WARN_S = 2.0
# The leeway of the token check: with clocks further apart, valid tokens are refused.
_CLOCK_FAIL_S = 30.0
_SWEEP_WARN_S = 60.0
_REDIS_ADVICE = {
    "READONLY": "HUB_REDIS_URL names a replica: name the primary",
    "OOM": "raise its maxmemory, or see what fills it",
    "MISCONF": "Redis cannot write its own file: see its disk and its log",
    "NOREPLICAS": "its replicas are gone: start them, or lower min-replicas-to-write",
    "NOAUTH": "correct the password in HUB_REDIS_URL",
}
_BACKLOG_WARN = 10_000
_CONNECT_TIMEOUT_S = 2.0


class State(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "FAIL"


@dataclass(frozen=True)
class Finding:
    """One line of output. `advice` is empty where nothing is wrong."""

    state: State
    what: str
    found: str
    advice: str = ""


_ok, _warn, _fail = (functools.partial(Finding, state) for state in State)


def of_database(engine: Engine) -> Iterator[Finding]:
    """The checks that need PostgreSQL. Raises the driver's error when it cannot be reached."""
    with engine.connect() as connection:
        yield _ok("database", f"reachable at {engine.url.host}:{engine.url.port or 5432}")
        for check in (_version, _clock, _roles):
            yield check(connection)
    migrated = _migrations(engine)
    yield migrated
    if migrated.state is State.OK:
        with engine.connect() as connection:
            for check in (_partitions, _failing_batches, _workers):
                yield check(connection)


def of_broker(client: "redis.Redis") -> Iterator[Finding]:
    """The checks that need Redis. Raises `redis.RedisError` when it cannot be reached."""
    state = redis_client.write_state(client)
    if state in _REDIS_ADVICE:
        yield _fail("broker", f"answers and takes no writes: {state}", _REDIS_ADVICE[state])
        return
    key, value = f"message_hub:doctor:{uuid.uuid4()}", b"round trip"
    started_at = time.perf_counter()
    client.set(key, value, ex=10)
    came_back = client.getdel(key) == value
    took_ms = (time.perf_counter() - started_at) * 1_000
    yield (
        _ok("broker", f"reachable, round trip {took_ms:.1f} ms")
        if came_back
        else _fail("broker", "Redis lost a value immediately", "check its maxmemory and eviction settings")
    )
    yield _backlog(queues.read(client))


def of_port(name: str, url: str) -> Finding:
    """Whether a process listens at an API's address."""
    address = urlsplit(url)
    try:
        with socket.create_connection((address.hostname or "127.0.0.1", address.port or 80), _CONNECT_TIMEOUT_S):
            return _ok(name, f"listens at {url}")
    except OSError as error:
        return _fail(name, f"nothing answers at {url}: {error.strerror or error}", "see its log")


def _version(connection: Connection) -> Finding:
    version = database.get_server_version(connection)
    if version.split(".")[0] == str(postgres.VERSION):
        return _ok("version", f"PostgreSQL {version}")
    advice = f"run PostgreSQL {postgres.VERSION}, the version that the hub is tested with"
    older = int(version.split(".")[0].rstrip("abcdefghijklmnopqrstuvwxyz")) < postgres.VERSION
    return Finding(State.FAIL if older else State.WARN, "version", f"PostgreSQL {version}", advice)


def _clock(connection: Connection) -> Finding:
    before = time.time()
    theirs = database.get_time(connection)
    after = time.time()
    apart = max(before - theirs, theirs - after, 0.0)
    state = State.OK if apart < _CLOCK_WARN_S else State.WARN if apart < _CLOCK_FAIL_S else State.FAIL
    advice = "" if state is State.OK else "synchronise both machines with NTP: clocks decide when tokens expire"
    return Finding(state, "clock", f"{duration(apart)} apart from PostgreSQL's", advice)


def _roles(connection: Connection) -> Finding:
    missing = database.list_unusable_roles(connection, roles=ROLES)
    if not missing:
        return _ok("roles", "this user can act as each service")
    return _fail(
        "roles",
        f"missing, or not granted to this user: {', '.join(missing)}",
        "run `message-hub migrate` as the schema's owner, and grant each service's role to the user it connects as",
    )


def _migrations(engine: Engine) -> Finding:
    current, head = migrations.current(engine), migrations.head()
    if current == head:
        return _ok("migrations", f"up to date ({head})")
    if current > head:
        return _warn(
            "migrations",
            f"{current}, newer than this release ({head})",
            "nothing after a rollback; otherwise install the newer release",
        )
    return _fail("migrations", f"at {current or 'nothing'}, this release needs {head}", "run `message-hub migrate`")


def _partitions(connection: Connection) -> Finding:
    there = partitions.get_partitions(connection).months
    expected = partitions.list_expected_months(connection, ahead=sweep.MONTHS_AHEAD)
    missing = [month for month in expected if month not in there]
    if not missing:
        return _ok("partitions", f"{expected[0]} to {expected[-1]} are there")
    # Without this month's partition nothing can be delivered now; the others are needed later.
    state = State.FAIL if expected[0] in missing else State.WARN
    return Finding(
        state,
        "partitions",
        f"missing: {', '.join(missing)}",
        "the sweep makes them: check that a worker and beat are running",
    )


def _failing_batches(connection: Connection) -> Finding:
    failing = messages.count_failing_batches(connection)
    if not failing:
        return _ok("batches", "none is failing")
    return _warn(
        "batches",
        f"{output.count(failing, 'batch keeps', 'batches keep')} failing",
        "`message-hub status` shows the errors",
    )


def _workers(connection: Connection) -> Finding:
    age = backlog.get_backlog(connection).last_sweep_seconds
    if age is None:
        return _warn(
            "workers",
            "no sweep has been seen",
            "check that a worker and beat are running: a sweep runs every few seconds",
        )
    last = f"last sweep {duration(age)} ago"
    if age <= _SWEEP_WARN_S:
        return _ok("workers", last)
    return _fail("workers", last, "check that a worker and beat are running; their logs say why not")


def _backlog(found: queues.Queues) -> Finding:
    waiting = ", ".join(f"{name} {length}" for name, length in found.waiting.items())
    if sum(found.waiting.values()) <= _BACKLOG_WARN:
        return _ok("queues", waiting)
    return _warn("queues", waiting, "run more workers")
