"""Steady state: the fan-out into a hub that holds years of entries, and what a filled inbox costs its reader.

A second hub is filled; rounds on it and on the empty one are measured in turn. Then a feed page and the counts of people with inboxes of
different lengths, over HTTP and inside PostgreSQL, with nothing in flight and with much.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from benchmarks import explain, fanout, figures, history, seed
from benchmarks import hub as hubs
from benchmarks.bench import Bench
from benchmarks.report import Answer, Row, Table, Target

IN_FLIGHT = 5_000
PAGE = 20
_EVERYONE = {"everyone": True}
_PATHS = {"feed": f"/v1/notifications?limit={PAGE}", "counts": "/v1/notifications/counts"}
_FANOUT_NOTE = (
    "To everyone, rounds in turn on an empty hub and on a full one. Shares are of the limit measured in the same round, into an "
    "empty table of the same server."
)
_READ_NOTE = (
    "Milliseconds over HTTP, and of the same prepared statement asked of PostgreSQL directly. Rows (that scans gave or filtered out) and "
    "buffers by EXPLAIN."
)


@dataclass
class _Reads:
    """All that was measured of one kind of request of readers with as many entries."""

    seconds: list[float] = field(default_factory=list)
    inside: list[float] = field(default_factory=list)
    touched: list[explain.Touched] = field(default_factory=list)


def run(bench: Bench) -> Answer:
    users, each = bench.size.large, bench.size.reads_each
    empty = bench.platform(users)
    with hubs.running(bench.folder / "full") as full:
        bench.say(f"filling a second hub with {history.EACH * users:,} entries")
        platform = seed.platform(full.engine, "bench-full", users=users)
        history.fill(full, platform)
        bench.say("fan-out into the empty hub and into the full one")
        fanouts, targets = _fanouts(bench, full, empty, platform)
        tables = [Table(f"Fan-out with {history.EACH * users:,} entries", fanouts, _FANOUT_NOTE)]
        bench.say("reading inboxes of different lengths")
        tables.append(_read(full, platform, "nothing in flight", targets, each=each))
        bench.say(f"reading with {IN_FLIGHT:,} messages in flight")
        full.stop()
        full.start(workers=0)
        history.in_flight(full, platform, IN_FLIGHT)
        tables.append(_read(full, platform, f"{IN_FLIGHT:,} in flight", targets, each=each))
    return Answer("Steady state", tables, targets)


def _fanouts(
    bench: Bench, full: hubs.Hub, on_empty: seed.Platform, on_full: seed.Platform
) -> tuple[list[Row], list[Target]]:
    into_empty, into_full = [], []
    for number in range(bench.size.rounds + 1):
        one = fanout.measure(bench.hub, on_empty, _EVERYONE)
        bench.hub.forget_messages()
        other = fanout.measure(full, on_full, _EVERYONE, empty=False)
        history.forget_entries(full, other.message_id)
        if number:  # the first round warms up
            into_empty.append(one)
            into_full.append(other)
    ratios = [other.rate / one.rate for one, other in zip(into_empty, into_full, strict=True)]
    rows = [fanout.row("empty", into_empty), fanout.row("full", into_full)]
    share = round(figures.median(ratios), 2)
    what = f"rate into the full hub over the rate into the empty one ({figures.spread(ratios)})"
    return [_renamed(row) for row in rows], [Target(what, share, 0.75)]


def _renamed(row: Row) -> Row:
    return {"hub" if name == "audience" else name: value for name, value in row.items()}


def _read(hub: hubs.Hub, platform: seed.Platform, situation: str, targets: list[Target], *, each: int) -> Table:
    reads = {(kind, length): _Reads() for kind in _PATHS for length in history.LENGTHS}
    _over_http(hub, platform, reads, each=each)
    _inside(hub, platform, reads, each=each)
    for kind in _PATHS:
        shortest, longest = (reads[kind, history.LENGTHS[place]] for place in (0, -1))
        grown = round(figures.p99(longest.seconds) / figures.p99(shortest.seconds), 2)
        inside = round(figures.p99(longest.inside) / figures.p99(shortest.inside), 2)
        what = f"{kind}, {situation}: p99 with {history.LENGTHS[-1]:,} entries over that with {history.LENGTHS[0]}"
        targets += [
            Target(f"{what}, over HTTP", grown, 1.3, at_most=True),
            Target(f"{what}, in PostgreSQL", inside, 1.3, at_most=True),
        ]
    rows = [_row(kind, length, found) for (kind, length), found in reads.items()]
    return Table(f"Reading, {situation}", rows, _READ_NOTE)


def _over_http(hub: hubs.Hub, platform: seed.Platform, reads: dict[tuple[str, int], _Reads], *, each: int) -> None:
    tokens = {name: hub.headers(name, platform.key) for length in history.LENGTHS for name in _names(length)}
    for number in range(-1, each):  # one of each to warm up
        for (kind, name), found in _in_turn(reads):
            began = time.perf_counter()
            hub.http.get(hub.inbox_url + _PATHS[kind], headers=tokens[name]).raise_for_status()
            if number >= 0:
                found.seconds.append(time.perf_counter() - began)


def _inside(hub: hubs.Hub, platform: seed.Platform, reads: dict[tuple[str, int], _Reads], *, each: int) -> None:
    ask: dict[str, Callable[[explain.Reader], None]] = {
        "feed": lambda reader: explain.feed(connection, reader, limit=PAGE),
        "counts": lambda reader: explain.counts(connection, reader),
    }
    with explain.connect(hub) as connection:
        readers = {
            name: explain.find_reader(connection, platform=platform.key, user=name)
            for length in history.LENGTHS
            for name in _names(length)
        }
        for number in range(-1, each):  # the statements are prepared when the first round is over
            for (kind, name), found in _in_turn(reads):
                began = time.perf_counter()
                ask[kind](readers[name])
                if number >= 0:
                    found.inside.append(time.perf_counter() - began)
        for (kind, name), found in _in_turn(reads):
            ask[kind](readers[name])
            found.touched.append(explain.touched_by_last(connection))


def _in_turn(reads: dict[tuple[str, int], _Reads]) -> Iterator[tuple[tuple[str, str], _Reads]]:
    """Every kind and length with one reader after the other, so that none is measured at a better time than another."""
    for number in range(history.READERS):
        for (kind, length), found in reads.items():
            yield (kind, history.user(length, number)), found


def _names(length: int) -> list[str]:
    return [history.user(length, number) for number in range(history.READERS)]


def _row(kind: str, length: int, reads: _Reads) -> Row:
    return {
        "request": kind,
        "entries": length,
        "requests": len(reads.seconds),
        "median_ms": figures.milliseconds(figures.median(reads.seconds)),
        "p99_ms": figures.milliseconds(figures.p99(reads.seconds)),
        "postgresql_median_ms": round(figures.median(reads.inside) * 1000, 2),
        "postgresql_p99_ms": round(figures.p99(reads.inside) * 1000, 2),
        "rows": round(figures.median([touched.rows for touched in reads.touched])),
        "buffers": round(figures.median([touched.buffers for touched in reads.touched])),
    }
