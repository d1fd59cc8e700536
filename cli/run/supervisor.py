"""Keeps programs running: starts them, restarts what ends, and stops all of them in order.

Everything happens in the main thread, because the kernel ties each program to the thread that started it (see
cli.embedded.processes). docs/decisions/0004-supervision.md says why this is our own.
"""

import math
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from cli.embedded import processes, server

# After this long a program counts as started, and its failures are forgotten.
_STEADY_S = 5.0
# Each failure in a row makes the wait before the next start longer by this, up to the limit.
_RESTART_DELAY_S = 0.5
_RESTART_DELAY_LIMIT_S = 5.0
_SHOW_LOG_AFTER = 3
_TICK_S = 0.05


class Stopped(Exception):  # noqa: N818 (no error, but an instruction)
    """SIGINT, SIGTERM or SIGHUP came. Leaving the supervisor's `with` block handles it."""


@dataclass(frozen=True, kw_only=True)
class Program:
    """What to run in the foreground, and how to stop it. Programs of a higher `stage` are stopped earlier."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    log: Path
    stage: int
    stop_signal: signal.Signals = signal.SIGTERM
    stop_timeout_s: float = 10.0


class _Child:
    """A program and its process, if it runs now."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.failures = 0
        if program.log.exists():  # of the run before; one is kept
            program.log.replace(program.log.with_suffix(".log.1"))
        self.start()

    def start(self) -> None:
        self.process = processes.start(
            self.program.command,
            log=self.program.log,
            stop_signal=self.program.stop_signal,
            environment=self.program.environment,
        )
        self.started_at = time.monotonic()
        self.restart_at: float | None = None

    @property
    def age_s(self) -> float:
        return 0.0 if self.restart_at is not None else time.monotonic() - self.started_at

    @property
    def last_lines(self) -> str:
        return server.last_lines(self.program.log)


class Supervisor:
    """`with Supervisor(report) as supervisor:` stops every program at the end of the block. `report` prints one line."""

    def __init__(self, report: Callable[[str], None]) -> None:
        self._report = report
        self._children: list[_Child] = []
        self._signals = 0

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        for stage in sorted({child.program.stage for child in self._children}, reverse=True):
            self._stop([child for child in self._children if child.program.stage == stage])
        return kind is Stopped

    def start(self, *programs: Program) -> None:
        """Runs these from now on."""
        self._children += map(_Child, programs)

    def watch(self, until: Callable[[], bool] = lambda: False, *, deadline: float = math.inf) -> bool:
        """Restarts what ends until `until()` is true; False once `deadline` (monotonic) has passed. Raises `Stopped`."""
        while not until():
            if time.monotonic() > deadline:
                return False
            if self._signals:
                raise Stopped
            for child in self._children:
                self._restart_if_ended(child)
            time.sleep(_TICK_S)
        return True

    def youngest_s(self) -> float:
        """For how many seconds every program has been running; 0 while one of them is not."""
        return min(child.age_s for child in self._children)

    def failing(self) -> dict[str, str]:
        """The last log lines of each program that ended and has not run for long since."""
        return {c.program.name: c.last_lines for c in self._children if c.failures and c.age_s < _STEADY_S}

    def _on_signal(self, _number: int, _frame: object) -> None:
        self._signals += 1

    def _restart_if_ended(self, child: _Child) -> None:
        if child.restart_at is not None:
            if time.monotonic() >= child.restart_at:
                child.start()
            return
        code = child.process.poll()
        if code is None:
            return
        # What it started could still hold its port (Granian's workers share theirs with SO_REUSEPORT) or its tasks.
        processes.kill_group(child.process)
        child.failures = 1 if child.age_s >= _STEADY_S else child.failures + 1
        child.restart_at = time.monotonic() + min(child.failures * _RESTART_DELAY_S, _RESTART_DELAY_LIMIT_S)
        name, how = child.program.name, f"was ended by signal {-code}" if code < 0 else f"ended (exit code {code})"
        if child.failures <= _SHOW_LOG_AFTER:
            self._report(f"{name} {how}; starting it again.")
        if child.failures == _SHOW_LOG_AFTER:
            self._report(
                f"{name} does not stay up ({child.failures} times now). It is tried again every few seconds. "
                f"The end of {child.program.log}:\n{child.last_lines}"
            )

    def _stop(self, children: list[_Child]) -> None:
        for child in children:
            child.process.send_signal(child.program.stop_signal)
        asked_at = time.monotonic()
        for child in children:
            while child.process.poll() is None:
                # A second Ctrl-C means: now.
                if self._signals > 1 or time.monotonic() - asked_at > child.program.stop_timeout_s:
                    self._report(f"{child.program.name} did not stop by itself and was killed.")
                    break
                time.sleep(_TICK_S)
            processes.kill_group(child.process)
            child.process.wait()
