"""The servers and databases that tests use: real PostgreSQL and Redis, one pair per pytest process, gone afterwards.

- Store and action tests: `connection(role)`, one transaction that is rolled back.
- Tests that commit, or need several connections: `database_url` or `make_engine(role)`, a database of their own.
- Whatever publishes a task: `published`. Whatever really needs a broker: `redis_url`.
"""

import contextlib
import itertools
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import redis
import sqlalchemy
import structlog
from psycopg import sql
from sqlalchemy import Connection, Engine
from xdist.remote import Producer

from cli.embedded import postgres as embedded_postgres
from cli.embedded import redis as embedded_redis
from cli.embedded import server
from shared import broker, contracts, db, migrations, settings
from tests import distribution

for _name in [name for name in os.environ if name.startswith("HUB_")]:
    del os.environ[_name]
# Whoever connects here by mistake reads in the error what was forgotten.
os.environ["HUB_REDIS_URL"] = "redis://this-test-forgot-to-ask-for-the-fixture-redis_url.invalid:1/0"

# The programs that tests start would otherwise compile the product each time.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# The usual traceback shows local variables: a second of processor time for one of an engine's, in the thread of an event loop.
structlog.configure(
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
    ]
)

# Data of servers are kept in memory where there is room for all of them: CREATE DATABASE takes a third of the time.
# Some tests also run programs from there.
_MEMORY = Path("/dev/shm")
if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > 4 * 1024**3 and not os.statvfs(_MEMORY).f_flag & os.ST_NOEXEC:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))

_TEMPLATE = "template_hub"
_numbers = itertools.count(1)

MakeEngine = Callable[..., Engine]
Connect = Callable[..., Connection]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In each process of a parallel run."""
    if hasattr(config, "workerinput"):
        items[:] = distribution.order(items)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> distribution.Scheduling | None:
    return distribution.Scheduling(config, log) if config.getvalue("dist") == "loadfile" else None


def database_settings(url: str, *, pool_size: int = 5) -> settings.Database:
    """How tests reach a database: as the services do, with short limits."""
    return settings.Database(
        url=url,
        pool_size=pool_size,
        pool_timeout_ms=10_000,
        connect_timeout_s=5,
        statement_timeout_ms=30_000,
        lock_timeout_ms=10_000,
        idle_in_transaction_timeout_ms=60_000,
    )


@contextlib.contextmanager
def running_postgres(folder: Path) -> Iterator[server.Server]:
    """A PostgreSQL server with its data in `folder`, which is removed afterwards."""
    prepared = embedded_postgres.prepare(folder, settings=embedded_postgres.THROWAWAY)
    with server.running(prepared, log=folder / "log"):
        yield prepared
    _remove(folder)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[server.Server]:
    """A PostgreSQL server of this pytest process. Its `url` is that of an empty database."""
    with running_postgres(tmp_path_factory.mktemp("postgres")) as running:
        yield running


@pytest.fixture(scope="session")
def template_database(postgres: server.Server) -> str:
    """The name of a fully migrated database that nobody is connected to; `clone` it."""
    _execute(postgres, "CREATE DATABASE {}", _TEMPLATE)
    engine = db.make_engine(database_settings(_url_of(postgres, _TEMPLATE)), role=None, name="tests-migrate")
    migrations.upgrade(engine)
    engine.dispose()
    return _TEMPLATE


@pytest.fixture(scope="session")
def shared_database_url(postgres: server.Server, template_database: str) -> str:
    """One migrated database for every test that rolls back what it does."""
    return clone(postgres, template_database)


def _own_database(postgres: server.Server, template_database: str) -> Iterator[str]:
    url = clone(postgres, template_database)
    yield url
    _execute(postgres, "DROP DATABASE {} WITH (FORCE)", sqlalchemy.make_url(url).database or "")


@pytest.fixture
def database_url(postgres: server.Server, template_database: str) -> Iterator[str]:
    """A migrated database of this test's own, dropped after it. The user is the owner of the schema."""
    yield from _own_database(postgres, template_database)


