"""Memory: the peak of a worker at the smallest and at the largest audience, and of each API under load.

Workers are begun anew for each audience, for a process keeps what it once took. A peak is the most that the process held in
memory at any moment (VmHWM), shared pages of its interpreter included.
"""

import os
import signal
import time
from collections.abc import Callable

from benchmarks import accepting, polling, processes, wrk
from benchmarks import hub as hubs
from benchmarks.bench import Bench
from benchmarks.report import Answer, Row, Table, Target

_WORKER = "services.fanout_worker.worker worker"
_MESSAGES = 5
_CONNECTIONS = 64
_PATIENCE_S = 30.0
_NOTE = "Mebibytes; of two workers, the one that held more."


def run(bench: Bench) -> Answer:
    hub = bench.hub
    workers: list[Row] = []
    peaks = []
    for users in (bench.size.audiences[0], bench.size.large):
        platform = bench.platform(users)
        bench.say(f"memory of workers at {users:,} recipients")
        hub.forget_messages()
        pids = _fresh_workers(hub)
        began = max(map(processes.peak_bytes, pids))
        for _ in range(_MESSAGES):
            hub.wait_sent(hub.post(platform.key, {"everyone": True}))
        hub.wait_quiet()
        peaks.append(max(map(processes.peak_bytes, pids)))
        workers.append({"worker_at": platform.users, "before_mib": _mib(began), "peak_mib": _mib(peaks[-1])})
    hub.forget_messages()
    apis = _apis(bench)
    ratio = round(peaks[1] / peaks[0], 2)
    return Answer(
        "Memory",
        [
            Table("A worker", workers, _NOTE),
            Table("An API under load", apis, f"Mebibytes; {_CONNECTIONS} connections."),
        ],
        [Target("a worker's peak at the largest audience over that at 1,000", ratio, 1.1, at_most=True)],
    )


def _apis(bench: Bench) -> list[Row]:
    hub = bench.hub
    platform = bench.platform(polling.USERS)
    bench.say("memory of the APIs under load")
    polling.fill_inboxes(hub, platform.key)
    users = [hub.headers(f"u{number}", platform.key) for number in range(1, polling.USERS + 1)]
    feed = wrk.Load("feed", hub.inbox_url, [wrk.request("GET", polling.FEED, one) for one in users])
    rows = [_load_api(hub, "inbox_api", lambda: _run(bench, feed))]
    with hub.without_workers():
        posts = accepting.load(hub, platform.key, "accepting", {"everyone": True})
        rows.append(_load_api(hub, "compose_api", lambda: _run(bench, posts)))
    hub.forget_messages()
    return rows


def _load_api(hub: hubs.Hub, name: str, load: Callable[[], wrk.Result]) -> Row:
    (pid,) = processes.serving(hub.pid, f"services.{name}.")
    processes.forget_peak(pid)
    before = processes.peak_bytes(pid)
    result = load()
    return {
        "api": name,
        "before_mib": _mib(before),
        "peak_mib": _mib(processes.peak_bytes(pid)),
        "per_second": round(result.rate),
        "p99_ms": result.p99_ms,
    }


def _run(bench: Bench, load: wrk.Load) -> wrk.Result:
    return wrk.run(load, connections=_CONNECTIONS, seconds=bench.size.load_rounds * bench.size.load_seconds)


def _fresh_workers(hub: hubs.Hub) -> list[int]:
    """Ends the hub's workers, and the processes that do their successors' work once those listen."""
    hub.wait_quiet()
    old = set(processes.serving(hub.pid, _WORKER))
    mains = [one.pid for one in processes.descendants(hub.pid) if _WORKER in one.command and one.pid not in old]
    for pid in mains:
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        new = [pid for pid in processes.serving(hub.pid, _WORKER) if pid not in old]
        if len(new) == hubs.WORKERS:
            time.sleep(2.0)  # connected to the database and the broker by then
            return new
        time.sleep(0.1)
    raise TimeoutError(f"the workers are not back after {_PATIENCE_S:.0f} s")


def _mib(size: float) -> float:
    return round(size / 2**20, 1)
