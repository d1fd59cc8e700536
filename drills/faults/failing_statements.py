"""Statements fail in the middle of batches: a disk that is really full, errors raised by triggers, locks, time limits."""

import contextlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx

from drills import database, platforms, triggers
from drills.processes import has_come
from drills.scenario import Scenario

_ERRORS = (
    triggers.DISK_FULL,
    triggers.OUT_OF_MEMORY,
    triggers.QUERY_CANCELED,
    triggers.LOCK_NOT_AVAILABLE,
    triggers.SERIALIZATION_FAILURE,
    triggers.DEADLOCK_DETECTED,
)
_POINTS = ("row", "written", "delivered", "cut", "sent")
_VISIBLE_S = 40.0
_ENTRY_BYTES = 100  # its index entry included
_FAILING = """
    SELECT count(*) FROM (
        SELECT message_id FROM fanout_batches WHERE delivered_at IS NULL AND last_error LIKE :error
        UNION ALL SELECT id FROM messages WHERE status <> 'sent' AND last_error LIKE :error
    ) failing
"""


def drill(scenario: Scenario) -> None:
    disk_full(scenario)
    scenario.inject(*(partial(raised, at=at) for at in _POINTS), locked, too_slow, least=0.2, most=1.0)


def raised(scenario: Scenario, at: str) -> None:
    """An error at some point for a while: for one recipient in the middle of a batch, or for everything that comes there."""
    when = "mod(NEW.user_id, 977) = 5" if at == "row" else "true"
    text = f"No space left on device {scenario.rng.getrandbits(32):08x}"
    sqlstate = scenario.rng.choice(_ERRORS)
    with triggers.raising(scenario.engine, at=at, when=when, sqlstate=sqlstate, text=text):
        scenario.post(platforms.LARGE)
        # An error of the statement that marks a message as sent leaves nothing undelivered, and is not noted.
        hit = _is_logged(scenario, text) if at == "sent" else _is_noted(scenario, text)
        scenario.injected(hit, f"statements failing at: {at}")
        scenario.pause(0.5, 2.0)


def locked(scenario: Scenario) -> None:
    """Another transaction has locked the entries for longer than a worker waits: `lock_timeout`."""
    with scenario.engine.begin() as connection:
        connection.exec_driver_sql("LOCK TABLE inbox_entries IN SHARE MODE")
        scenario.post(scenario.rng.choice(list(scenario.platforms)))
        scenario.injected(_is_noted(scenario, "due to lock timeout"), "lock timeouts")


def too_slow(scenario: Scenario) -> None:
    """Every batch takes longer than a worker may take: `statement_timeout`."""
    workers = scenario.hub.running_workers
    for name in workers:
        scenario.hub.restart(name, statement_timeout_ms=300)
    with triggers.holding(scenario.engine, at="written"):
        scenario.post(scenario.rng.choice(list(scenario.platforms)))
        scenario.injected(_is_noted(scenario, "due to statement timeout"), "statement timeouts")
    for name in workers:
        scenario.hub.restart(name)


def disk_full(scenario: Scenario) -> None:
    """This month's entries are on a disk of a few MB; once it is full it grows. Left out where this user may not mount one."""
    with _small_disk(scenario) as disk:
        if disk is None:
            scenario.note("no full disk, this user may not mount one")
            return
        found = os.statvfs(disk)
        for _ in range(2 + found.f_bavail * found.f_frsize // (_ENTRY_BYTES * scenario.size.largest)):
            scenario.post(platforms.LARGE)
        scenario.injected(_is_noted(scenario, "DiskFull"), "disk full")
        for is_shown, where in ((_is_counted, "the metric"), (_is_in_status, "message-hub status")):
            shown = has_come(partial(is_shown, scenario), seconds=_VISIBLE_S, every=0.1)
            scenario.check(shown, "failures are visible", f"after {_VISIBLE_S:.0f} s not shown by {where}")
        scenario.pause(1.0, 3.0)


def _is_noted(scenario: Scenario, error: str) -> bool:
    """Whether the error comes to be noted with a batch or a message, where `message-hub status` finds it."""
    return has_come(lambda: scenario.count(_FAILING, error=f"%{error}%") > 0, seconds=_VISIBLE_S, every=0.1)


def _is_logged(scenario: Scenario, error: str) -> bool:
    """Whether the error comes to be logged by a worker."""
    logs = [worker.log for worker in scenario.hub.workers]
    return has_come(lambda: any(error.encode() in log.read_bytes() for log in logs), seconds=_VISIBLE_S, every=0.3)


def _is_counted(scenario: Scenario) -> bool:
    text = httpx.get(f"{scenario.hub.apis.compose_url}/metrics", timeout=10).text
    counted = re.findall(r"^message_hub_(?:batches|messages)_failing ([\d.e+]+)$", text, re.MULTILINE)
    return sum(map(float, counted)) > 0


def _is_in_status(scenario: Scenario) -> bool:
    command = [sys.executable, "-m", "cli", "status", "--json"]
    done = subprocess.run(command, env=scenario.hub.environment, capture_output=True, check=True)
    status = json.loads(done.stdout)
    return "DiskFull" in json.dumps([status["failing"], status["unfinished"]])


@contextlib.contextmanager
def _small_disk(scenario: Scenario) -> Iterator[Path | None]:
    """This month's entries are on a small file system in memory until the block ends. None where this user may not mount one."""
    name = f"small_disk_{time.monotonic_ns()}"
    folder = scenario.hub.folder / name
    folder.mkdir()
    try:
        _run("mount", "-t", "tmpfs", "-o", f"size={scenario.size.largest // 2_000 + 1}m", "tmpfs", str(folder))
    except (OSError, subprocess.CalledProcessError):
        folder.rmdir()
        yield None
        return
    try:
        owner = (scenario.hub.folder / "postgres" / "cluster").stat()
        tablespace = folder / "tablespace"
        tablespace.mkdir(mode=0o700)
        os.chown(tablespace, owner.st_uid, owner.st_gid)
        database.administer(scenario.engine, f"CREATE TABLESPACE {name} LOCATION '{tablespace}'")
        try:
            _move(scenario, name)
            yield folder
        finally:
            _run("mount", "-o", "remount,size=2g", str(folder))
            _move(scenario, "pg_default")
            database.administer(scenario.engine, "CHECKPOINT", f"DROP TABLESPACE {name}")
    finally:
        # Lazily: a process may hold a dropped file open for a moment longer.
        _run("umount", "--lazy", str(folder))


def _move(scenario: Scenario, tablespace: str) -> None:
    with scenario.engine.connect() as connection:
        month = connection.exec_driver_sql("SELECT to_char(now() AT TIME ZONE 'UTC', '_YYYY_MM')").scalar_one()
    for what in (f"TABLE inbox_entries{month}", f"INDEX inbox_entries{month}_pkey"):
        database.change(scenario.engine, f"ALTER {what} SET TABLESPACE {tablespace}")


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=20)
