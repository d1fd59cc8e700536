"""Fan-out rate: from POST to the last entry, against the limit of the database itself, and against what people build first.

Every round begins with empty inboxes and a checkpoint, and measures the hub and its limit in turn; the medians count. The limit is
described in `limit`, what people build first in `naive`.
"""

import time
from dataclasses import dataclass
from typing import Any

import sqlalchemy

from benchmarks import figures, limit, naive, seed
from benchmarks import hub as hubs
from benchmarks.bench import Bench
from benchmarks.report import Answer, Row, Table, Target

CHOICES: dict[str, dict[str, Any]] = {
    "everyone": {"everyone": True},
    "50 organisations": {"organisations": [f"o{number}" for number in range(50)]},
}
_NOTE = (
    "Medians; shares are of the limit, round by round: the identical SELECT inserted into an identical table over as many connections. "
    "Delivering is from the first batch's publication to the last one's commit; an audience of one batch has none apart from the rest."
)
# On a large message ten times as long: looking takes the processor away from what is looked at.
_LOOK_EVERY_S = 0.002
_NAIVE_NOTE = "Both measured on a sample of {sample:,} recipients, the hub on all of them."


@dataclass(frozen=True)
class Sample:
    """One message: seconds from POST to `sent`, of delivering (0 where there was one batch), of the limit; batches and people."""

    message_id: str
    took: float
    delivering: float
    batches: int
    recipients: int
    limit: float

    @property
    def share(self) -> float:
        return self.limit / self.took

    @property
    def delivering_share(self) -> float:
        return self.limit / self.delivering

    @property
    def rate(self) -> float:
        return self.recipients / self.took


def run(bench: Bench) -> Answer:
    rows: list[Row] = []
    targets: list[Target] = []
    for users in bench.size.audiences:
        platform = bench.platform(users)
        for name, choice in CHOICES.items():
            bench.say(f"fan-out to {name} of {users:,} users")
            samples = [measure(bench.hub, platform, choice) for _ in range(bench.size.rounds + 1)]
            samples = samples[1:]  # the first one warms up
            rows.append(row(name, samples))
            if users == bench.size.large:
                targets += _targets(name, samples)
            if users == bench.size.large and name == "everyone":
                naively, rate = _naively(bench, platform.key, samples)
                targets.append(rate)
    bench.hub.forget_messages()
    return Answer("Fan-out rate", [Table("From POST to the last entry", rows, _NOTE), naively], targets)


def measure(hub: hubs.Hub, platform: seed.Platform, choice: dict[str, Any], *, empty: bool = True) -> Sample:
    """The hub and then its limit, each after a checkpoint; `empty` first forgets all messages."""
    if empty:
        hub.forget_messages()
    hub.wait_quiet()
    hub.checkpoint()
    began = time.perf_counter()
    message_id = hub.post(platform.key, choice)
    hub.wait_sent(message_id, every=_LOOK_EVERY_S * max(1.0, platform.users / 100_000))
    took = time.perf_counter() - began
    statement = sqlalchemy.text("""
        SELECT EXTRACT(epoch FROM max(delivered_at) - min(published_at)) AS seconds, count(*) AS batches,
               sum(recipient_count) AS recipients
        FROM fanout_batches WHERE message_id = :id
    """)
    with hub.engine.connect() as connection:
        found = connection.execute(statement, {"id": message_id}).one()
    work = limit.find_work(hub.engine, message_id)
    return Sample(
        message_id, took, float(found.seconds), found.batches, int(found.recipients), limit.measure(hub, work)
    )


def row(name: str, samples: list[Sample]) -> Row:
    recipients = samples[0].recipients
    delivered = all(sample.delivering for sample in samples)
    took = [sample.took for sample in samples]
    return {
        "audience": name,
        "recipients": recipients,
        "batches": samples[0].batches,
        "seconds": round(figures.median(took), 3),
        "seconds_spread": figures.spread(took, 3),
        "entries_per_second": round(recipients / figures.median(took)),
        "limit_per_second": round(recipients / figures.median([sample.limit for sample in samples])),
        "share": round(figures.median([sample.share for sample in samples]), 2),
        "share_spread": figures.spread([sample.share for sample in samples]),
        "delivering_share": round(figures.median([s.delivering_share for s in samples]), 2) if delivered else None,
        "delivering_spread": figures.spread([s.delivering_share for s in samples]) if delivered else None,
    }


def _targets(name: str, samples: list[Sample]) -> list[Target]:
    to = f"{name}, {samples[0].recipients:,} recipients"
    found = [Target(f"share of the limit from POST to last entry, {to}", _median_share(samples), 0.8)]
    if all(sample.delivering for sample in samples):
        delivering = round(figures.median([sample.delivering_share for sample in samples]), 2)
        found.insert(0, Target(f"share of the limit while delivering, {to}", delivering, 0.9))
    return found


def _median_share(samples: list[Sample]) -> float:
    return round(figures.median([sample.share for sample in samples]), 2)


def _naively(bench: Bench, platform: str, samples: list[Sample]) -> tuple[Table, Target]:
    """What people build first, on a sample of the recipients of the hub's last message."""
    bench.say("fan-out as people build it first")
    bench.hub.forget_messages()
    message_id = bench.hub.post(platform, CHOICES["everyone"])
    bench.hub.wait_sent(message_id)
    work = limit.find_work(bench.hub.engine, message_id)
    hub_rate = figures.median([sample.rate for sample in samples])
    rates = naive.measure(bench.hub, work)
    rows: list[Row] = [
        {"how": how, "entries_per_second": round(rate), "the_hub_is_times_faster": round(hub_rate / rate)}
        for how, rate in rates.items()
    ]
    target = Target("times the rate of the faster naive way", round(hub_rate / max(rates.values())), 200)
    return Table("Against what people build first", rows, _NAIVE_NOTE.format(sample=naive.SAMPLE)), target
