"""The directory: how fast a large one is imported, against bare COPY of the same rows, and how fast its tree and previews are told."""

import contextlib
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO, Any

import psycopg

from benchmarks import directory_files as files
from benchmarks import figures
from benchmarks import hub as hubs
from benchmarks.bench import Bench
from benchmarks.report import Answer, Row, Table, Target

PLATFORM = "bench-directory"
_SAMPLES = 50
_BOUND_MS = 200.0
_IMPORT_S = 600
_TABLES = ("users", "memberships")
_IMPORT_NOTE = (
    "`message-hub import` from its start to its end. COPY: the resulting rows of users and memberships, from CSV into empty tables "
    "with the same columns, checks and indexes over one connection."
)
_ASK_NOTE = (
    "Milliseconds over HTTP for the administrator of the platform. First: after a change of the directory, each time another "
    "choice, so that nothing kept can answer. Again: the same at once."
)


def run(bench: Bench) -> Answer:
    hub, users = bench.hub, bench.size.directory_users
    bench.say(f"writing the files of a directory with {users:,} users")
    folder = bench.folder / "directory"
    files.write(folder, users=users)
    _command(hub, "platform", PLATFORM, "--name", "Benchmark", "--plan", "enterprise")
    bench.say("importing it, for the first time and unchanged")
    took = {how: _import(hub, folder) for how in ("first", "unchanged")}
    bench.say("copying the same rows")
    copied = _copy(hub)
    rows: list[Row] = [
        {
            "how": how,
            "users": users,
            "seconds": round(seconds, 1),
            "users_per_second": round(users / seconds),
            "times_copy": round(seconds / copied, 1),
        }
        for how, seconds in {**took, "bare COPY": copied}.items()
    ]
    bench.say("asking for the tree and for previews")
    asked, targets = _ask(hub)
    size = f"{users:,} users, {files.ORGANISATIONS} organisations, {files.CLINICS:,} clinics"
    return Answer(
        "Directory", [Table(f"Import of {size}", rows, _IMPORT_NOTE), Table("Choosing", asked, _ASK_NOTE)], targets
    )


def _import(hub: hubs.Hub, folder: Path) -> float:
    hub.checkpoint()
    began = time.perf_counter()
    _command(hub, "import", "--platform", PLATFORM, str(folder))
    return time.perf_counter() - began


def _command(hub: hubs.Hub, name: str, *arguments: str) -> None:
    command = [sys.executable, "-m", "cli", name, "--data", str(hub.data.path), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_IMPORT_S)
    if done.returncode:
        raise RuntimeError(f"message-hub {name} failed: {done.stderr or done.stdout}")


def _copy(hub: hubs.Hub) -> float:
    """Seconds that COPY takes to write what the import wrote. The tables' own rows are read into files beforehand."""
    with psycopg.connect(hub.database_url, autocommit=True) as connection:
        for table in _TABLES:
            connection.execute(f"DROP TABLE IF EXISTS bench_{table}")
            connection.execute(f"CREATE TABLE bench_{table} (LIKE {table} INCLUDING ALL)")
        with contextlib.ExitStack() as stack:
            rows = {table: stack.enter_context(tempfile.TemporaryFile()) for table in _TABLES}
            for table, file in rows.items():
                _read(connection, table, file)
            hub.checkpoint()
            began = time.perf_counter()
            for table, file in rows.items():
                _write(connection, table, file)
            took = time.perf_counter() - began
        for table in _TABLES:
            connection.execute(f"DROP TABLE bench_{table}")
    return took


def _read(connection: psycopg.Connection[Any], table: str, file: IO[bytes]) -> None:
    rows = f"SELECT t.* FROM {table} t JOIN platforms p ON p.id = t.platform_id WHERE p.key = '{PLATFORM}'"
    with connection.cursor().copy(f"COPY ({rows}) TO STDOUT (FORMAT csv)") as copy:
        for block in copy:
            file.write(block)
    file.seek(0)


def _write(connection: psycopg.Connection[Any], table: str, file: IO[bytes]) -> None:
    with connection.cursor().copy(f"COPY bench_{table} FROM STDIN (FORMAT csv)") as copy:
        while block := file.read(2**18):
            copy.write(block)


def _ask(hub: hubs.Hub) -> tuple[list[Row], list[Target]]:
    """The tree and three previews in turn, each after a new version of the directory and then again."""
    first: dict[str, list[float]] = {}
    again: dict[str, list[float]] = {}
    for number in range(-1, _SAMPLES):  # one of each to warm up
        for name, audience in _choices(number % _SAMPLES).items():
            hub.administer(f"UPDATE platforms SET directory_version = directory_version + 1 WHERE key = '{PLATFORM}'")
            for kept in (first, again):
                took = _time(hub, audience)
                if number >= 0:
                    kept.setdefault(name, []).append(took)
    rows: list[Row] = [
        {
            "asked_for": name,
            "samples": len(first[name]),
            "first_median_ms": figures.milliseconds(figures.median(first[name])),
            "first_p99_ms": figures.milliseconds(figures.p99(first[name])),
            "again_median_ms": figures.milliseconds(figures.median(again[name])),
            "again_p99_ms": figures.milliseconds(figures.p99(again[name])),
        }
        for name in first
    ]
    targets = [
        Target(
            f"p99 in milliseconds, {name}, {how}",
            figures.milliseconds(figures.p99(kept[name])),
            _BOUND_MS,
            at_most=True,
        )
        for name in first
        for how, kept in (("first", first), ("again", again))
    ]
    return rows, targets


def _choices(number: int) -> dict[str, dict[str, Any] | None]:
    """What is asked for by its name, another choice for each number; None is the tree."""
    organisations = [f"o{(number * 9 + n) % files.ORGANISATIONS}" for n in range(50)]
    clinics = [files.clinic((number * 97 + n * 23) % files.CLINICS) for n in range(200)]
    return {
        "tree": None,
        "preview of everyone": {"everyone": True},
        "preview of 50 organisations": {"organisations": organisations},
        "preview of 200 clinics": {"clinics": clinics},
    }


def _time(hub: hubs.Hub, audience: dict[str, Any] | None) -> float:
    headers = hub.headers("administrator", PLATFORM)
    began = time.perf_counter()
    if audience is None:
        answer = hub.http.get(f"{hub.compose_url}/v1/audiences", headers=headers)
    else:
        answer = hub.http.post(f"{hub.compose_url}/v1/audiences/preview", json={"audience": audience}, headers=headers)
    took = time.perf_counter() - began
    answer.raise_for_status()
    return took
