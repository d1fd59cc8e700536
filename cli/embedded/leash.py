"""Ties a process to the one that starts it: when the starter dies, however it dies, the kernel signals the process.

`wrap` is for whoever starts processes. Run as a script, this file is what the wrapped command starts with; it imports
nothing of ours, so that it costs a few milliseconds only. Where the kernel has no such signal the command just runs.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

_PR_SET_PDEATHSIG = 1


def wrap(command: Sequence[str], *, on_death: signal.Signals) -> list[str]:
    """`command` such that it gets `on_death` once the calling thread has gone (so: start children from the main thread)."""
    if sys.platform != "linux":
        return list(command)
    return [sys.executable, "-I", "-S", __file__, str(int(on_death)), str(os.getpid()), *command]


def _main() -> None:
    on_death, starter, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, on_death, 0, 0, 0)
    # The starter may have gone before the line above took hold.
    if os.getppid() != starter:
        sys.exit(1)
    try:
        os.execvp(command[0], command)  # noqa: S606 (what the caller was started to run)
    except OSError as error:
        sys.exit(f"{command[0]} cannot be run: {error.strerror}")


if __name__ == "__main__":
    _main()
