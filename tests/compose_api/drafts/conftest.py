"""A hub over a database of the test's own: a release takes what is due, whoever scheduled it."""

import pytest
from sqlalchemy import Engine

from services.compose_api import app as compose
from shared import db
from tests import conftest as base
from tests.compose_api import hub as hubs
from tests.compose_api.conftest import AUTH, Relay


@pytest.fixture
def engine(make_engine: base.MakeEngine) -> Engine:
    return make_engine(db.COMPOSE_ROLE, pool_size=10)


@pytest.fixture
def own_hub(engine: Engine, owner_engine: Engine, published: base.Published) -> hubs.Hub:
    relay = Relay()
    relay.to = published
    app = compose.make_app(compose.Context(engine=engine, publish=relay, limiter=relay), auth=AUTH)
    return hubs.Hub(app=app, owner=owner_engine, published=published, change_notices=relay.change_notices)


@pytest.fixture
def people(owner_engine: Engine) -> hubs.World:
    with owner_engine.begin() as connection:
        return hubs.make_world(connection)
