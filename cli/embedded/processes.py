"""Starts child processes that do not outlive the process that started them."""

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path


def start(
    command: Sequence[str],
    *,
    log: Path,
    stop_signal: signal.Signals = signal.SIGTERM,
    environment: Mapping[str, str] | None = None,
) -> "subprocess.Popen[bytes]":
    """Runs `command` as the leader of a session of its own; what it prints is appended to `log`.

    With util-linux's `setpriv` the kernel sends `stop_signal` once the calling thread has ended (PR_SET_PDEATHSIG), even after
    SIGKILL. So call this from the main thread. Without `setpriv` (macOS) a killed parent leaves the process running.
    """
    setpriv = shutil.which("setpriv")
    tied = (setpriv, f"--pdeathsig={stop_signal.name.removeprefix('SIG')}") if setpriv else ()
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 (our own programs)
            [*tied, *command],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


def kill_group(process: "subprocess.Popen[bytes]") -> None:
    """SIGKILL for the process and everything that it started in its session."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
