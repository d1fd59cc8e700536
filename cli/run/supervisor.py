"""Keeps programs running: starts them, starts again whatever ends, and stops all of them in order.

Used by `message-hub run`, whose main thread spends its life in `Supervisor.run`. Only that thread starts processes, because
the kernel ties each of them to it (see cli.embedded.leash). docs/decisions/0004-supervision.md says why this is our own.
"""

import contextlib
import os
import queue
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cli.embedded import leash, server

# Whatever ran this long started well; its next start is immediate again.
STEADY_AFTER_S = 5.0
# Waits before the first, second, … start in a row; the last one goes on.
_RESTART_DELAYS_S = (0.0, 0.3, 1.0, 2.0)
_SHOW_LOG_AFTER = 3
_SHOW_LOG_EVERY = 20
_TICK_S = 0.05
_LOG_LIMIT_BYTES = 20 * 1024 * 1024
_LOG_CHECK_S = 30.0


@dataclass(frozen=True, kw_only=True)
class Program:
    """What to run in the foreground, and how to stop it. Programs of a later `stage` are stopped earlier."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    log: Path
    stage: int
    stop_signal: signal.Signals = signal.SIGTERM
    stop_timeout_s: float = 10.0


@dataclass
class _Child:
    program: Program
    process: "subprocess.Popen[bytes] | None" = None
    started_at: float = 0.0
    start_at: float = 0.0
    failures: int = 0
    log_from: int = field(default=0)


class Supervisor:
    """`report` shows one line to whoever watches."""

    def __init__(self, report: Callable[[str], None]) -> None:
        self._report = report
        self._children: dict[str, _Child] = {}
        self._wanted: queue.SimpleQueue[Program] = queue.SimpleQueue()
        self._stop_requests = 0
        self._failure: str | None = None
        self._next_log_check = 0.0

    def start(self, *programs: Program) -> None:
        """Runs these from now on. Any thread may ask."""
        for program in programs:
            self._wanted.put(program)

    def fail(self, sentence: str) -> None:
        """Stops everything; `run` then returns `sentence`. Any thread may ask."""
        self._failure = sentence

    def is_stopping(self) -> bool:
        return self._stop_requests > 0 or self._failure is not None

    def ages(self) -> dict[str, float]:
        """For how many seconds each program has been running since it last started; 0 while it is not."""
        now = time.monotonic()
        return {name: now - child.started_at if child.process else 0.0 for name, child in list(self._children.items())}

    def failing(self) -> dict[str, str]:
        """The last lines of each program that does not stay up."""
        return {
            name: self._last_lines(child)
            for name, child in list(self._children.items())
            if child.failures and (child.process is None or time.monotonic() - child.started_at < STEADY_AFTER_S)
        }

    def run(self) -> str | None:
        """Supervises until SIGINT, SIGTERM, SIGHUP or `fail`, then stops everything. The sentence given to `fail`, if any."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        while not self.is_stopping():
            with contextlib.suppress(queue.Empty):
                while True:
                    program = self._wanted.get_nowait()
                    self._children[program.name] = _Child(program)
            for child in self._children.values():
                self._look_after(child)
            self._trim_logs()
            time.sleep(_TICK_S)
        self._stop_all()
        return self._failure

    def _on_signal(self, _number: int, _frame: object) -> None:
        self._stop_requests += 1

    def _look_after(self, child: _Child) -> None:
        if child.process is None:
            if time.monotonic() >= child.start_at:
                self._spawn(child)
            return
        how = self._reap(child)
        if how is None:
            return
        steady = time.monotonic() - child.started_at >= STEADY_AFTER_S
        child.failures = 1 if steady else child.failures + 1
        delay = _RESTART_DELAYS_S[min(child.failures, len(_RESTART_DELAYS_S)) - 1]
        child.start_at = time.monotonic() + delay
        if child.failures <= _SHOW_LOG_AFTER:
            self._report(f"{child.program.name} {how}; starting it again.")
        if child.failures == _SHOW_LOG_AFTER or child.failures % _SHOW_LOG_EVERY == 0:
            self._report(
                f"{child.program.name} does not stay up ({child.failures} times now). It is tried again every "
                f"{_RESTART_DELAYS_S[-1]:.0f} s. The end of {child.program.log}:\n{self._last_lines(child)}"
            )

    def _spawn(self, child: _Child) -> None:
        program = child.program
        with program.log.open("ab") as log:
            child.log_from = log.tell()
            child.process = subprocess.Popen(  # noqa: S603 (our own programs)
                leash.wrap(program.command, on_death=program.stop_signal),
                env=dict(program.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        child.started_at = time.monotonic()

    def _reap(self, child: _Child) -> str | None:
        """How the program ended, None while it runs. What it leaves behind is killed: it would keep ports and tasks."""
        process = child.process
        assert process is not None  # noqa: S101 (tells the type checker what stands above)
        # Its number cannot become anybody else's before it is waited for.
        if os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            return None
        _kill_group(process.pid)
        code = process.wait()
        child.process = None
        return f"was ended by signal {-code}" if code < 0 else f"ended (exit code {code})"

    def _stop_all(self) -> None:
        for stage in sorted({child.program.stage for child in self._children.values()}, reverse=True):
            running = [c for c in self._children.values() if c.program.stage == stage and c.process is not None]
            for child in running:
                assert child.process is not None  # noqa: S101 (tells the type checker what stands above)
                # Not Popen.send_signal: that reaps a program which just ended, and its group would escape.
                os.kill(child.process.pid, child.program.stop_signal)
            asked_at = time.monotonic()
            while running:
                for child in running:
                    assert child.process is not None  # noqa: S101 (tells the type checker what stands above)
                    patience = child.program.stop_timeout_s if self._stop_requests < 2 else 0.0
                    if time.monotonic() - asked_at > patience:
                        self._report(f"{child.program.name} did not stop by itself and was killed.")
                        _kill_group(child.process.pid)
                    self._reap(child)
                running = [child for child in running if child.process is not None]
                time.sleep(_TICK_S)

    def _last_lines(self, child: _Child) -> str:
        return server.last_lines(child.program.log, after=child.log_from)

    def _trim_logs(self) -> None:
        """Begins a log anew when it has grown large, keeping one older part. Programs append, so they need not know."""
        if time.monotonic() < self._next_log_check:
            return
        self._next_log_check = time.monotonic() + _LOG_CHECK_S
        for child in self._children.values():
            log = child.program.log
            with contextlib.suppress(OSError):
                if log.stat().st_size > _LOG_LIMIT_BYTES:
                    log.with_suffix(".log.1").write_bytes(log.read_bytes())
                    os.truncate(log, 0)
                    child.log_from = 0


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
