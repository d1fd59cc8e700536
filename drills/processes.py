"""One process of a hub: started with its log, ended, killed or paused by its own handle. Used by the drills and the flow tests."""

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
_FAREWELL_S = 20.0


def wait_until(true: Callable[[], bool], *, what: str, seconds: float = PATIENCE_S, every: float = 0.05) -> None:
    """Returns as soon as `true()`. Raises `TimeoutError` saying what was waited for."""
    if not has_come(true, seconds=seconds, every=every):
        raise TimeoutError(f"after {seconds:.0f} s still not: {what}")


def has_come(true: Callable[[], bool], *, seconds: float, every: float = 0.05) -> bool:
    """Whether `true()` within so many seconds; waits no longer than for that."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True


class Process:
    """Begins when it is made, in a process group of its own, from the main thread only (it ends with that thread)."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self.log = log
        self.handle = processes.start(command, log=log, environment=environment)

    @property
    def is_alive(self) -> bool:
        return self.handle.poll() is None

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Sends `how` to the process, its children hear of it from there, and waits for its end; kills it when it stays too long."""
        if self.is_alive:
            self.handle.send_signal(how)
            try:
                self.handle.wait(timeout=_FAREWELL_S)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        """SIGKILL for the process and its children in the same instant: nobody can clear up."""
        if self.is_alive:
            processes.kill_group(self.handle)
            self.handle.wait()

    def kill_main(self) -> None:
        """SIGKILL for the main process; what it leaves behind is killed afterwards, as a container engine or supervisor does."""
        if self.is_alive:
            self.handle.kill()
            self.handle.wait()
            processes.kill_group(self.handle)

    def kill_child(self) -> bool:
        """SIGKILL for the children only, those that do the work. Whether there was one."""
        killed = False
        with contextlib.suppress(psutil.NoSuchProcess):
            for child in psutil.Process(self.handle.pid).children():
                child.kill()
                killed = True
        return killed

    def pause(self) -> None:
        """It neither answers nor refuses from now on."""
        os.killpg(self.handle.pid, signal.SIGSTOP)

    def resume(self) -> None:
        if self.is_alive:
            os.killpg(self.handle.pid, signal.SIGCONT)
