"""Acknowledging: everyone acknowledges one message, against a Flask route on the same server and pool. And polls with 50 to acknowledge.

Every writing request is another person's, and that person's first for the message.
"""

import sqlalchemy

from benchmarks import baseline, polling, report, seed, wrk
from benchmarks import hub as hubs
from benchmarks.bench import Bench
from benchmarks.report import Answer, Row, Table, Target
from shared import acknowledgements

CONNECTIONS = 16
PEOPLE, OPEN = 20_000, 50
STATEMENT = "I have read and understood this."
_BODY = "A notice of about three hundred characters, as people write them. " * 4
_HASH = acknowledgements.content_hash(title=hubs.TITLE, body=_BODY.strip(), statement=STATEMENT)
_JSON = b'{"content_hash":"%s"}' % acknowledgements.format_hash(_HASH).encode()
_ACKNOWLEDGE, _READ, _IN_FLIGHT = "acknowledge", "mark as read", "acknowledge in flight"
_ASK = sqlalchemy.text("UPDATE messages SET statement = :statement, content_hash = :hash")
_POLLS = {"counts": polling.COUNTS, "feed": polling.FEED}
_NOTE = "Medians of rounds in turn, each with a message of its own; shares are as for polling."
_POLL_NOTE = f"Answers 200 per second. With {OPEN} to acknowledge, a feed has 20 more notifications."


def run(bench: Bench) -> Answer:
    hub, platform = bench.hub, bench.platform(bench.size.large)
    people = [hub.bearer(f"u{number}", platform.key) for number in range(min(platform.people, PEOPLE))]
    bench.say(f"{len(people):,} people acknowledge messages")
    with baseline.running(hub) as baseline_url:
        requests = [wrk.request("GET", "/token-select", one) for one in people[: polling.USERS]]
        limit = wrk.Load(polling.TOKEN_SELECT, baseline_url, requests)
        results = _write(bench, platform, people, (_ACKNOWLEDGE, _READ), limit)
    with hub.without_workers():
        in_flight = _write(bench, platform, people, (_IN_FLIGHT,))
    hub.forget_messages()
    rate = report.median([one.rate for one in results[_ACKNOWLEDGE]])
    targets = [Target(f"acknowledged per second on {CONNECTIONS} connections", round(rate), 1_000.0)]
    writes = Table("Acknowledging", wrk.rows(results, connections=CONNECTIONS, to=(polling.TOKEN_SELECT,)), _NOTE)
    waiting = Table("In flight", wrk.rows(in_flight, connections=CONNECTIONS, to=()))
    bench.say(f"polling with {OPEN} to acknowledge")
    polls = Table("Polls", _poll(bench, targets), _POLL_NOTE)
    hub.forget_messages()
    return Answer("Acknowledging", [writes, waiting, polls], targets)


def _write(
    bench: Bench, platform: seed.Platform, people: list[dict[str, str]], names: tuple[str, ...], *others: wrk.Load
) -> wrk.Results:
    """Rounds of writing requests, each to a message of its own, and of `others`."""
    results: wrk.Results = {name: [] for name in (*names, *(one.name for one in others))}
    for number in range(-1, bench.size.rounds):  # one of each to warm up
        for load in others:
            result = wrk.run(load, connections=CONNECTIONS, seconds=bench.size.load_seconds)
            if number >= 0:
                results[load.name].append(result)
        for name in names:
            asking = {"statement": STATEMENT}
            message_id = bench.hub.post(platform.key, hubs.EVERYONE, body=_BODY, acknowledgement=asking)
            if name != _IN_FLIGHT:
                bench.hub.wait_sent(message_id)
            path, body = ("read", b"") if name == _READ else ("acknowledged", _JSON)
            path = f"/v1/notifications/{message_id}/{path}"
            requests = [wrk.request("PUT", path, one, body) for one in people]
            load = wrk.Load(name, bench.hub.apis.inbox_url, requests)
            result = wrk.run(load, connections=CONNECTIONS, seconds=bench.size.load_seconds)
            if result.rate * bench.size.load_seconds >= len(people):
                raise wrk.LoadError(f"{name}: all {len(people)} people were done before the round was over")
            if number >= 0:
                results[name].append(result)
    return results


def _poll(bench: Bench, targets: list[Target]) -> list[Row]:
    """With the same messages in the inbox, of which none and all are to be acknowledged."""
    hub, platform = bench.hub, bench.platform(polling.USERS)
    polling.fill_inboxes(hub, platform.key, OPEN)
    headers = [hub.bearer(f"u{number}", platform.key) for number in range(polling.USERS)]
    loads = {
        name: wrk.Load(name, hub.apis.inbox_url, [wrk.request("GET", path, one) for one in headers])
        for name, path in _POLLS.items()
    }
    states = {"": None, f", {OPEN} to acknowledge": STATEMENT}
    results: wrk.Results = {name + state: [] for name in loads for state in states}
    for number in range(-1, bench.size.rounds):
        for state, statement in states.items():
            _ask(hub, statement)
            hub.administer("VACUUM (ANALYZE) messages")
            for name, load in loads.items():
                result = wrk.run(load, connections=CONNECTIONS, seconds=bench.size.load_seconds)
                if number >= 0:
                    results[name + state].append(result)
    for name in loads:
        share = wrk.ratio(results, name, f"{name}, {OPEN} to acknowledge")
        targets.append(report.at_most(f"time of {name} with {OPEN} to acknowledge over that with none", share, 1.2))
    return wrk.rows(results, connections=CONNECTIONS, to=())


def _ask(hub: hubs.Hub, statement: str | None) -> None:
    """All messages ask for an acknowledgement, or none."""
    with hub.engine.begin() as connection:
        connection.execute(_ASK, {"statement": statement, "hash": _HASH if statement else None})
