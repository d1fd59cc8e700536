"""Memory: the peak of a worker at the smallest and at the largest audience.

Workers are restarted for each audience, since a process does not give memory back. The peak is the process's peak resident set
(Linux: VmHWM), shared pages of its interpreter included.
"""

import re
import time
from collections.abc import Iterable
from pathlib import Path

from benchmarks import hub, report
from benchmarks.bench import Bench
from benchmarks.report import Answer, Row, Table

_MESSAGES = 5
_NOTE = "Mebibytes; of two workers, the one that held more."


def run(bench: Bench) -> Answer:
    peaks = {users: _measure(bench, users) for users in (bench.size.audiences[0], bench.size.large)}
    rows: list[Row] = [
        {"recipients": users, "idle_mib": idle, "peak_mib": peak} for users, (idle, peak) in peaks.items()
    ]
    (_, smallest), (_, largest) = peaks.values()
    target = report.at_most(
        "a worker's peak at the largest audience over that at the smallest", largest / smallest, 1.1
    )
    return Answer("Memory", [Table("A worker", rows, _NOTE)], [target])


def _measure(bench: Bench, users: int) -> tuple[float, float]:
    """The peak of idle workers, and after some messages to so many users."""
    of, platform = bench.hub, bench.platform(users)
    bench.say(f"memory of workers at {users:,} recipients")
    of.forget_messages()
    of.stop_workers()
    of.start_workers(hub.WORKERS)
    of.wait_sent(of.post(platform.key, {"clinics": [platform.clinic(0)]}))
    time.sleep(2.0)  # both are connected to the database and the broker
    pids = [pid for name in of.running_workers for pid in of.processes[name].children()]
    idle = _peak(pids)
    for _ in range(_MESSAGES):
        of.wait_sent(of.post(platform.key, hub.EVERYONE))
    of.wait_quiet()
    return idle, _peak(pids)


def _peak(pids: Iterable[int]) -> float:
    """The highest peak of these processes, in mebibytes."""
    statuses = [Path(f"/proc/{pid}/status").read_text(encoding="utf-8") for pid in pids]
    return max(round(int(re.findall(r"VmHWM:\s+(\d+) kB", one)[0]) / 1024, 1) for one in statuses)
