"""One process of a hub: started with its log; ended, killed or paused through its own handle."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil

from cli.embedded import processes

PATIENCE_S = 45.0
_STOP_S = 20.0


def wait_until(true: Callable[[], bool], *, what: str, seconds: float = PATIENCE_S, every: float = 0.05) -> None:
    """Returns as soon as `true()`. Raises `TimeoutError` saying what was waited for."""
    if not has_come(true, seconds=seconds, every=every):
        raise TimeoutError(f"after {seconds:.0f} s still not: {what}")


def has_come(true: Callable[[], bool], *, seconds: float, every: float = 0.05) -> bool:
    """Whether `true()` within so many seconds."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True


class Process:
    """Starts when it is created, in a process group of its own. From the main thread only: it ends when that thread does."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self.log = log
        self.handle = processes.start(command, log=log, environment=environment)

    @property
    def is_alive(self) -> bool:
        return self.handle.poll() is None

    def children(self) -> list[int]:
        """The process ids of its children, which do the work of an API or a worker."""
        with contextlib.suppress(psutil.NoSuchProcess):
            return [child.pid for child in psutil.Process(self.handle.pid).children()]
        return []

    def memory_bytes(self) -> int:
        """What its children hold in memory."""
        return sum(int(psutil.Process(pid).memory_info().rss) for pid in self.children())

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Sends `how` to the main process and waits for its end; kills it when that takes too long."""
        if self.is_alive:
            self.handle.send_signal(how)
            try:
                self.handle.wait(timeout=_STOP_S)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        """SIGKILL for the process and its children in the same instant."""
        if self.is_alive:
            processes.kill_group(self.handle)
            self.handle.wait()

    def kill_main(self) -> None:
        """SIGKILL for the main process, and then for its children, as a supervisor or a container engine does."""
        if self.is_alive:
            self.handle.kill()
            self.handle.wait()
            processes.kill_group(self.handle)

    def kill_children(self) -> None:
        """SIGKILL for the children only."""
        for pid in self.children():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def pause(self) -> None:
        """SIGSTOP for the process and its children."""
        os.killpg(self.handle.pid, signal.SIGSTOP)

    def resume(self) -> None:
        if self.is_alive:
            os.killpg(self.handle.pid, signal.SIGCONT)
