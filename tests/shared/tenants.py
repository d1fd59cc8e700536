"""A database for many tests that commit: platforms are tenants, so a test that makes its own sees nothing of the others."""

import contextlib
from collections.abc import Iterator

import psycopg
import sqlalchemy
from psycopg import sql
from sqlalchemy import Engine

from cli.embedded import server
from shared import db
from tests import conftest as base


@contextlib.contextmanager
def database(postgres: server.Server, template: str, name: str) -> Iterator[str]:
    """The URL of a clone of `template`; it lives as long as the server. Making one for each test takes a third of a second."""
    address = sqlalchemy.make_url(postgres.url)
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*map(sql.Identifier, (name, template))))
    yield address.set(database=name).render_as_string(hide_password=False)


@contextlib.contextmanager
def engine(url: str, role: str | None, *, pool_size: int = 5) -> Iterator[Engine]:
    made = db.make_engine(base.database_settings(url, pool_size=pool_size), role=role, name="tests-tenants")
    yield made
    made.dispose()
