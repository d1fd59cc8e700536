"""Overload: how soon the gateway rejects a request that is too much, and whether /healthz of the API still answers.

Each API gets requests at a rate (open loop): while a lock in PostgreSQL holds every request, and at ten times the rate that it serves.
"""

import contextlib
import time
from collections.abc import Iterator, Sequence

import sqlalchemy

from benchmarks import accepting, gateway, hub, open_loop, polling, report, wrk
from benchmarks.bench import Bench
from benchmarks.report import Answer, Row, Table, Target

CONNECTIONS = 512
HELD_PER_SECOND = 1_500
TIMES = 10
SECONDS = 3.0
_WARM_CONNECTIONS = 16
_NOTE = (
    f"Requests through the gateway at a rate on {CONNECTIONS} connections and the same cores, {SECONDS:.0f} s a round, medians of rounds; "
    f"times are from when a request was due. Held: {HELD_PER_SECOND:,} a second while a lock holds every request. Rush: {TIMES} times what "
    f"is served on {_WARM_CONNECTIONS} connections. Rejected: answered 503 or 429. Unsent: due while no connection was free. "
    "/healthz is asked of the API directly."
)
# A request may wait 500 ms in the gateway's queue.
_REJECTED_MS = 600.0


def run(bench: Bench) -> Answer:
    platform = bench.platform(polling.USERS)
    polling.fill_inboxes(bench.hub, platform.key)
    apis = bench.hub.apis
    polls = [wrk.request("GET", polling.COUNTS, bench.hub.bearer(f"u{n}", platform.key)) for n in range(polling.USERS)]
    tree = wrk.request("GET", "/v1/audiences", bench.hub.bearer(hub.ADMINISTRATOR, platform.key))
    rows: list[Row] = []
    targets: list[Target] = []
    with gateway.running(bench.hub) as url:
        loads = {
            wrk.Load("inbox_api, counts", url, polls): apis.inbox_url,
            wrk.Load("compose_api, tree", url, [tree]): apis.compose_url,
            accepting.load(bench.hub, platform, "compose_api, messages", url=url): apis.compose_url,
        }
        for load, health_url in loads.items():
            bench.say(f"more than {load.name} can serve")
            served = wrk.measure([load], connections=_WARM_CONNECTIONS, size=bench.size)[load.name]
            rush = TIMES * round(report.median([one.rate for one in served]))
            for name, held, per_second in (("held", True, HELD_PER_SECOND), ("rush", False, rush)):
                rounds = []
                for _ in range(bench.size.rounds):
                    with _requests_held(bench.hub) if held else contextlib.nullcontext():
                        offered = open_loop.offer(
                            load,
                            connections=CONNECTIONS,
                            per_second=per_second,
                            seconds=SECONDS,
                            health_url=health_url,
                        )
                    rounds.append(offered)
                row = _row(f"{load.name}, {name}", per_second, rounds)
                rows.append(row)
                for what, column, bound in (("a rejection", "rejected", _REJECTED_MS), ("/healthz", "healthz", 100.0)):
                    # Where nothing was rejected although it was too much, requests waited for as long as the round took.
                    measured = float(str(row[f"{column}_p99_ms"] or SECONDS * 1000))
                    targets.append(report.at_most(f"milliseconds to {what}, p99, {row['load']}", measured, bound))
    bench.hub.forget_messages()
    return Answer("Overload", [Table("More than can be served", rows, _NOTE)], targets)


@contextlib.contextmanager
def _requests_held(of: hub.Hub) -> Iterator[None]:
    """Every request waits for a lock on the directory until the block ends."""
    with of.engine.begin() as connection:
        connection.execute(sqlalchemy.text("LOCK TABLE users IN ACCESS EXCLUSIVE MODE"))
        yield
    time.sleep(1.0)


def _row(name: str, per_second: int, rounds: Sequence[open_loop.Offered]) -> Row:
    rejected = [[one.seconds for one in offered.answers if one.status in (503, 429)] for offered in rounds]
    health = [[one.seconds for one in offered.health] for offered in rounds]
    served = [sum(one.status in (200, 202) for one in offered.answers) / SECONDS for offered in rounds]
    return {
        "load": name,
        "offered_per_second": per_second,
        "served_per_second": round(report.median(served)),
        "unsent_percent": round(100 * sum(one.unsent for one in rounds) / (per_second * SECONDS * len(rounds)), 1),
        **{f"rejected_p{share}_ms": _middle(rejected, share / 100) for share in (50, 95, 99)},
        **{f"healthz_p{share}_ms": _middle(health, share / 100) for share in (50, 99)},
    }


def _middle(rounds: Sequence[Sequence[float]], share: float) -> float | None:
    """The median of the rounds' percentiles, in milliseconds; None where no round has a value."""
    found = [report.percentile(one, share) for one in rounds if one]
    return report.milliseconds(report.median(found)) if found else None
