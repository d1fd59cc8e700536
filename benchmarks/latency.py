"""Latency: from a POST's answer until a recipient's feed shows the message; and how long a small message waits behind a large one.

On an idle hub, while a broadcast to the largest audience is being written, and without workers: a message is in every inbox as soon
as it is accepted, so none of that should matter. Sizes are measured in turn; each sample asks for another user.
"""

import contextlib
import threading
import time
from collections.abc import Iterator, Sequence

import sqlalchemy

from benchmarks import hub as hubs
from benchmarks import report, seed
from benchmarks.bench import Bench
from benchmarks.report import Answer, Row, Table, Target
from drills import background
from drills.processes import wait_until

# The golden ratio spreads the sampled users evenly over the audience, however many samples there are.
_STRIDE = 0.618_033_988_75
_GIVE_UP_S = 30.0
_SMALL_SAMPLES_PER_BLOCK = 15
_BLOCKS = 2
_FEED_NOTE = "Milliseconds from the POST's answer until a recipient's feed, requested again and again over HTTP, shows the message."
_SENT_NOTE = "Milliseconds from POST until the message is `sent`. One batch: how long a batch of the large message keeps its worker busy."
_DELIVERED = sqlalchemy.text(
    "SELECT count(*) FROM fanout_batches WHERE message_id = CAST(:id AS uuid) AND delivered_at IS NOT NULL"
)
_BATCH_SECONDS = sqlalchemy.text("""
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds)
    FROM (SELECT EXTRACT(epoch FROM max(delivered_at) - min(published_at)) * :workers / count(*) AS seconds
          FROM fanout_batches WHERE message_id = ANY(CAST(:ids AS uuid[]))
          GROUP BY message_id HAVING count(*) > 1 AND count(*) = count(delivered_at)) AS messages
""")


def run(bench: Bench) -> Answer:
    hub, size = bench.hub, bench.size
    platforms = [bench.platform(users) for users in size.audiences]
    being_written = f"{size.large:,} being written"
    bench.say("time to the feed, idle")
    series = {"idle": _feeds(hub, platforms, size.samples, quiet=True)}
    bench.say("time to the feed, behind a broadcast")
    hub.forget_messages()
    with broadcasts(hub, platforms[-1].key):
        series[being_written] = _feeds(hub, platforms, size.samples, quiet=False)
    bench.say("time to the feed, without workers")
    hub.forget_messages()
    with hub.without_workers():
        series["no worker"] = _feeds(hub, platforms, size.samples, quiet=False)
    feeds: list[Row] = [
        {"hub": name, "recipients": platform.users, "samples": len(samples), **report.times(samples)}
        for name, found in series.items()
        for platform, samples in zip(platforms, found, strict=True)
    ]
    targets = [
        report.at_most(
            f"p99 at {size.large:,} over p99 at 1,000, {name}", report.p99(found[-1]) / report.p99(found[0]), 1.2
        )
        for name, found in series.items()
    ]
    small, later = _small_behind_large(bench, being_written)
    hub.forget_messages()
    tables = [Table("Until the feed shows it", feeds, _FEED_NOTE), Table("Small behind large", small, _SENT_NOTE)]
    return Answer("Latency", tables, [*targets, later])


@contextlib.contextmanager
def broadcasts(hub: hubs.Hub, platform: str) -> Iterator[list[str]]:
    """Keeps a message to everyone being written until the block ends; yields the ids of those that were posted."""
    posted: list[str] = []

    def keep_posting(ending: threading.Event) -> None:
        while not ending.is_set():
            posted.append(hub.post(platform, hubs.EVERYONE, body="Large"))
            hub.wait_sent(posted[-1], every=0.02)

    def has_begun() -> bool:
        with hub.engine.connect() as connection:
            return bool(posted and connection.execute(_DELIVERED, {"id": posted[0]}).scalar_one())

    with background.running(keep_posting):
        wait_until(has_begun, what="the broadcast is being written", seconds=60, every=0.01)
        yield posted


def _feeds(hub: hubs.Hub, platforms: Sequence[seed.Platform], count: int, *, quiet: bool) -> list[list[float]]:
    """Seconds of each sample, for each platform. Recalls each message, so that none waits for another."""
    series: list[list[float]] = [[] for _ in platforms]
    for number in range(-2, count):  # two of each to warm up
        for platform, samples in zip(platforms, series, strict=True):
            if quiet:
                hub.wait_quiet()
            message_id = hub.post(platform.key, hubs.EVERYONE)
            took = _time_to_feed(hub, platform, message_id, platform.user((number * _STRIDE) % 1.0))
            hub.recall(platform.key, message_id)
            if number >= 0:
                samples.append(took)
    return series


def _time_to_feed(hub: hubs.Hub, platform: seed.Platform, message_id: str, user: str) -> float:
    headers = hub.bearer(user, platform.key)
    began = time.perf_counter()
    while (took := time.perf_counter() - began) < _GIVE_UP_S:
        answer = hub.http.get(f"{hub.apis.inbox_url}/v1/notifications", params={"limit": 20}, headers=headers)
        took = time.perf_counter() - began
        if answer.status_code == 200 and any(one["id"] == message_id for one in answer.json()["data"]):
            return took
    raise TimeoutError(f"message {message_id} is not in the feed after {_GIVE_UP_S:.0f} s")


def _small_behind_large(bench: Bench, being_written: str) -> tuple[list[Row], Target]:
    """A message to one clinic, in blocks in turn. A worker finishes the batch that it writes, so two batches are allowed."""
    hub, small = bench.hub, bench.platform(bench.size.audiences[1])
    idle: list[float] = []
    behind: list[float] = []
    batches: list[float] = []
    for block in range(_BLOCKS):
        bench.say(f"small behind large, block {block + 1} of {_BLOCKS}")
        hub.forget_messages()
        idle += _sent(hub, small, quiet=True)
        with broadcasts(hub, bench.platform(bench.size.large).key) as posted:
            behind += _sent(hub, small, quiet=False)
        with hub.engine.connect() as connection:
            values = {"workers": hubs.WORKERS, "ids": posted}
            batches.append(float(connection.execute(_BATCH_SECONDS, values).scalar_one() or 0.0))
    batch = report.median(batches)
    rows: list[Row] = [
        {"hub": name, "samples": len(samples), **report.times(samples), "one_batch_ms": report.milliseconds(batch)}
        for name, samples in (("idle", idle), (being_written, behind))
    ]
    later = (report.median(behind) - report.median(idle)) / batch
    return rows, report.at_most("small behind large: median later than on an idle hub, in batches", later, 2.0)


def _sent(hub: hubs.Hub, platform: seed.Platform, *, quiet: bool) -> list[float]:
    """Seconds until a message to one clinic is sent. The pauses differ, so that samples do not fall into step with batches."""
    took = []
    for number in range(-1, _SMALL_SAMPLES_PER_BLOCK):  # one to warm up
        if quiet:
            hub.wait_quiet()
        time.sleep(0.05 + 0.013 * (number % 7))
        began = time.perf_counter()
        hub.wait_sent(hub.post(platform.key, {"clinics": [platform.clinic(7)]}), every=0.001)
        if number >= 0:
            took.append(time.perf_counter() - began)
    return took
