"""Polling: what a bell asks all day. Counts and a feed page under load, against Flask routes on the same server and pool.

A thousand users in turn, each with their own token, with and without the ETag of what they were last told.
"""

import sqlalchemy

from benchmarks import compared, wrk
from benchmarks import hub as hubs
from benchmarks.bench import Bench
from benchmarks.report import Answer, Row, Table, Target

USERS = 1_000
MESSAGES = 25
PAGE = 20
CONNECTIONS = (16, 64)
COUNTS, FEED = "/v1/notifications/counts", f"/v1/notifications?limit={PAGE}"
TOKEN_SELECT, BARE = "token-select", "bare"
_BODY = "A notice of about three hundred characters, as people write them. " * 5
_NOTE = (
    "Medians of rounds in turn; shares are of the rate of a Flask route that verifies the token and runs one SELECT 1 (token-select), "
    "and of one that does nothing (bare), both on the plain WSGI server. Refused: answered 503 because more came than "
    "one process takes on."
)


def run(bench: Bench) -> Answer:
    hub = bench.hub
    platform = bench.platform(USERS)
    bench.say(f"giving {USERS:,} users {MESSAGES} notifications each")
    fill_inboxes(hub, platform.key)
    users = [f"u{number}" for number in range(1, USERS + 1)]
    headers = [hub.headers(user, platform.key) for user in users]
    rows: list[Row] = []
    targets: list[Target] = []
    with compared.baseline(hub) as baseline_url:
        loads = [
            _load(hub, "counts, 304", COUNTS, headers, known=True),
            _load(hub, "counts, 200", COUNTS, headers, known=False),
            _load(hub, "feed, 304", FEED, headers, known=True),
            _load(hub, "feed, 200", FEED, headers, known=False),
            wrk.Load(TOKEN_SELECT, baseline_url, [wrk.request("GET", "/token-select", one) for one in headers]),
            wrk.Load(BARE, baseline_url, [wrk.request("GET", "/bare", {})]),
        ]
        for connections in CONNECTIONS:
            bench.say(f"polling on {connections} connections")
            results = compared.measure(loads, connections=connections, size=bench.size)
            rows += compared.rows(results, connections=connections, to=(TOKEN_SELECT, BARE))
            for name, bound in (("counts, 304", 0.7), ("feed, 200", 0.5)):
                share = compared.ratio(results, name, TOKEN_SELECT)
                targets.append(Target(f"{name}, share of token-select on {connections} connections", share, bound))
    hub.forget_messages()
    return Answer("Polling", [Table("Answers per second", rows, _NOTE)], targets)


def fill_inboxes(hub: hubs.Hub, platform: str) -> None:
    """Messages to everyone, all written; some users have seen or read some of them."""
    hub.forget_messages()
    for message_id in [hub.post(platform, {"everyone": True}, body=_BODY[:300]) for _ in range(MESSAGES)]:
        hub.wait_sent(message_id)
    statement = sqlalchemy.text("""
        INSERT INTO inbox_states (user_id, sent_at, message_id, seen_at, read_at)
        SELECT e.user_id, e.sent_at, e.message_id, now(), CASE WHEN e.user_id % 3 = 0 THEN now() END
        FROM inbox_entries e
        JOIN (SELECT id, row_number() OVER (ORDER BY sent_at) AS position FROM messages) m ON m.id = e.message_id
        WHERE m.position <= :seen
        ORDER BY e.user_id, e.sent_at
    """)
    with hub.engine.begin() as connection:
        connection.execute(statement, {"seen": MESSAGES - 5})
    hub.administer("VACUUM (ANALYZE) inbox_entries, inbox_states, messages")


def _load(hub: hubs.Hub, name: str, path: str, headers: list[dict[str, str]], *, known: bool) -> wrk.Load:
    """The same request for every user; `known` sends what each was last told along, and makes sure that it answers 304."""
    requests = []
    for one in headers:
        sent = dict(one)
        if known:
            sent["If-None-Match"] = hub.http.get(hub.inbox_url + path, headers=one).headers["ETag"]
        requests.append(wrk.request("GET", path, sent))
    status = hub.http.get(hub.inbox_url + path, headers=sent).status_code
    if status != (304 if known else 200):
        raise wrk.LoadError(f"{name}: the hub answered {status}")
    return wrk.Load(name, hub.inbox_url, requests)
