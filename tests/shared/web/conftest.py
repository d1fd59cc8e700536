from collections.abc import Iterator

import flask
import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from tests import factories
from tests.shared.web import frame


@pytest.fixture(scope="session")
def app(reader: Engine) -> flask.Flask:
    return frame.make_app(reader, broker_state=lambda: "ok")


@pytest.fixture
def client(app: flask.Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture(scope="session")
def user(tenants_owner: Engine) -> dict[str, str]:
    """The header of an active user who administers a platform."""
    with tenants_owner.begin() as connection:
        platform = factories.platform(connection)
        user = factories.user(connection, platform)
        factories.administrator(connection, user, platform)
    return factories.bearer(user, platform)


@pytest.fixture
def work() -> Iterator[frame.Work]:
    held = frame.Work()
    yield held
    held.go_on.set()
