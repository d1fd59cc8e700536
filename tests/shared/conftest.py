"""A database for tests of the HTTP frame and of authentication, each with platforms of its own; and a server of keys."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from cli.embedded import server
from shared import db
from tests.shared import tenants
from tests.shared.auth import keys


@pytest.fixture(scope="session")
def tenants_url(postgres: server.Server, template_database: str) -> Iterator[str]:
    with tenants.database(postgres, template_database, "tenants_shared") as url:
        yield url


@pytest.fixture(scope="session")
def tenants_owner(tenants_url: str) -> Iterator[Engine]:
    with tenants.engine(tenants_url, None) as engine:
        yield engine


@pytest.fixture(scope="session")
def reader(tenants_url: str) -> Iterator[Engine]:
    """An engine that may read what every service may."""
    with tenants.engine(tenants_url, db.INBOX_ROLE) as engine:
        yield engine


@pytest.fixture
def key_server() -> Iterator[keys.KeyServer]:
    with keys.serving() as server:
        yield server
