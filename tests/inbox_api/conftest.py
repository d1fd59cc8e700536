"""A database of the test's own with the inbox API on it."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from shared import db
from tests import factories
from tests.inbox_api.hub import Hub


@pytest.fixture
def hub(make_engine: Callable[..., Engine], owner_engine: Engine) -> Hub:
    return Hub(owner=owner_engine, inbox=make_engine(db.INBOX_ROLE, pool_size=8))


@pytest.fixture
def platform(hub: Hub) -> factories.Platform:
    return hub.platform()


@pytest.fixture
def sender(hub: Hub, platform: factories.Platform) -> factories.User:
    return hub.administrator(platform, platform)


@pytest.fixture
def user(hub: Hub, platform: factories.Platform) -> factories.User:
    return hub.user(platform)
