"""The single checks of `message-hub doctor`: each reads one thing and says what is wrong and what to do. None repairs anything."""

import functools
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import psycopg
import redis
import sqlalchemy.exc
from sqlalchemy import Connection, Engine

from cli import output
from cli.commands import clock
from cli.embedded import postgres
from cli.output import duration, one_line
from cli.store import database, queues
from services.compose_api.store import backlog, releases
from services.fanout_worker.actions import sweep
from shared import database_errors, db, migrations, partitions, readiness, redis_client, worker_reports
from shared.auth import key_sets

ROLES = [db.COMPOSE_ROLE, db.WORKER_ROLE, db.INBOX_ROLE, db.DIRECTORY_ROLE]
_CLOCK_WARN_S = 2.0
# The leeway of the token check: with clocks further apart, valid tokens are refused.
_CLOCK_FAIL_S = 30.0
_SWEEP_WARN_S = 60.0
_OVERDUE_WARN_S = 60.0
_BACKLOG_WARN = 10_000
_REDIS_ADVICE = {
    "READONLY": "HUB_REDIS_URL names a replica: name the primary",
    "OOM": "raise its maxmemory, or see what fills it",
    "MISCONF": "Redis cannot write its own file: see its disk and its log",
    "NOREPLICAS": "its replicas are gone: start them, or lower min-replicas-to-write",
    "NOAUTH": "correct the password in HUB_REDIS_URL",
}
_DATABASE_ADVICE = {
    "25006": "promote the server, name the primary in HUB_DATABASE_URL, or switch default_transaction_read_only off",
    "53100": "its disk is full: free space or enlarge it",
    "53300": "raise its max_connections, or run fewer processes",
    "53400": "raise its temp_file_limit",
}
_KEYS_ADVICE = "set HUB_JWT_SECRET (32 characters or more) or HUB_JWKS_URL, or give each an issuer of its own"
_WORKERS_ADVICE = "check that a worker and beat are running: a sweep runs every few seconds"


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


ok, warn, fail = (functools.partial(Finding, state) for state in State)


def of_issuers(connection: Connection | None) -> Finding:
    """Neither a secret nor a JWKS address is set: correct only if every platform has an issuer of its own."""
    count, without, first = database.count_platforms(connection) if connection else (0, 0, "")
    if count and not without:
        return ok("settings", "tokens of the platforms' own issuers can be checked, and no others")
    of = f" the tokens of platform {one_line(first)}" if count else " tokens"
    others = f" and {without - 1} more" if without > 1 else ""
    return fail("settings", f"nothing to check{of}{others} with", _KEYS_ADVICE)


def of_key_set(url: str) -> Finding:
    address = key_sets.without_user(url)
    try:
        count = len(key_sets.fetch(url))
    except Exception as error:  # the server may answer anything
        why = key_sets.reason(error)
        return fail(
            "key set", f"{address} cannot be fetched: {why}", "correct HUB_JWKS_URL, or see why it does not answer"
        )
    if not count:
        return fail(
            "key set",
            f"no usable key at {address}",
            "it must publish public keys for signatures, RSA of 2,048 bits or more",
        )
    return ok("key set", f"usable keys at {address}: {count}")


def of_database(engine: Engine) -> Iterator[Finding]:
    """The checks that need PostgreSQL. Raises the driver's error when it cannot be reached."""
    with engine.connect() as connection:
        yield ok("database", f"reachable at {engine.url.host}:{engine.url.port or 5432}")
        yield from (check(connection) for check in (_version, _clock, _roles))
    yield _writes(engine)
    yield (migrated := _migrations(engine))
    if migrated.state is State.OK:
        with engine.connect() as connection:
            yield _partitions(connection)
            found = backlog.get_backlog(connection)
            drafts = releases.get_counts(connection)
            yield _administrators(connection)
        yield _times(found)
        yield _failing_batches(found.batches_failing)
        yield _sweeps(found.last_sweep_seconds)
        yield _drafts(drafts)


def of_broker(client: "redis.Redis") -> Iterator[Finding]:
    """The checks that need Redis. Raises `redis.RedisError` when it cannot be reached."""
    state = redis_client.write_state(client)
    if state in _REDIS_ADVICE:
        yield fail("broker", f"answers and takes no writes: {state}", _REDIS_ADVICE[state])
        return
    key, value = f"message_hub:doctor:{uuid.uuid4()}", b"round trip"
    started_at = time.perf_counter()
    client.set(key, value, ex=10)
    if client.getdel(key) == value:
        yield ok("broker", f"reachable, round trip {(time.perf_counter() - started_at) * 1_000:.1f} ms")
    else:
        yield fail("broker", "Redis lost a value immediately", "check its maxmemory and eviction settings")
    lengths, _taken = queues.read(client)
    waiting = ", ".join(f"{name} {length}" for name, length in lengths.items())
    too_many = sum(lengths.values()) > _BACKLOG_WARN
    yield warn("queues", waiting, "run more workers") if too_many else ok("queues", waiting)
    live = worker_reports.read(client).live_workers
    if live is not None:
        yield ok("workers", f"{live} connected") if live else warn("workers", "none is connected", _WORKERS_ADVICE)


