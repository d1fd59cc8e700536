"""The database schema, as a linear history of Alembic revisions. `upgrade` runs them; `current` and `head` tell how far.

A revision leaves the previous release working (expand, deploy, contract) and gives up after a short wait for a lock.
The privileges of the services' roles are not part of the history: `upgrade` applies all of them each time.
"""

import functools
from pathlib import Path

import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from shared import db
from shared.migrations import privileges

_HERE = Path(__file__).parent


def upgrade(engine: Engine) -> None:
    """Brings the schema to the newest revision, and the roles to their privileges. Two at once are safe: the second waits."""
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("SET LOCAL statement_timeout = 0"))
        connection.execute(sqlalchemy.text("SET LOCAL lock_timeout = '60s'"))
        db.lock(connection, purpose="migrate", key="schema")
        connection.execute(sqlalchemy.text("SET LOCAL lock_timeout = '5s'"))
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        for statements in privileges.ALL:
            db.driver(connection).execute(statements.encode())


def current(engine: Engine) -> str:
    """The revision that the database is at; empty when it has none. Revisions are numbered, so they compare as text."""
    with engine.connect() as connection:
        if connection.execute(sqlalchemy.text("SELECT to_regclass('alembic_version')")).scalar_one() is None:
            return ""
        return str(connection.execute(sqlalchemy.text("SELECT version_num FROM alembic_version")).scalar_one())


@functools.cache
def head() -> str:
    """The newest revision that this code knows."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_HERE))
    return config
