"""Statements fail in the middle of batches: a disk that is really full, full disks and other errors from triggers, locks, time limits."""

import contextlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import sqlalchemy

from drills import triggers, world
from drills.processes import has_come
from drills.stage import Stage
from drills.traffic import Post

_ERRORS = (
    triggers.DISK_FULL,
    triggers.OUT_OF_MEMORY,
    triggers.QUERY_CANCELED,
    triggers.LOCK_NOT_AVAILABLE,
    triggers.SERIALIZATION_FAILURE,
    triggers.DEADLOCK_DETECTED,
)
_PLACES = ("row", "written", "delivered", "cut", "sent")
_VISIBLE_S = 40.0
_FAILING = sqlalchemy.text("""
    SELECT count(*) FROM (
        SELECT message_id FROM fanout_batches WHERE delivered_at IS NULL AND last_error LIKE :error
        UNION ALL SELECT id FROM messages WHERE status <> 'sent' AND last_error LIKE :error
    ) failing
""")
_WRITTEN = sqlalchemy.text("""
    SELECT count(*) > 0 FROM messages m
    WHERE m.title = :title AND m.status = 'sending' AND m.recipient_count IS NOT NULL
      AND NOT EXISTS (SELECT FROM fanout_batches b WHERE b.message_id = m.id AND b.delivered_at IS NULL)
""")


def drill(stage: Stage) -> None:
    with _small_disk(stage) as disk:
        if disk is not None:
            really_full(stage, disk)
        for at in _PLACES:
            raised(stage, at)
        locked(stage)
        too_slow(stage)
        while not stage.is_over:
            stage.rng.choice((raised, raised, locked, too_slow))(stage)
            stage.pause(0.2, 1.0)


def raised(stage: Stage, at: str | None = None) -> None:
    """Some error at some place, for a while: of a recipient in the middle of a batch, or of everything that comes there."""
    at, sqlstate = at or stage.rng.choice(_PLACES), stage.rng.choice(_ERRORS)
    when = "mod(NEW.user_id, 977) = 5" if at == "row" else "true"
    text = f"No space left on device {stage.rng.getrandbits(32):08x}"
    with triggers.raising(stage.engine, at=at, when=when, sqlstate=sqlstate, text=text):
        post = stage.post(world.LARGE)
        # Where nothing fails but to say that it is sent, nothing is undelivered.
        hit = _comes_to_be_written(stage, post) if at == "sent" else _is_visible(stage, f"%{text}%")
        stage.placed(hit, f"statements failing at: {at}")
        stage.pause(0.5, 2.0)


def locked(stage: Stage) -> None:
    """Somebody has locked the entries for longer than a worker waits: `lock_timeout`."""
    with stage.engine.begin() as connection:
        connection.execute(sqlalchemy.text("LOCK TABLE inbox_entries IN SHARE MODE"))
        _post(stage)
        _expect_visible(stage, "%due to lock timeout%", "lock_timeout")
    stage.note("lock timeouts")


def too_slow(stage: Stage) -> None:
    """Every batch takes longer than a worker may: `statement_timeout`."""
    for name in stage.hub.running_workers:
        stage.hub.restart(name, statement_timeout_ms=300)
    with triggers.holding(stage.engine, at="written"):
        _post(stage)
        _expect_visible(stage, "%due to statement timeout%", "statement_timeout")
    for name in stage.hub.running_workers:
        stage.hub.restart(name)
    stage.note("statement timeouts")


