"""Small behind large: how long a message to one clinic takes while a broadcast is being written, compared with an idle hub.

Both are measured in blocks in turn. What is allowed on top is the time of two bulk batches: each worker finishes the one it is at.
"""

import time
from typing import Any

import sqlalchemy

from benchmarks import figures, seed, traffic
from benchmarks import hub as hubs
from benchmarks.bench import Bench
from benchmarks.report import Answer, Row, Table, Target

_OF = 100_000
_PEOPLE = 200
_BLOCKS = 2
_NOTE = "Seconds from POST until the message is `sent`. One batch: how long a batch of the large message keeps its worker busy."


def run(bench: Bench) -> Answer:
    hub = bench.hub
    small, large = bench.platform(_OF), bench.platform(bench.size.large)
    clinic = {"clinics": [_find_clinic(hub, small)]}
    idle: list[float] = []
    behind: list[float] = []
    batches: list[float] = []
    recipients = 0
    for block in range(_BLOCKS):
        bench.say(f"small behind large, block {block + 1} of {_BLOCKS}")
        hub.forget_messages()
        idle += _samples(hub, small.key, clinic, bench.size.behind_samples // _BLOCKS, quiet=True)
        with traffic.broadcasts(hub, large.key) as posted:
            behind += _samples(hub, small.key, clinic, bench.size.behind_samples // _BLOCKS, quiet=False)
        batches.append(traffic.batch_seconds(hub, posted))
        with hub.engine.connect() as connection:
            found = connection.exec_driver_sql("SELECT min(recipient_count) FROM messages WHERE recipient_count > 0")
            recipients = int(found.scalar_one())
    hub.forget_messages()
    batch = figures.median(batches)
    rows: list[Row] = [
        {
            "hub": name,
            "recipients": recipients,
            "samples": len(samples),
            "median_s": round(figures.median(samples), 3),
            "p99_s": round(figures.p99(samples), 3),
            "one_batch_s": round(batch, 3),
            "batches_later": round((figures.median(samples) - figures.median(idle)) / batch, 2),
        }
        for name, samples in (("idle", idle), (f"{bench.size.large:,} being written", behind))
    ]
    later = round((figures.median(behind) - figures.median(idle)) / batch, 2)
    target = Target("median later than on an idle hub, in batches", later, 2.0, at_most=True)
    return Answer("Small behind large", [Table("Time to sent", rows, _NOTE)], [target])


def _samples(hub: hubs.Hub, platform: str, audience: dict[str, Any], count: int, *, quiet: bool) -> list[float]:
    """The pauses differ, so that the samples do not fall into step with the batches."""
    took = []
    for number in range(-1, count):  # one to warm up
        if quiet:
            hub.wait_quiet()
        time.sleep(0.05 + 0.013 * (number % 7))
        began = time.perf_counter()
        hub.wait_sent(hub.post(platform, audience), every=0.001)
        if number >= 0:
            took.append(time.perf_counter() - began)
    return took


def _find_clinic(hub: hubs.Hub, platform: seed.Platform) -> str:
    """The clinic whose number of people is nearest to what is wanted."""
    statement = sqlalchemy.text("""
        SELECT c.external_id FROM clinics c JOIN scope_user_counts n ON n.scope_id = c.id
        WHERE c.platform_id = :platform_id ORDER BY abs(n.user_count - :people), c.id LIMIT 1
    """)
    with hub.engine.connect() as connection:
        return str(connection.execute(statement, {"platform_id": platform.id, "people": _PEOPLE}).scalar_one())
