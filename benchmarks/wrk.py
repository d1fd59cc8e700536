"""The closed-loop load generator: `wrk` sends prepared requests in turn on some connections, each when the one before was answered."""

import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks import report
from benchmarks.bench import Size
from benchmarks.report import Row

_SCRIPT = Path(__file__).with_name("wrk.lua")
# wrk leaves a request unanswered on every connection: the server finishes them before the next load begins.
_PAUSE_S = 0.3


class LoadError(Exception):
    """wrk failed, so that what it measured means nothing."""


@dataclass(frozen=True)
class Load:
    """Requests to send in turn to the server at `url`."""

    name: str
    url: str
    requests: Sequence[bytes] = field(hash=False)


@dataclass(frozen=True)
class Result:
    """Answers per second without those that were rejected (4xx, 5xx), latencies in milliseconds, the share that was rejected."""

    rate: float
    p50_ms: float
    p99_ms: float
    rejected_share: float


Results = dict[str, list[Result]]


def is_installed() -> bool:
    return shutil.which("wrk") is not None


def request(method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    """One HTTP/1.1 request as bytes."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{name}: {value}" for name, value in headers.items())]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + body


def run(load: Load, *, connections: int, seconds: int) -> Result:
    """Keeps that many connections busy for that long, from one thread. Raises `LoadError`."""
    parts = urlsplit(load.url)
    with tempfile.NamedTemporaryFile(prefix="message-hub-requests-") as file:
        file.write(b"\0".join(load.requests))
        file.flush()
        command = ["wrk", "--threads", "1", "--connections", str(connections), "--duration", f"{seconds}s"]
        command += ["--timeout", "10s", "--script", str(_SCRIPT), f"{parts.scheme}://{parts.netloc}", "--", file.name]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds + 60)
    time.sleep(_PAUSE_S)
    lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    if done.returncode or not lines:
        raise LoadError(f"wrk failed: {done.stderr or done.stdout}")
    found = json.loads(lines[0].removeprefix("RESULT "))
    if found["broken"] or not found["requests"]:
        raise LoadError(f"{load.name}: {found['broken']} connections broke or timed out: {done.stdout}")
    return Result(
        rate=(found["requests"] - found["rejected"]) / found["microseconds"] * 1_000_000,
        p50_ms=round(found["p50_us"] / 1000, 1),
        p99_ms=round(found["p99_us"] / 1000, 1),
        rejected_share=found["rejected"] / found["requests"],
    )


def measure(loads: Sequence[Load], *, connections: int, size: Size) -> Results:
    """Each load in turn, round by round, each round beginning with another one."""
    for load in loads:
        run(load, connections=connections, seconds=1)  # warms up
    results: Results = {load.name: [] for load in loads}
    for number in range(size.rounds):
        first = number % len(loads)
        for load in [*loads[first:], *loads[:first]]:
            results[load.name].append(run(load, connections=connections, seconds=size.load_seconds))
    return results


def ratio(results: Results, name: str, to: str) -> float:
    """The median of the rounds' ratios of two rates."""
    pairs = zip(results[name], results[to], strict=True)
    return round(report.median([one.rate / other.rate for one, other in pairs]), 2)


def rows(results: Results, *, connections: int, to: Sequence[str]) -> list[Row]:
    """A row for each load, with its rate as a share of each of those in `to`."""
    return [
        {
            "request": name,
            "connections": connections,
            "per_second": round(report.median([one.rate for one in found])),
            "spread": report.spread([one.rate for one in found], 0),
            "p50_ms": report.median([one.p50_ms for one in found]),
            "p99_ms": report.median([one.p99_ms for one in found]),
            "rejected_percent": round(100 * report.median([one.rejected_share for one in found]), 2),
            **{f"of_{other}": ratio(results, name, other) for other in to},
        }
        for name, found in results.items()
    ]
