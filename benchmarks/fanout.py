"""Fan-out rate: from POST to the last entry, against the limit of the database itself (see `limit`).

Every round begins with empty inboxes and a checkpoint, and measures the hub and its limit in turn; the medians count.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy

from benchmarks import hub as hubs
from benchmarks import limit, report, seed
from benchmarks.bench import Bench
from benchmarks.report import Answer, Row, Table, Target

CHOICES: dict[str, dict[str, Any]] = {
    "everyone": hubs.EVERYONE,
    "50 organisations": {"organisations": [f"o{number}" for number in range(50)]},
}
_NOTE = (
    "Medians; shares are of the limit, round by round: the identical SELECT inserted into an identical table over as many connections. "
    "Delivering is from the first batch's publication to the last one's commit; an audience of one batch has none apart from the rest."
)
_BATCHES = sqlalchemy.text("""
    SELECT EXTRACT(epoch FROM max(delivered_at) - min(published_at)) AS seconds, count(*) AS batches,
           sum(recipient_count) AS recipients
    FROM fanout_batches WHERE message_id = :id
""")


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
    def rate(self) -> float:
        return self.recipients / self.took


def run(bench: Bench) -> Answer:
    rows: list[Row] = []
    targets: list[Target] = []
    for users in bench.size.audiences:
        platform = bench.platform(users)
        for name, choice in CHOICES.items():
            bench.say(f"fan-out to {name} of {users:,} users")
            samples = [measure(bench.hub, platform, choice) for _ in range(bench.size.rounds + 1)][
                1:
            ]  # the first warms up
            rows.append(row(name, samples))
            if users == bench.size.large:
                to = f"{name}, {samples[0].recipients:,} recipients"
                share, delivering = _shares(samples)
                targets.append(Target(f"share of the limit from POST to last entry, {to}", _middle(share), 0.8))
                targets.append(Target(f"share of the limit while delivering, {to}", _middle(delivering or share), 0.9))
    bench.hub.forget_messages()
    return Answer("Fan-out rate", [Table("From POST to the last entry", rows, _NOTE)], targets)


def measure(hub: hubs.Hub, platform: seed.Platform, choice: dict[str, Any], *, empty: bool = True) -> Sample:
    """The hub and then its limit, each after a checkpoint; `empty` first deletes all messages."""
    if empty:
        hub.forget_messages()
    hub.wait_quiet()
    hub.checkpoint()
    began = time.perf_counter()
    message_id = hub.post(platform.key, choice)
    # Reading the status takes processor time from the workers: less often on a large message.
    hub.wait_sent(message_id, every=0.002 * max(1.0, platform.users / 100_000))
    took = time.perf_counter() - began
    with hub.engine.connect() as connection:
        found = connection.execute(_BATCHES, {"id": message_id}).one()
    seconds, recipients = float(found.seconds), int(found.recipients)
    return Sample(message_id, took, seconds, found.batches, recipients, limit.measure(hub, message_id))


def row(name: str, samples: Sequence[Sample]) -> Row:
    recipients = samples[0].recipients
    took = [sample.took for sample in samples]
    share, delivering = _shares(samples)
    return {
        "audience": name,
        "recipients": recipients,
        "batches": samples[0].batches,
        "seconds": round(report.median(took), 3),
        "entries_per_second": round(recipients / report.median(took)),
        "limit_per_second": round(recipients / report.median([sample.limit for sample in samples])),
        "share": _middle(share),
        "share_spread": report.spread(share),
        "delivering_share": _middle(delivering) if delivering else None,
        "delivering_spread": report.spread(delivering) if delivering else None,
    }


def _shares(samples: Sequence[Sample]) -> tuple[list[float], list[float]]:
    """The limit's seconds over those from POST to the last entry, and over those of delivering (none where there is one batch)."""
    whole = all(sample.delivering for sample in samples)
    delivering = [sample.limit / sample.delivering for sample in samples] if whole else []
    return [sample.limit / sample.took for sample in samples], delivering


def _middle(shares: Sequence[float]) -> float:
    return round(report.median(shares), 2)
