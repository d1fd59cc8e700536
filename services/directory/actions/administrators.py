"""Finds the caller of a request, and whether they administer the platform."""

from sqlalchemy import Engine

from services.directory.store import administrators as store
from shared import db

Caller = store.Caller


def find_caller(engine: Engine, platform: str, user: str) -> Caller | None:
    """For `shared.web.app.Frame`."""
    with db.autocommit(engine) as connection:
        return store.find_caller(connection, platform=platform, user=user)