def of_error(what: str, error: Exception) -> Finding:
    """PostgreSQL's or the driver's error, with what to do about its SQLSTATE."""
    state = database_errors.sqlstate(error) or ""
    found = one_line(getattr(error, "orig", None) or error)
    if database_errors.is_passing(error):
        return fail(what, found, _DATABASE_ADVICE.get(state, "start it, or correct HUB_DATABASE_URL"))
    return fail(what, found, "check that the user can read the hub's tables")


def _writes(engine: Engine) -> Finding:
    try:
        readiness.check_writable(engine)
    except (sqlalchemy.exc.DBAPIError, psycopg.Error) as error:
        return of_error("writes", error)
    return ok("writes", "PostgreSQL takes writes and its disk is not full")


def _version(connection: Connection) -> Finding:
    version = database.get_server_version(connection)
    major = int(version.split(".")[0].rstrip("abcdefghijklmnopqrstuvwxyz"))
    if major == postgres.VERSION:
        return ok("version", f"PostgreSQL {version}")
    advice = f"run PostgreSQL {postgres.VERSION}, the version that the hub is tested with"
    return (fail if major < postgres.VERSION else warn)("version", f"PostgreSQL {version}", advice)


def _clock(connection: Connection) -> Finding:
    before = time.time()
    theirs = database.get_time(connection)
    apart = max(before - theirs, theirs - time.time(), 0.0)
    found = f"{duration(apart)} apart from PostgreSQL's"
    if apart < _CLOCK_WARN_S:
        return ok("clock", found)
    advice = "synchronise both machines with NTP: clocks decide when tokens expire"
    return (warn if apart < _CLOCK_FAIL_S else fail)("clock", found, advice)


def _times(found: backlog.Backlog) -> Finding:
    """Whether the clock has jumped or was set back since messages were accepted."""
    if not clock.is_suspect(found):
        return ok("times", "the clock was not changed")
    return (fail if found.platforms_refused else warn)("times", clock.sentence(found), clock.ADVICE)


def _roles(connection: Connection) -> Finding:
    if without := database.list_roles_without_privileges(connection, roles=ROLES):
        return fail(
            "roles",
            f"the database was restored without the roles or their privileges: {', '.join(without)}",
            "run `message-hub migrate` as the schema's owner, then `psql -f deploy/logins.sql`; `docker compose up` runs both",
        )
    missing = database.list_unusable_roles(connection, roles=ROLES)
    if not missing:
        return ok("roles", "this user can act as each service")
    return fail(
        "roles",
        f"missing, or not granted to this user: {', '.join(missing)}",
        "run `message-hub migrate` as the schema's owner, and grant each service's role to the user it connects as",
    )


def _migrations(engine: Engine) -> Finding:
    current, head = migrations.current(engine), migrations.head()
    if current == head:
        return ok("migrations", f"up to date ({head})")
    if current > head:
        advice = "nothing after a rollback; otherwise install the newer release"
        return warn("migrations", f"{current}, newer than this release ({head})", advice)
    return fail("migrations", f"at {current or 'nothing'}, this release needs {head}", "run `message-hub migrate`")


def _partitions(connection: Connection) -> Finding:
    expected = database.list_expected_months(connection, ahead=sweep.MONTHS_AHEAD)
    missing = sorted(set(expected) - set(partitions.list_months(connection)))
    if not missing:
        return ok("partitions", f"{expected[0]} to {expected[-1]} are there")
    # Without this month's partition nothing can be delivered now; the others are needed later.
    advice = "the sweep makes them: check that a worker and beat are running"
    return (fail if expected[0] in missing else warn)("partitions", f"missing: {', '.join(missing)}", advice)


def _administrators(connection: Connection) -> Finding:
    without = database.list_platforms_without_administrator(connection)
    if not without:
        return ok("platforms", "each has an active administrator")
    return warn(
        "platforms",
        f"without an active administrator: {output.first_few(without)}",
        "import a directory in which an active user is administrator at level platform",
    )


def _failing_batches(failing: int) -> Finding:
    if not failing:
        return ok("batches", "none is failing")
    what = output.count(failing, "batch keeps", "batches keep")
    return warn("batches", f"{what} failing", "`message-hub status` shows the errors")


def _sweeps(age_s: float | None) -> Finding:
    if age_s is None:
        return warn("sweeps", "no sweep has been seen", _WORKERS_ADVICE)
    last = f"the last {duration(age_s)} ago"
    return ok("sweeps", last) if age_s <= _SWEEP_WARN_S else fail("sweeps", last, _WORKERS_ADVICE)


def _drafts(found: releases.Counts) -> Finding:
    if found.held:
        return warn("drafts", "all releases are on hold", "`message-hub drafts resume` ends that")
    if found.overdue_seconds > _OVERDUE_WARN_S:
        late = f"the first that is due is {duration(found.overdue_seconds)} late"
        return fail("drafts", late, "check that a compose_api is running, and its log")
    return ok("drafts", output.count(found.scheduled, "draft waits", "drafts wait") + " for their time")
