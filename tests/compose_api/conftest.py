"""compose_api over one database for all its tests. `world` stays as it is; a test that changes the directory takes `own_world`."""

from collections.abc import Callable, Iterator

import flask
import pytest
from sqlalchemy import Engine

from cli.embedded import server
from services.compose_api import app as compose
from services.compose_api import publisher
from shared import contracts, db, rate_limit, settings
from shared.auth.store import Caller
from tests import conftest as base
from tests import factories
from tests.compose_api import hub as hubs
from tests.shared import tenants

AUTH = settings.Auth(secret=factories.SECRET, jwks_url=None)


class Relay:
    """Lets one app, which takes a while to build, publish to each test's own `published`."""

    def __init__(self) -> None:
        self.to: base.Published | None = None
        self.change_notices: list[contracts.PlatformChanged] = []
        self.verdict = rate_limit.Verdict()

    def __call__(self, item: publisher.Published) -> None:
        if isinstance(item, contracts.PlatformChanged):
            assert contracts.PlatformChanged.read(item.write()) == item
            self.change_notices.append(item)
        else:
            assert self.to is not None
            self.to(item)

    def hit(self, _caller: Caller, _action: str) -> rate_limit.Verdict:
        return self.verdict


@pytest.fixture(scope="session")
def tenants_url(postgres: server.Server, template_database: str) -> Iterator[str]:
    with tenants.database(postgres, template_database, "tenants_compose") as url:
        yield url


@pytest.fixture(scope="session")
def tenants_owner(tenants_url: str) -> Iterator[Engine]:
    with tenants.engine(tenants_url, None) as engine:
        yield engine


@pytest.fixture(scope="session")
def compose_engine(tenants_url: str) -> Iterator[Engine]:
    with tenants.engine(tenants_url, db.COMPOSE_ROLE, pool_size=20) as engine:
        yield engine


@pytest.fixture(scope="session")
def _relay() -> Relay:
    return Relay()


@pytest.fixture(scope="session")
def app(compose_engine: Engine, _relay: Relay) -> flask.Flask:
    return compose.make_app(
        compose.Context(engine=compose_engine, publish=_relay, limiter=_relay),
        auth=AUTH,
        broker_state=lambda: "ok",
    )


@pytest.fixture
def hub(app: flask.Flask, tenants_owner: Engine, published: base.Published, _relay: Relay) -> hubs.Hub:
    _relay.to = published
    _relay.change_notices.clear()
    _relay.verdict = rate_limit.Verdict()
    return hubs.Hub(app=app, owner=tenants_owner, published=published, change_notices=_relay.change_notices)


@pytest.fixture
def too_many(hub: hubs.Hub, _relay: Relay) -> Iterator[Callable[[bool], None]]:
    """Whether every request from now on is over the rate limit."""

    def are(they_are: bool) -> None:
        _relay.verdict = rate_limit.Verdict(17 if they_are else None)

    yield are
    are(False)


@pytest.fixture(scope="session")
def world(tenants_owner: Engine) -> hubs.World:
    with tenants_owner.begin() as connection:
        return hubs.make_world(connection)


@pytest.fixture
def own_world(tenants_owner: Engine) -> hubs.World:
    with tenants_owner.begin() as connection:
        return hubs.make_world(connection)
