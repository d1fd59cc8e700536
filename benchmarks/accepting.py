"""Accepting: POST /v1/messages of one sender against a bare Flask route that reads the same JSON, and with a Redis that hangs.

No worker runs meanwhile: what is measured is the API, not what the accepted messages cost afterwards. They are deleted at the end.
"""

import contextlib
import json
from typing import Any

from benchmarks import baseline, gateway, polling, report, seed, wrk
from benchmarks import hub as hubs
from benchmarks.bench import Bench
from benchmarks.report import Answer, Row, Table, Target
from drills.hub import REDIS

CONNECTIONS = (8, 16)
_BODY = "A notice of about three hundred characters, as people write them. " * 5
_NOTE = "Medians of rounds in turn; shares are of the rate of a Flask route that reads the same JSON and does nothing."
_HANGING_NOTE = "Redis is stopped with SIGSTOP, so that it neither answers nor refuses. No worker runs in either table."


def run(bench: Bench) -> Answer:
    hub, size = bench.hub, bench.size
    platform = bench.platform(size.large)
    hub.forget_messages()
    rows: list[Row] = []
    hanging: list[wrk.Result] = []
    hanging_rows: list[Row] = []
    targets: list[Target] = []
    with contextlib.ExitStack() as stack:
        stack.enter_context(hub.without_workers())
        baseline_url = stack.enter_context(baseline.running(hub))
        loads = [load(hub, platform, "to a clinic"), load(hub, platform, "to everyone", hubs.EVERYONE)]
        if gateway.is_installed():
            loads.append(load(hub, platform, "to a clinic, gateway", url=stack.enter_context(gateway.running(hub))))
        bare = wrk.Load(polling.BARE, baseline_url, [wrk.request("POST", "/bare", {}, _body(hubs.EVERYONE))])
        for connections in CONNECTIONS:
            bench.say(f"accepting messages on {connections} connections")
            results = wrk.measure([*loads, bare], connections=connections, size=size)
            rows += wrk.rows(results, connections=connections, to=(bare.name,))
            for one in loads[:2] if connections == CONNECTIONS[0] else []:
                where = f"{one.name} on {connections} connections of one sender"
                rate, p99 = (
                    report.median([getattr(found, of) for found in results[one.name]]) for of in ("rate", "p99_ms")
                )
                targets.append(Target(f"accepted per second, {where}", round(rate), 400.0))
                targets.append(report.at_most(f"milliseconds, p99, {where}", p99, 100.0))
            hub.forget_messages()
            bench.say(f"accepting messages on {connections} connections while Redis hangs")
            with hub.paused(REDIS):
                results = wrk.measure(loads, connections=connections, size=size)
            hanging_rows += wrk.rows(results, connections=connections, to=())
            hanging += [one for found in results.values() for one in found]
            hub.forget_messages()
    slowest, rejected = max(one.p99_ms for one in hanging), max(one.rejected_share for one in hanging)
    targets += [
        report.at_most("milliseconds, p99 of the slowest round while Redis hangs", slowest, 300.0),
        report.at_most("share that is not accepted while Redis hangs", rejected, 0.0),
    ]
    tables = [
        Table("Messages accepted per second", rows, _NOTE),
        Table("While Redis hangs", hanging_rows, _HANGING_NOTE),
    ]
    return Answer("Accepting", tables, targets)


def load(
    hub: hubs.Hub, platform: seed.Platform, name: str, audience: dict[str, Any] | None = None, *, url: str | None = None
) -> wrk.Load:
    """The administrator sends the same message again and again, to a clinic by default; without a key each is a new one."""
    headers = hub.bearer(hubs.ADMINISTRATOR, platform.key)
    body = _body(audience or {"clinics": [platform.clinic(1)]})
    return wrk.Load(name, url or hub.apis.compose_url, [wrk.request("POST", "/v1/messages", headers, body)])


def _body(audience: dict[str, Any]) -> bytes:
    return json.dumps({"title": "Benchmark", "body": _BODY[:300], "audience": audience}).encode("ascii")