def really_full(stage: Stage, disk: "_Disk") -> None:
    """This month's entries lie on a disk of a few MB; once it is full they are made room for."""
    entry_bytes = 100  # with its place in the index
    for _ in range(2 + disk.free_bytes() // (entry_bytes * stage.size.largest)):
        _post(stage, world.LARGE)
    _expect_visible(stage, "%DiskFull%", "a full disk")
    stage.note("disk full")
    _expect_shown_by_status_and_metric(stage)
    stage.pause(1.0, 3.0)
    disk.grow()


def _post(stage: Stage, platform: str | None = None) -> None:
    chosen = platform or stage.rng.choice((world.LARGE, world.MIDDLE, world.SMALL))
    stage.post(chosen)


def _expect_visible(stage: Stage, error: str, what: str) -> None:
    hit = _is_visible(stage, error)
    stage.expect(hit, "failures are visible", f"after {_VISIBLE_S:.0f} s still not noted: {what}")


def _is_visible(stage: Stage, error: str) -> bool:
    """Whether the reason comes to stand with a batch or a message, where `message-hub status` finds it."""

    def is_noted() -> bool:
        with stage.engine.connect() as connection:
            return int(connection.execute(_FAILING, {"error": error}).scalar_one()) > 0

    return has_come(is_noted, seconds=_VISIBLE_S, every=0.1)


def _comes_to_be_written(stage: Stage, post: Post) -> bool:
    """Whether all entries of a message come to stand without its being called sent."""

    def is_written() -> bool:
        with stage.engine.connect() as connection:
            return bool(connection.execute(_WRITTEN, {"title": post.title}).scalar_one())

    return has_come(is_written, seconds=_VISIBLE_S, every=0.1)


def _expect_shown_by_status_and_metric(stage: Stage) -> None:
    def is_counted() -> bool:
        text = httpx.get(f"{stage.hub.apis.compose_url}/metrics", timeout=10).text
        counted = re.findall(r"^message_hub_(?:batches|messages)_failing ([\d.e+]+)$", text, re.MULTILINE)
        return sum(map(float, counted)) > 0

    def is_shown() -> bool:
        command = [sys.executable, "-m", "cli", "status", "--json"]
        told = json.loads(subprocess.run(command, env=stage.hub.environment, capture_output=True, check=True).stdout)
        return "DiskFull" in json.dumps([told["failing"], told["unfinished"]])

    _expect(stage, is_counted, "failures are visible", "the metric counts what fails")
    _expect(stage, is_shown, "failures are visible", "message-hub status shows what fails")


def _expect(stage: Stage, true: Callable[[], bool], check: str, what: str) -> None:
    hit = has_come(true, seconds=_VISIBLE_S, every=0.1)
    stage.expect(hit, check, f"after {_VISIBLE_S:.0f} s still not: {what}")


class _Disk:
    """A file system in memory, small at first."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def free_bytes(self) -> int:
        found = os.statvfs(self._folder)
        return found.f_bavail * found.f_frsize

    def grow(self) -> None:
        _run("mount", "-o", "remount,size=2g", str(self._folder))


@contextlib.contextmanager
def _small_disk(stage: Stage) -> Iterator[_Disk | None]:
    """This month's entries on a disk of a few MB. None where this user may not make one: then the triggers must do."""
    folder = stage.hub.folder / f"small-disk-{time.monotonic_ns()}"
    folder.mkdir()
    try:
        _run("mount", "-t", "tmpfs", "-o", f"size={stage.size.largest // 2_000 + 1}m", "tmpfs", str(folder))
    except (OSError, subprocess.CalledProcessError):
        folder.rmdir()
        stage.note("no full disk, this user may not mount one")
        yield None
        return
    try:
        owner = (stage.hub.folder / "postgres" / "cluster").stat()
        place = folder / "tablespace"
        place.mkdir(mode=0o700)
        os.chown(place, owner.st_uid, owner.st_gid)
        name = f"small_disk_{time.monotonic_ns()}"
        _administer(stage, f"CREATE TABLESPACE {name} LOCATION '{place}'")
        try:
            _move(stage, name)
            yield _Disk(folder)
        finally:
            _run("mount", "-o", "remount,size=2g", str(folder))
            _move(stage, "pg_default")
            _administer(stage, "CHECKPOINT", f"DROP TABLESPACE {name}")
    finally:
        # Lazily: nothing is left there, but a process may hold a file that was dropped a moment longer.
        _run("umount", "--lazy", str(folder))


def _move(stage: Stage, tablespace: str) -> None:
    with stage.engine.connect() as connection:
        month = connection.execute(sqlalchemy.text("SELECT to_char(now() AT TIME ZONE 'UTC', '_YYYY_MM')")).scalar_one()
    table = f"inbox_entries{month}"
    _administer(
        stage,
        f"ALTER TABLE {table} SET TABLESPACE {tablespace}",
        f"ALTER INDEX {table}_pkey SET TABLESPACE {tablespace}",
    )


def _administer(stage: Stage, *statements: str) -> None:
    """Each outside a transaction."""
    with stage.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=20)
