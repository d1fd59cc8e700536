"""The schema's history: linear, repeatable, safe to run twice at once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text

from cli.embedded import server
from shared import migrations
from tests.shared import tenants


@pytest.fixture(scope="module")
def empty(postgres: server.Server) -> Iterator[Engine]:
    """An engine on a database in which nothing was ever migrated."""
    with (
        tenants.database(postgres, "template0", "migrated_by_a_test") as url,
        tenants.engine(url, None) as engine,
    ):
        yield engine


def test_the_history_is_one_line_of_numbers() -> None:
    script = ScriptDirectory.from_config(migrations._config())
    revisions = [revision.revision for revision in script.walk_revisions()]
    assert revisions == [f"{number:04}" for number in range(len(revisions), 0, -1)]
    assert migrations.head() == revisions[0]


def test_two_migrations_at_once_both_end_at_the_head(empty: Engine) -> None:
    assert migrations.current(empty) == ""
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(migrations.upgrade, empty) for _ in range(2)]:
            done.result(30)
    assert migrations.current(empty) == migrations.head()


def test_migrating_again_changes_nothing(owner_engine: Engine) -> None:
    objects = text("SELECT oid, relname FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY oid")
    with owner_engine.connect() as connection:
        before = connection.execute(objects).all()
    migrations.upgrade(owner_engine)
    with owner_engine.connect() as connection:
        assert connection.execute(objects).all() == before


def test_the_head_is_what_a_new_database_is_at(owner_engine: Engine) -> None:
    assert migrations.current(owner_engine) == migrations.head()
