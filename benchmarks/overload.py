"""More than can be served: how soon whoever is refused hears of it, and whoever asks whether the process lives.

Both APIs, with an open loop: while every place is held by a lock in PostgreSQL, and with ten times of what each serves.
"""

import contextlib
import threading
from collections.abc import Iterator

import sqlalchemy

from benchmarks import accepting, compared, figures, open_loop, polling, wrk
from benchmarks import hub as hubs
from benchmarks.bench import Bench
from benchmarks.report import Answer, Row, Table, Target

CONNECTIONS = 512
HELD_PER_SECOND = 1_500
TIMES = 10
SECONDS = 3.0
_WARM_CONNECTIONS = 16
# A request that got a place and lost it to the lock is answered 503 too, after the two seconds that it may wait for one.
_REFUSED = b"than this process takes on at once"
_WITHIN_MS = 50.0
_NOTE = (
    f"An open loop on {CONNECTIONS} connections and the same cores, {SECONDS:.0f} s a round, medians of rounds; times are from when a "
    f"request was due. Held: {HELD_PER_SECOND:,} a second while every place is held by a lock. Rush: {TIMES} times what the API serves on "
    f"{_WARM_CONNECTIONS} connections. Unsent: due while no connection was free."
)


def run(bench: Bench) -> Answer:
    hub = bench.hub
    platform = bench.platform(polling.USERS)
    polling.fill_inboxes(hub, platform.key)
    poll = wrk.request("GET", polling.COUNTS, hub.headers("u1", platform.key))
    tree = wrk.request("GET", "/v1/audiences", hub.headers("administrator", platform.key))
    loads = [
        wrk.Load("inbox_api, counts", hub.inbox_url, [poll]),
        wrk.Load("compose_api, tree", hub.compose_url, [tree]),
        accepting.load(hub, platform.key, "compose_api, messages", {"clinics": ["o1-c1"]}),
    ]
    rows: list[Row] = []
    targets: list[Target] = []
    for load in loads:
        bench.say(f"more than {load.name} can serve")
        rush = TIMES * _serves(bench, load)
        for name, holding, per_second in (("held", True, HELD_PER_SECOND), ("rush", False, rush)):
            rounds = []
            for _ in range(bench.size.load_rounds):
                with _places_held(hub) if holding else contextlib.nullcontext():
                    rounds.append(
                        open_loop.offer(
                            load.url, load.requests[0], connections=CONNECTIONS, per_second=per_second, seconds=SECONDS
                        )
                    )
            refused = [[one.seconds for one in offered.answers if _REFUSED in one.body] for offered in rounds]
            p99 = _middle(refused, 0.99)
            rows.append(_row(f"{load.name}, {name}", per_second, rounds, refused))
            targets.append(
                Target(
                    f"milliseconds to a refusal, p99, {load.name}, {name}",
                    p99,
                    _WITHIN_MS,
                    at_most=True,
                )
            )
    hub.forget_messages()
    return Answer("More than can be served", [Table("Refused", rows, _NOTE)], targets)


def _serves(bench: Bench, load: wrk.Load) -> int:
    """Answers per second on a few connections; it also opens the pool's connections."""
    found = compared.measure([load], connections=_WARM_CONNECTIONS, size=bench.size)
    return round(figures.median([one.rate for one in found[load.name]]))


@contextlib.contextmanager
def _places_held(hub: hubs.Hub) -> Iterator[None]:
    """Nobody can be found in the directory for a while: longer than a request waits for a lock, shorter than the round."""
    release = threading.Event()

    def hold() -> None:
        with hub.engine.begin() as connection:
            connection.execute(sqlalchemy.text("LOCK TABLE users IN ACCESS EXCLUSIVE MODE"))
            held.set()
            release.wait(SECONDS)

    held = threading.Event()
    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    try:
        yield
    finally:
        release.set()
        thread.join()


def _row(name: str, per_second: int, rounds: list[open_loop.Offered], refused: list[list[float]]) -> Row:
    health = [[one.seconds for one in offered.health] for offered in rounds]
    served = [sum(one.status in (200, 202) for one in offered.answers) / SECONDS for offered in rounds]
    return {
        "load": name,
        "offered_per_second": per_second,
        "served_per_second": round(figures.median(served)),
        "unsent_percent": round(100 * sum(one.unsent for one in rounds) / (per_second * SECONDS * len(rounds)), 1),
        "refused_p50_ms": _middle(refused, 0.5),
        "refused_p95_ms": _middle(refused, 0.95),
        "refused_p99_ms": _middle(refused, 0.99),
        "refused_worst_ms": figures.milliseconds(max(max(one) for one in refused)),
        "healthz_p50_ms": _middle(health, 0.5),
        "healthz_p99_ms": _middle(health, 0.99),
    }


def _middle(rounds: list[list[float]], share: float) -> float:
    """The median of the rounds' percentiles, in milliseconds."""
    return figures.milliseconds(figures.median([figures.percentile(one, share) for one in rounds]))