@pytest.fixture(scope="module")
def module_database_url(postgres: server.Server, template_database: str) -> Iterator[str]:
    """A migrated database of this module's own: for tests that change nothing, or only a platform of their own."""
    yield from _own_database(postgres, template_database)


@pytest.fixture
def make_engine(database_url: str) -> Iterator[MakeEngine]:
    """`make_engine(role, pool_size=5)`: an engine on this test's own database that acts as `role` (None: the owner)."""
    engines: list[Engine] = []

    def make(role: str | None = None, *, pool_size: int = 5) -> Engine:
        engine = db.make_engine(database_settings(database_url, pool_size=pool_size), role=role, name="tests")
        engines.append(engine)
        return engine

    yield make
    for engine in engines:
        engine.dispose()


@pytest.fixture
def owner_engine(make_engine: MakeEngine) -> Engine:
    """An engine on this test's own database that may do everything."""
    return make_engine(None)


@pytest.fixture(scope="session")
def _shared_engine(shared_database_url: str) -> Iterator[Engine]:
    engine = db.make_engine(database_settings(shared_database_url), role=None, name="tests-shared")
    yield engine
    engine.dispose()


@pytest.fixture
def connection(_shared_engine: Engine) -> Iterator[Connect]:
    """`connection(role)`: this test's one connection, inside a transaction that is rolled back, acting as `role` from now on.

    Asking again with another role changes what the same connection may do; `connection()` is the owner.
    """
    with _shared_engine.connect() as connection:
        transaction = connection.begin()

        def act_as(role: str | None = None) -> Connection:
            connection.execute(sqlalchemy.text(f"SET LOCAL ROLE {role or 'NONE'}"))
            return connection

        yield act_as
        transaction.rollback()


@pytest.fixture(scope="session")
def _redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[server.Server]:
    folder = tmp_path_factory.mktemp("redis")
    prepared = embedded_redis.prepare(folder)
    with server.running(prepared, log=folder / "log"):
        yield prepared
    _remove(folder)


@pytest.fixture
def redis_url(_redis: server.Server) -> Iterator[str]:
    """A real Redis, emptied after each test."""
    yield _redis.url
    client = redis.Redis.from_url(_redis.url)
    client.flushall()
    client.close()


class Published:
    """Stands where `shared.broker.publish` is handed to an action; keeps what was published, in order, in `contracts`."""

    def __init__(self) -> None:
        self.contracts: list[contracts.Contract] = []
        self.error: Exception | None = None

    def __call__(self, contract: contracts.Contract) -> None:
        """Checks the task as a worker would see it. Raises `self.error` when a test has set one (a broker that is away)."""
        assert type(contract) in contracts.Contract.__args__, f"{contract!r} is not a contract of shared.contracts"
        assert contract.queue in contracts.QUEUES
        assert contract.task.startswith("message_hub.")
        arguments = contracts.arguments(contract)
        assert json.loads(json.dumps(arguments)) == arguments, "arguments must survive JSON unchanged"
        assert all(type(value) in (str, int) for value in arguments.values()), "ids and numbers only"
        assert type(contract)(**arguments) == contract
        if self.error is not None:
            raise self.error
        self.contracts.append(contract)


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> Published:
    """A publish callable, `published(contract)`; also takes the place of `shared.broker.publish(app, contract)`."""
    stand_in = Published()
    monkeypatch.setattr(broker, "publish", lambda _app, contract: stand_in(contract))
    return stand_in


def clone(postgres: server.Server, template: str) -> str:
    """The URL of a new database that is a copy of `template`."""
    # Copied as files, not through the log: making one and dropping it takes half the time (21 ms of processor, not 42).
    name = f"test_{next(_numbers)}"
    _execute(postgres, "CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY", name, template)
    return _url_of(postgres, name)


def _url_of(postgres: server.Server, database: str) -> str:
    return sqlalchemy.make_url(postgres.url).set(database=database).render_as_string(hide_password=False)


def _execute(postgres: server.Server, statement: str, *names: str) -> None:
    with psycopg.connect(_url_of(postgres, "postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def _remove(folder: Path) -> None:
    """Throws a server's data away at once: pytest would keep those of the last three runs."""
    shutil.rmtree(folder)
