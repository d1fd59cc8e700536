"""Accepting: POST /v1/messages under load against a bare Flask route that reads the same JSON, and with a Redis that hangs.

No worker runs meanwhile: what is measured is the API, not what the accepted messages cost afterwards. They are forgotten at the end.
"""

import contextlib
import json
import os
import signal
from collections.abc import Iterator
from typing import Any

from benchmarks import compared, processes, wrk
from benchmarks import hub as hubs
from benchmarks.bench import Bench
from benchmarks.report import Answer, Row, Table, Target

CONNECTIONS = 16
PATH = "/v1/messages"
BARE = "bare"
_LOST_IN_MS = 300.0
_NOTE = "Medians of rounds in turn; shares are of the rate of a Flask route that reads the same JSON and does nothing."
_DOWN_NOTE = (
    "The embedded Redis is stopped (SIGSTOP), so it neither answers nor refuses. No worker runs in either table."
)


def run(bench: Bench) -> Answer:
    hub = bench.hub
    platform = bench.platform(bench.size.large)
    hub.forget_messages()
    with hub.without_workers(), compared.baseline(hub) as baseline_url:
        bench.say("accepting messages")
        clinic = load(hub, platform.key, "to a clinic", {"clinics": ["o1-c1"]})
        everyone = load(hub, platform.key, "to everyone", {"everyone": True})
        bare = wrk.Load(BARE, baseline_url, [wrk.request("POST", "/bare", {}, _body({"everyone": True}))])
        results = compared.measure([clinic, everyone, bare], connections=CONNECTIONS, size=bench.size)
        rows = compared.rows(results, connections=CONNECTIONS, to=(BARE,))
        hub.forget_messages()
        bench.say("accepting messages while Redis hangs")
        with _hanging_redis(hub):
            down = compared.measure([clinic, everyone], connections=CONNECTIONS, size=bench.size)
        down_rows: list[Row] = compared.rows(down, connections=CONNECTIONS, to=())
    worst = max(one.p99_ms for found in down.values() for one in found)
    accepted = all(one.refused_share == 0 for found in down.values() for one in found)
    tables = [Table("Messages accepted per second", rows, _NOTE), Table("While Redis hangs", down_rows, _DOWN_NOTE)]
    targets = [
        Target("milliseconds, p99 of the slowest round while Redis hangs", worst, _LOST_IN_MS, at_most=True),
        Target("all accepted while Redis hangs (1 = yes)", float(accepted), 1.0),
    ]
    return Answer("Accepting", tables, targets)


def load(hub: hubs.Hub, platform: str, name: str, audience: dict[str, Any]) -> wrk.Load:
    """The platform's administrator sends the same message again and again; without an idempotency key each is a new one."""
    headers = hub.headers("administrator", platform)
    return wrk.Load(name, hub.compose_url, [wrk.request("POST", PATH, headers, _body(audience))])


def _body(audience: dict[str, Any]) -> bytes:
    body = "A notice of about three hundred characters, as people write them. " * 5
    return json.dumps({"title": "Benchmark", "body": body[:300], "audience": audience}).encode("ascii")


@contextlib.contextmanager
def _hanging_redis(hub: hubs.Hub) -> Iterator[None]:
    (pid,) = [one.pid for one in processes.descendants(hub.pid) if "redis-server" in one.command]
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)
