"""The processes of a running hub and their memory, from /proc: to measure them, to end one, to hold one up. Linux only."""

import contextlib
import re
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")


@dataclass(frozen=True)
class Process:
    pid: int
    parent: int
    command: str


def descendants(pid: int) -> list[Process]:
    """All that run beneath `pid`, parents before their children."""
    by_parent: dict[int, list[Process]] = {}
    for folder in _PROC.iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                process = _read(folder)
                by_parent.setdefault(process.parent, []).append(process)
    found: list[Process] = []
    waiting = [pid]
    while waiting:
        children = by_parent.get(waiting.pop(0), [])
        found += children
        waiting += [child.pid for child in children]
    return found


def serving(pid: int, fragment: str) -> list[int]:
    """Those beneath `pid` that do the work of the programs with `fragment` in their command: children of its main processes."""
    matching = [process for process in descendants(pid) if fragment in process.command]
    mains = {process.pid for process in matching}
    return [process.pid for process in matching if process.parent in mains]


def peak_bytes(pid: int) -> int:
    """The most memory that the process has held since it began, or since `forget_peak`."""
    status = (_PROC / str(pid) / "status").read_text(encoding="utf-8")
    found = re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
    if found is None:
        raise ProcessLookupError(pid)
    return int(found[1]) * 1024


def forget_peak(pid: int) -> None:
    (_PROC / str(pid) / "clear_refs").write_text("5", encoding="ascii")


def _read(folder: Path) -> Process:
    command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace").strip()
    # The name in parentheses may hold anything; what follows the last one is split by blanks.
    parent = (folder / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[1]
    return Process(int(folder.name), int(parent), command)
