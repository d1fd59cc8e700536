"""Runs the benchmarks, prints a table, keeps the figures: `python -m benchmarks.run [--size full]`. Called by `make bench`."""

import argparse
import json
import os
import platform as machine
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import rich.console
import rich.table

from benchmarks import bell, fanout, hub, seed, streams

RESULTS = Path(__file__).parent / "results"
SIZES = {"quick": (1_000, 100_000), "full": (1_000, 100_000, 1_000_000)}
ROUNDS = 5
BELL_SAMPLES = 100
STREAMS, STREAM_SAMPLES = 2_000, 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=SIZES, default="quick")
    size = parser.parse_args().size
    console = rich.console.Console()
    folder = Path(tempfile.mkdtemp(prefix="message-hub-bench-"))
    fanouts: list[fanout.Result] = []
    bells: list[bell.Result] = []
    lives: list[streams.Result] = []
    try:
        with hub.running(folder) as running:
            for users in SIZES[size]:
                console.print(f"{users:,} users …")
                platform = seed.platform(running.engine, f"bench-{users}", users=users)
                fanouts += fanout.run(running, platform, rounds=ROUNDS)
                bells.append(bell.run(running, platform, samples=BELL_SAMPLES))
            console.print(f"{STREAMS:,} streams …")
            platform = seed.platform(running.engine, "bench-live", users=STREAMS)
            lives = streams.run(running, platform, streams=STREAMS, samples=STREAM_SAMPLES)
    finally:
        shutil.rmtree(folder)
    tables = {
        "fan-out": fanout.as_rows(fanouts),
        "time to the bell": bell.as_rows(bells),
        "live": streams.as_rows(lives),
    }
    for title, rows in tables.items():
        console.print(_table(title, rows))
    kept = _keep({"size": size, "machine": _describe_machine(), "results": tables})
    console.print(f"Kept in {kept.relative_to(Path.cwd()) if kept.is_relative_to(Path.cwd()) else kept}")


def _table(title: str, rows: list[dict[str, object]]) -> rich.table.Table:
    table = rich.table.Table(title=title)
    for name in rows[0]:
        table.add_column(name.replace("_", " "), justify="right")
    for row in rows:
        table.add_row(*map(_cell, row.values()))
    return table


def _cell(value: object) -> str:
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int | float) else str(value)


def _keep(document: dict[str, Any]) -> Path:
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{document['size']}.json"
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return path


def _describe_machine() -> dict[str, object]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cores": os.cpu_count(),
        "memory_gib": round(memory / 2**30, 1),
        "system": machine.platform(),
        "python": machine.python_version(),
    }


if __name__ == "__main__":
    main()
