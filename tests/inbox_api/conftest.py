"""A database of the test's own with the inbox API on it, or one that a module's tests share."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine

from shared import db
from tests import conftest as base
from tests import factories
from tests.inbox_api.hub import Hub


@pytest.fixture
def hub(make_engine: Callable[..., Engine], owner_engine: Engine) -> Hub:
    return Hub(owner=owner_engine, inbox=make_engine(db.INBOX_ROLE, pool_size=8))


@pytest.fixture(scope="module")
def module_hub(module_database_url: str) -> Iterator[Hub]:
    """For tests that change only platforms of their own: `hub` of such a module is this one."""
    settings = base.database_settings(module_database_url, pool_size=8)
    owner, inbox = (db.make_engine(settings, role=role, name="tests") for role in (None, db.INBOX_ROLE))
    yield Hub(owner=owner, inbox=inbox)
    owner.dispose()
    inbox.dispose()


@pytest.fixture
def platform(hub: Hub) -> factories.Platform:
    return hub.platform()


@pytest.fixture
def sender(hub: Hub, platform: factories.Platform) -> factories.User:
    return hub.administrator(platform, platform)


@pytest.fixture
def user(hub: Hub, platform: factories.Platform) -> factories.User:
    return hub.user(platform)
