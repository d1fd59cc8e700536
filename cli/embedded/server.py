"""An embedded server as a value, and a context manager that runs one (tests, benchmarks)."""

import contextlib
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cli.embedded import processes

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 30.0


class EmbeddedError(Exception):
    """An embedded server cannot be had or does not start; the message is one sentence for people and says what to do."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server that is ready to be started: `command` runs it in the foreground, `url` reaches it once `is_ready()`."""

    name: str
    command: tuple[str, ...]
    stop_signal: signal.Signals
    url: str = field(repr=False)
    is_ready: Callable[[], bool]


@contextlib.contextmanager
def running(server: Server, *, log: Path) -> Iterator[Server]:
    """Runs `server` until the block ends, or its starter dies. Raises `EmbeddedError` with its last lines if it does not start."""
    process = processes.start(server.command, log=log, stop_signal=server.stop_signal)
    try:
        _wait_until_ready(server, process, log)
        yield server
    finally:
        process.send_signal(server.stop_signal)
        try:
            process.wait(timeout=STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def last_lines(log: Path, *, count: int = 15) -> str:
    """The end of a log file, for an error message."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 16_384))
            return "\n".join(file.read().decode("utf-8", "replace").splitlines()[-count:])
    except OSError:
        return ""


def _wait_until_ready(server: Server, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while not server.is_ready():
        if process.poll() is not None:
            raise EmbeddedError(f"{server.name} ended while starting. Its last lines ({log}):\n{last_lines(log)}")
        if time.monotonic() > deadline:
            raise EmbeddedError(f"{server.name} was not ready within {START_TIMEOUT_S:.0f} s; see {log}.")
        time.sleep(0.05)
