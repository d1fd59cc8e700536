"""Reading and writing with years of entries: fan-out into a full hub, and what a feed page and counts cost in inboxes of different lengths.

A second hub is filled; rounds on it and on the empty one are measured in turn. Then people with inboxes of different lengths read,
over HTTP and inside PostgreSQL, with nothing in flight and with much.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg

from benchmarks import fanout, history, report, seed
from benchmarks import hub as hubs
from benchmarks.bench import Bench
from benchmarks.report import Answer, Row, Table, Target
from services.inbox_api.store import counts, inbox
from shared import db

IN_FLIGHT = 5_000
PAGE = 20
_PATHS = {"feed": f"/v1/notifications?limit={PAGE}", "counts": "/v1/notifications/counts"}
_FANOUT_NOTE = (
    "To everyone, rounds in turn on an empty hub and on a full one. Shares are of the limit measured in the same round, into an "
    "empty table of the same server."
)
_READ_NOTE = "Milliseconds over HTTP, and of the same prepared statement asked of PostgreSQL directly."
# (kind of request, entries of the reader) -> seconds of each request
Times = dict[tuple[str, int], list[float]]


def run(bench: Bench) -> Answer:
    users, each = bench.size.large, bench.size.reads_each
    empty = bench.platform(users)
    with hubs.running(bench.folder / "full") as full:
        bench.say(f"filling a second hub with {history.EACH * users:,} entries")
        platform = bench.make_platform(full, seed.Platform("bench-full", users, extra=history.readers()))
        full.stop_workers()
        history.fill(full, platform)
        full.start_workers(hubs.WORKERS)
        bench.say("fan-out into the empty hub and into the full one")
        fanouts, targets = _fanouts(bench, full, empty, platform)
        tables = [Table(f"Fan-out with {history.EACH * users:,} entries", fanouts, _FANOUT_NOTE)]
        bench.say("reading inboxes of different lengths")
        full.stop_workers()
        tables.append(_read(full, platform, "nothing in flight", targets, each=each))
        bench.say(f"reading with {IN_FLIGHT:,} messages in flight")
        history.in_flight(full, platform, IN_FLIGHT)
        tables.append(_read(full, platform, f"{IN_FLIGHT:,} in flight", targets, each=each))
    return Answer("Years of entries", tables, targets)


def _fanouts(
    bench: Bench, full: hubs.Hub, on_empty: seed.Platform, on_full: seed.Platform
) -> tuple[list[Row], list[Target]]:
    into_empty, into_full = [], []
    for number in range(bench.size.rounds + 1):
        one = fanout.measure(bench.hub, on_empty, hubs.EVERYONE)
        bench.hub.forget_messages()
        other = fanout.measure(full, on_full, hubs.EVERYONE, empty=False)
        history.forget_entries(full, other.message_id)
        if number:  # the first round warms up
            into_empty.append(one)
            into_full.append(other)
    ratios = [other.rate / one.rate for one, other in zip(into_empty, into_full, strict=True)]
    rows: list[Row] = [
        {"hub": name} | dict(fanout.row(name, found)) for name, found in (("empty", into_empty), ("full", into_full))
    ]
    what = f"rate into the full hub over the rate into the empty one ({report.spread(ratios)})"
    return rows, [Target(what, round(report.median(ratios), 2), 0.75)]


def _read(hub: hubs.Hub, platform: seed.Platform, situation: str, targets: list[Target], *, each: int) -> Table:
    with _connection(hub) as connection:
        over_http = _time_each(_http_requests(hub, platform), each)
        inside = _time_each(_statements(connection, platform), each)
    for kind in _PATHS:
        what = (
            f"{kind}, {situation}: {{}} with {history.LENGTHS[-1]:,} entries over that with {history.LENGTHS[0]}, {{}}"
        )
        targets += [
            report.at_most(what.format("p99", "over HTTP"), _growth(over_http, kind, report.p99), 1.3),
            report.at_most(what.format("median", "in PostgreSQL"), _growth(inside, kind, report.median), 1.3),
            report.at_most(what.format("p99", "in PostgreSQL"), _growth(inside, kind, report.p99), 1.3),
        ]
    rows: list[Row] = [
        {
            "request": kind,
            "entries": length,
            "requests": len(found),
            **report.times(found),
            **report.times(inside[kind, length], "postgresql_"),
        }
        for (kind, length), found in over_http.items()
    ]
    return Table(f"Reading, {situation}", rows, _READ_NOTE)


def _time_each(requests: dict[tuple[str, str], Callable[[], object]], each: int) -> Times:
    """Times every request `each` times, in turn, so that no kind or length is measured at a better time than another."""
    times: Times = {(kind, length): [] for kind in _PATHS for length in history.LENGTHS}
    for number in range(-1, each):  # one of each to warm up, which prepares the statements too
        for reader in range(history.READERS):
            for (kind, length), found in times.items():
                began = time.perf_counter()
                requests[kind, history.user(length, reader)]()
                if number >= 0:
                    found.append(time.perf_counter() - began)
    return times


def _http_requests(hub: hubs.Hub, platform: seed.Platform) -> dict[tuple[str, str], Callable[[], object]]:
    def request(path: str, user: str) -> Callable[[], object]:
        url, headers = hub.apis.inbox_url + path, hub.bearer(user, platform.key)
        return lambda: hub.http.get(url, headers=headers).raise_for_status()

    return {(kind, user): request(path, user) for kind, path in _PATHS.items() for user in history.readers()}


def _statements(
    connection: psycopg.Connection[Any], platform: seed.Platform
) -> dict[tuple[str, str], Callable[[], object]]:
    """The statements of the inbox API, called as it calls them."""
    found = connection.execute(
        "SELECT u.external_id, u.id, p.id FROM users u JOIN platforms p ON p.id = u.platform_id"
        " WHERE p.key = %s AND u.external_id = ANY(%s)",
        (platform.key, history.readers()),
    )

    def statements(user_id: int, platform_id: int) -> Iterator[tuple[str, Callable[[], object]]]:
        who: dict[str, Any] = {"user_id": user_id, "platform_id": platform_id}
        yield "feed", lambda: inbox.list_page(connection, wanted=inbox.Wanted(inbox.ALL, PAGE + 1), **who)
        yield "counts", lambda: counts.get(connection, **who)

    return {(kind, user): ask for user, *ids in found.fetchall() for kind, ask in statements(*ids)}


def _connection(hub: hubs.Hub) -> psycopg.Connection[Any]:
    """A connection like those of the inbox API."""
    session = {"role": db.INBOX_ROLE, "timezone": "UTC", **inbox.SESSION}
    options = " ".join(f"-c {name}={value}" for name, value in session.items())
    return psycopg.connect(hub.environment["HUB_DATABASE_URL"], autocommit=True, options=options)


def _growth(times: Times, kind: str, of: Callable[[list[float]], float]) -> float:
    return of(times[kind, history.LENGTHS[-1]]) / of(times[kind, history.LENGTHS[0]])
