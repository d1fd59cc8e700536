"""Runs the server of `baseline` beside a hub, and loads several addresses in turn so that their rates can be compared."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx

from benchmarks import figures, wrk
from benchmarks import hub as hubs
from benchmarks.bench import Size
from benchmarks.report import Row
from cli.embedded import files, processes

_ROOT = Path(__file__).parents[1]
_START_S = 30.0
# Plain WSGI: a thread for each request, and more threads than connections that are tried here would need.
_COMMAND = (
    *(sys.executable, "-m", "granian", "--interface", "wsgi", "--workers", "1", "--no-ws"),
    *("--blocking-threads", "32", "--backpressure", "128"),
)
Results = dict[str, list[wrk.Result]]


@contextlib.contextmanager
def baseline(hub: hubs.Hub) -> Iterator[str]:
    """The address of the compared routes, served by the same server as Flask routes usually are, on the same database."""
    port = files.free_port()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("HUB_")},
        "HUB_DATABASE_URL": hub.database_url,
        "HUB_REDIS_URL": hub.redis_url,
        "HUB_JWT_SECRET": hub.secret,
        "HUB_LOG_FORMAT": "json",
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": str(_ROOT),
    }
    url = f"http://127.0.0.1:{port}"
    command = [*_COMMAND, "--port", str(port), "benchmarks.baseline:app"]
    process = processes.start(command, log=hub.folder / "baseline.log", environment=environment)
    try:
        _wait_ready(f"{url}/bare", process, hub.folder / "baseline.log")
        yield url
    finally:
        process.terminate()
        process.wait(timeout=30)


def measure(loads: Sequence[wrk.Load], *, connections: int, size: Size) -> Results:
    """Each load in turn, round by round, each round beginning with another one."""
    for load in loads:
        wrk.run(load, connections=connections, seconds=1)  # warms up
    results: Results = {load.name: [] for load in loads}
    for number in range(size.load_rounds):
        first = number % len(loads)
        for load in [*loads[first:], *loads[:first]]:
            results[load.name].append(wrk.run(load, connections=connections, seconds=size.load_seconds))
    return results


def ratio(results: Results, name: str, to: str) -> float:
    """The median of the rounds' ratios of two rates."""
    pairs = zip(results[name], results[to], strict=True)
    return round(figures.median([one.rate / other.rate for one, other in pairs]), 2)


def rows(results: Results, *, connections: int, to: Sequence[str]) -> list[Row]:
    """A row for each load, with its rate as a share of each of those in `to`."""
    return [
        {
            "request": name,
            "connections": connections,
            "per_second": round(figures.median([one.rate for one in found])),
            "spread": figures.spread([one.rate for one in found], 0),
            "p50_ms": figures.median([one.p50_ms for one in found]),
            "p99_ms": figures.median([one.p99_ms for one in found]),
            "refused_percent": round(100 * figures.median([one.refused_share for one in found]), 2),
            **{f"of_{other}": ratio(results, name, other) for other in to},
        }
        for name, found in results.items()
    ]


def _wait_ready(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + _START_S
    while True:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(url).status_code == 200:
                return
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the compared server did not come up; see {log}")
        time.sleep(0.1)
