"""An import while something else happens: another import, messages being sent, the connection breaking."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from services.directory import errors, report
from services.directory.actions import import_
from services.directory.actions import platforms as platform_actions
from shared import db
from tests.directory import files

POST = text("""
    INSERT INTO messages (id, platform_id, sender_id, title, body, directory_version, request_id, request_hash,
                          created_at, sent_at)
    SELECT uuidv7(), p.id, u.id, 'Title', 'Body', p.directory_version, 'request', '\\x00', now(), clock_timestamp()
    FROM platforms p
    JOIN users u ON u.platform_id = p.id
    WHERE p.key = 'acme' AND u.external_id = :user
    RETURNING directory_version
""")


class Pausing(report.Silent):
    """Holds the import still where everything is written but nothing committed."""

    def __init__(self) -> None:
        self.is_reached = threading.Event()
        self.may_go_on = threading.Event()

    def step(self, label: str, total: int | None) -> None:
        if label == "Counting":
            self.is_reached.set()
            assert self.may_go_on.wait(20)


@contextmanager
def paused_import(engine: Engine, state: files.Files, folder: Path) -> Iterator[None]:
    """Runs the block while an import of `state` holds all its locks, then lets it finish."""
    progress = Pausing()
    folder = state.write(folder)
    outcomes: list[report.ImportReport] = []

    def run() -> None:
        outcomes.append(import_.import_directory(engine, platform_key="acme", folder=folder, progress=progress))

    thread = threading.Thread(target=run)
    thread.start()
    try:
        assert progress.is_reached.wait(20)
        yield
    finally:
        progress.may_go_on.set()
        thread.join(20)
    assert [outcome.directory_version for outcome in outcomes] == [2]


@pytest.fixture
def changed(engine: Engine, tmp_path: Path) -> files.Files:
    """A second state of the directory that touches the platform and the user ada; the first one is imported."""
    files.run(engine, files.small(), tmp_path / "first")
    state = files.small()
    state.users["ada"] = ("Ada Renamed", "new@example.org", "active")
    state.users["eve"] = ("Eve", "", "active")
    state.clinics["n1"] = ("south", "N one")
    return state


def test_messages_are_sent_while_an_import_runs(
    engine: Engine, make_engine: Callable[..., Engine], changed: files.Files, tmp_path: Path
) -> None:
    compose = make_engine(db.COMPOSE_ROLE)
    with paused_import(engine, changed, tmp_path / "second"):
        started = time.monotonic()
        with compose.begin() as connection:
            connection.execute(text("SET LOCAL lock_timeout = '300ms'"))
            assert connection.execute(POST, {"user": "ada"}).scalar_one() == 1
        assert time.monotonic() - started < 0.3
    with compose.begin() as connection:
        assert connection.execute(POST, {"user": "ada"}).scalar_one() == 2


def test_an_import_does_not_wait_for_messages_being_sent(
    engine: Engine, make_engine: Callable[..., Engine], changed: files.Files, tmp_path: Path
) -> None:
    with make_engine(db.COMPOSE_ROLE).begin() as connection:
        connection.execute(POST, {"user": "ada"})
        started = time.monotonic()
        files.run(engine, changed, tmp_path / "second")
        assert time.monotonic() - started < 5


def test_a_second_change_of_the_same_directory_is_refused_at_once(
    engine: Engine, make_engine: Callable[..., Engine], changed: files.Files, tmp_path: Path
) -> None:
    other = make_engine(db.DIRECTORY_ROLE)
    with paused_import(engine, changed, tmp_path / "second"):
        started = time.monotonic()
        with pytest.raises(errors.DirectoryBusyError, match='directory of platform "acme" is being changed'):
            files.run(other, files.small(), tmp_path / "third")
        with pytest.raises(errors.DirectoryBusyError):
            platform_actions.put_platform(other, key="acme", name="Other", plan="standard")
        assert time.monotonic() - started < 1
    assert files.run(other, files.small(), tmp_path / "third").directory_version == 3


def test_files_that_are_slow_to_read_keep_no_other_change_waiting(
    engine: Engine, make_engine: Callable[..., Engine], changed: files.Files, tmp_path: Path
) -> None:
    class Beside(report.Silent):
        def step(self, label: str, total: int | None) -> None:
            if label == "Reading memberships.csv":
                platform_actions.put_platform(
                    make_engine(db.DIRECTORY_ROLE), key="acme", name="Other", plan="enterprise"
                )

    folder = changed.write(tmp_path / "second")
    outcome = import_.import_directory(engine, platform_key="acme", folder=folder, progress=Beside())
    assert outcome.directory_version == 3


def test_directories_of_two_platforms_are_imported_at_once(
    engine: Engine, make_engine: Callable[..., Engine], changed: files.Files, tmp_path: Path
) -> None:
    other = make_engine(db.DIRECTORY_ROLE)
    with paused_import(engine, changed, tmp_path / "second"):
        platform_actions.put_platform(other, key="other", name="Other", plan="standard")
        assert files.run(other, files.small(), tmp_path / "third", key="other").directory_version == 1
    with engine.connect() as connection:
        assert files.read_in_force(connection, key="acme") == changed.in_force()
        assert files.read_in_force(connection, key="other") == files.small().in_force()


def test_a_connection_that_breaks_leaves_nothing_behind(
    engine: Engine, owner_engine: Engine, changed: files.Files, tmp_path: Path
) -> None:
    class Breaking(report.Silent):
        def step(self, label: str, total: int | None) -> None:
            if label == "Counting":
                with owner_engine.begin() as connection:
                    connection.execute(
                        text("""
                            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                            WHERE datname = current_database() AND state = 'idle in transaction'
                        """)
                    )

    with engine.connect() as connection:
        before = files.read_everything(connection)
    folder = changed.write(tmp_path / "second")
    with pytest.raises(DBAPIError):
        import_.import_directory(engine, platform_key="acme", folder=folder, progress=Breaking())
    with engine.connect() as connection:
        assert files.read_everything(connection) == before
    assert files.run(engine, changed, tmp_path / "second").directory_version == 2


def test_readers_see_the_old_directory_until_the_import_is_done(
    engine: Engine, make_engine: Callable[..., Engine], changed: files.Files, tmp_path: Path
) -> None:
    reader = make_engine(db.INBOX_ROLE)
    with paused_import(engine, changed, tmp_path / "second"), reader.connect() as connection:
        assert files.read_in_force(connection) == files.small().in_force()
        assert files.read_counts(connection) == files.small().counts()
    with reader.connect() as connection:
        assert files.read_in_force(connection) == changed.in_force()


def test_a_platform_is_filled_as_fast_beside_a_large_one(
    engine: Engine, make_engine: Callable[..., Engine], tmp_path: Path
) -> None:
    organisations = [f"o{number}" for number in range(6_000)]
    people = [f"u{number}" for number in range(20_000)]
    state = files.Files(
        organisations=dict.fromkeys(organisations, "Organisation"),
        users=dict.fromkeys(people, ("Name", "", "active")),
        memberships=[
            (user, "organisation", organisations[number % len(organisations)], "member")
            for number, user in enumerate(people)
        ],
    )
    platform_actions.put_platform(engine, key="other", name="Other", plan="enterprise")
    took = []
    for key in ("acme", "other"):
        began = time.monotonic()
        files.run(engine, state, tmp_path / "files", key=key)
        took.append(time.monotonic() - began)
        # As autovacuum would: from here on the statistics know this platform, and not the other.
        with make_engine().begin() as connection:
            connection.execute(text("ANALYZE"))
    # Planned for one row, the second took ten times as long.
    assert took[1] < 4 * took[0]
