"""Polling: counts and a feed page, as every bell requests them all day, against Flask routes on the same server and pool.

A thousand users in turn, each with their own token, with and without the ETag of their last answer.
"""

import contextlib

import sqlalchemy

from benchmarks import baseline, gateway, wrk
from benchmarks import hub as hubs
from benchmarks.bench import Bench
from benchmarks.report import Answer, Row, Table, Target

USERS = 1_000
MESSAGES = 25
CONNECTIONS = (16, 64)
COUNTS, FEED = "/v1/notifications/counts", "/v1/notifications?limit=20"
TOKEN_SELECT, BARE = "token-select", "bare"
_BODY = "A notice of about three hundred characters, as people write them. " * 5
_NOTE = (
    "Medians of rounds in turn; shares are of the rate of a Flask route that verifies the token and runs one SELECT 1 (token-select), "
    "and of one that does nothing (bare). Rejected: answered 503."
)
_READ_SOME = sqlalchemy.text("""
    INSERT INTO inbox_states (user_id, sent_at, message_id, seen_at, read_at, first_read_at)
    SELECT e.user_id, e.sent_at, e.message_id, now(), CASE WHEN e.user_id % 3 = 0 THEN now() END,
           CASE WHEN e.user_id % 3 = 0 THEN now() END
    FROM inbox_entries e
    JOIN (SELECT id, row_number() OVER (ORDER BY sent_at) AS position FROM messages) m ON m.id = e.message_id
    WHERE m.position <= :seen ORDER BY e.user_id, e.sent_at
""")


def run(bench: Bench) -> Answer:
    hub = bench.hub
    platform = bench.platform(USERS)
    bench.say(f"giving {USERS:,} users {MESSAGES} notifications each")
    fill_inboxes(hub, platform.key)
    headers = [hub.bearer(f"u{number}", platform.key) for number in range(USERS)]
    rows: list[Row] = []
    targets: list[Target] = []
    with contextlib.ExitStack() as stack:
        baseline_url = stack.enter_context(baseline.running(hub))
        urls = {"": hub.apis.inbox_url}
        if gateway.is_installed():
            urls[", gateway"] = stack.enter_context(gateway.running(hub))
        requests = {
            f"{what}, {304 if known else 200}": _requests(hub, path, headers, known=known)
            for what, path in (("counts", COUNTS), ("feed", FEED))
            for known in (True, False)
        }
        loads = [wrk.Load(name + way, url, found) for name, found in requests.items() for way, url in urls.items()]
        loads.append(
            wrk.Load(TOKEN_SELECT, baseline_url, [wrk.request("GET", "/token-select", one) for one in headers])
        )
        loads.append(wrk.Load(BARE, baseline_url, [wrk.request("GET", "/bare", {})]))
        for connections in CONNECTIONS:
            bench.say(f"polling on {connections} connections")
            results = wrk.measure(loads, connections=connections, size=bench.size)
            rows += wrk.rows(results, connections=connections, to=(TOKEN_SELECT, BARE))
            for name, bound in (("counts, 304", 0.7), ("feed, 200", 0.5)):
                share = wrk.ratio(results, name, TOKEN_SELECT)
                targets.append(Target(f"{name}, share of token-select on {connections} connections", share, bound))
    hub.forget_messages()
    return Answer("Polling", [Table("Answers per second", rows, _NOTE)], targets)


def fill_inboxes(hub: hubs.Hub, platform: str, messages: int = MESSAGES) -> None:
    """Messages to everyone, all written; some users have seen or read some of them."""
    hub.forget_messages()
    for message_id in [hub.post(platform, hubs.EVERYONE, body=_BODY[:300]) for _ in range(messages)]:
        hub.wait_sent(message_id)
    with hub.engine.begin() as connection:
        connection.execute(_READ_SOME, {"seen": messages - 5})
    hub.administer("VACUUM (ANALYZE) inbox_entries, inbox_states, messages")


def _requests(hub: hubs.Hub, path: str, headers: list[dict[str, str]], *, known: bool) -> list[bytes]:
    """The same request for every user; with `known` each sends its ETag, and 304 is the answer."""
    url = hub.apis.inbox_url + path
    requests = []
    for one in headers:
        etag = {"If-None-Match": hub.http.get(url, headers=one).headers["ETag"]} if known else {}
        requests.append(wrk.request("GET", path, one | etag))
    status = hub.http.get(url, headers=one | etag).status_code
    if status != (304 if known else 200):
        raise wrk.LoadError(f"{path}: the hub answered {status}")
    return requests
