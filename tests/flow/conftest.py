"""One running hub for all flow tests (tests/distribution.py); every test has a platform of its own."""

import signal
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import sqlalchemy

from cli.embedded import redis as embedded_redis
from cli.embedded import server
from drills.hub import outer_environment
from tests import conftest as base
from tests import factories
from tests.flow.hub import Hub


@pytest.fixture(scope="package")
def _hub(postgres: server.Server, shared_flow_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    folder = tmp_path_factory.mktemp("hub")
    redis = embedded_redis.prepare(folder / "redis")
    environment = {
        **outer_environment(),
        "HUB_DATABASE_URL": shared_flow_database,
        "HUB_REDIS_URL": redis.url,
        "HUB_JWT_SECRET": factories.SECRET,
        "HUB_LOG_FORMAT": "json",
        "HUB_SWEEP_SECONDS": "1",
    }
    hub = Hub(folder, environment, [redis])
    hub.start_broker()
    try:
        hub.start_apis()
        yield hub
    finally:
        hub.close()


@pytest.fixture(scope="package")
def shared_flow_database(postgres: server.Server, template_database: str) -> str:
    return base.clone(postgres, template_database)


@pytest.fixture
def hub(_hub: Hub) -> Iterator[Hub]:
    """The running hub, without workers: a test starts those it wants."""
    yield _hub
    # Killed rather than asked: every test has waited for its messages, and nothing may depend on a farewell.
    _hub.stop_workers(signal.SIGKILL)


@dataclass(frozen=True)
class Tree:
    """A platform with two organisations of two clinics each, an administrator of the platform, and people in each clinic."""

    platform: factories.Platform
    organisations: list[factories.Organisation]
    clinics: list[factories.Clinic]
    administrator: factories.User
    people: dict[str, list[factories.User]]

    def of(self, *scopes: factories.Scope) -> set[int]:
        """The ids of everyone who was put in these scopes."""
        return {user.id for scope in scopes for user in self.people[scope.external_id]}

    @property
    def everyone(self) -> set[int]:
        return {self.administrator.id, *self.of(*self.clinics, *self.organisations)}


@pytest.fixture
def tree(hub: Hub) -> Tree:
    with hub.engine.begin() as connection:
        return make_tree(connection)


def make_tree(connection: sqlalchemy.Connection) -> Tree:
    platform = factories.platform(connection)
    organisations = [factories.organisation(connection, platform) for _ in range(2)]
    clinics = [factories.clinic(connection, organisation) for organisation in organisations for _ in range(2)]
    administrator = factories.user(connection, platform)
    factories.administrator(connection, administrator, platform)
    people: dict[str, list[factories.User]] = {scope.external_id: [] for scope in (*organisations, *clinics)}
    for scope in (*organisations, *clinics):
        people[scope.external_id] = [factories.user(connection, platform, scope) for _ in range(3)]
    both = factories.user(connection, platform, clinics[0], clinics[2])
    for clinic in (clinics[0], clinics[2]):
        people[clinic.external_id].append(both)
    return Tree(platform, organisations, clinics, administrator, people)
