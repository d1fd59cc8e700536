"""What the directory's tests share: an engine that may do what the directory may, and a platform to fill."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from services.directory.actions import platforms
from shared import db


@pytest.fixture
def engine(make_engine: Callable[..., Engine]) -> Engine:
    """Acts as the directory's own role; the platform `acme` is there, with nothing in it."""
    engine = make_engine(db.DIRECTORY_ROLE)
    platforms.put_platform(engine, key="acme", name="Acme", plan="enterprise")
    return engine
