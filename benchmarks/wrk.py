"""Loads a server with `wrk` and reads what it measured. The requests are made beforehand; wrk only sends them round and round."""

import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

_SCRIPT = Path(__file__).with_name("wrk.lua")
# wrk goes away with a request unanswered on every connection: they shall not hold places when the next load begins.
_PAUSE_S = 0.3


class LoadError(Exception):
    """wrk could not do its work: what it measured means nothing."""


@dataclass(frozen=True)
class Load:
    """Requests to send in turn to the server at `url`, and what to call them."""

    name: str
    url: str
    requests: Sequence[bytes]


@dataclass(frozen=True)
class Result:
    """Answers per second without those that were refused (4xx, 5xx), latencies in milliseconds, the share that was refused."""

    rate: float
    p50_ms: float
    p99_ms: float
    refused_share: float


def is_there() -> bool:
    return shutil.which("wrk") is not None


def request(method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    """One HTTP/1.1 request as it goes over the wire."""
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
        rate=(found["requests"] - found["refused"]) / found["microseconds"] * 1_000_000,
        p50_ms=round(found["p50_us"] / 1000, 1),
        p99_ms=round(found["p99_us"] / 1000, 1),
        refused_share=found["refused"] / found["requests"],
    )
