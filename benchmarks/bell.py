"""Time to the bell: from the POST's answer until a recipient's feed shows the message, whatever the size of the audience.

On an idle hub, while a broadcast to the largest audience is under way, and with no worker at all: a message is in every bell as
soon as it is accepted, so nothing of that should matter. The sizes are measured in turn, sample by sample; each sample asks
for another user.
"""

import time
from collections.abc import Callable, Sequence

from benchmarks import figures, seed, traffic
from benchmarks import hub as hubs
from benchmarks.bench import Bench
from benchmarks.report import Answer, Row, Table, Target

# The golden ratio: however many samples there are, their users are spread evenly over the whole audience, in no order.
_STRIDE = 0.618_033_988_75
_GIVE_UP_S = 30.0
_NOTE = (
    "Milliseconds from the answer of the POST until the feed of a recipient, asked over HTTP again and again, shows the message. "
    "Asked: how often, at most."
)


def run(bench: Bench) -> Answer:
    hub, count = bench.hub, bench.size.bell_samples
    platforms = [bench.platform(users) for users in bench.size.audiences]
    hub.forget_messages()
    bench.say("time to the bell, idle")
    idle = _series(hub, platforms, count, settle=hub.wait_quiet)
    hub.forget_messages()
    bench.say("time to the bell, behind a broadcast")
    with traffic.broadcasts(hub, platforms[-1].key):
        busy = _series(hub, platforms, count, settle=lambda: None)
    hub.forget_messages()
    bench.say("time to the bell, without workers")
    with hub.without_workers():
        unwritten = _series(hub, platforms, count, settle=lambda: None)
    situations = {
        "idle": idle,
        f"{bench.size.large:,} being written": busy,
        "no worker": unwritten,
    }
    rows = [
        _row(name, platform, samples)
        for name, series in situations.items()
        for platform, samples in zip(platforms, series, strict=True)
    ]
    targets = [_target(name, bench.size.large, series) for name, series in situations.items()]
    return Answer("Time to the bell", [Table("From the answer until the feed shows it", rows, _NOTE)], targets)


def _series(
    hub: hubs.Hub, platforms: Sequence[seed.Platform], count: int, *, settle: Callable[[], None]
) -> list[list[tuple[float, int]]]:
    """Seconds and number of requests of each sample, for each platform. Recalls each message, so that none waits for another."""
    series: list[list[tuple[float, int]]] = [[] for _ in platforms]
    for number in range(-2, count):  # two of each to warm up
        for platform, samples in zip(platforms, series, strict=True):
            settle()
            user = platform.user((number * _STRIDE) % 1.0)
            message_id, sample = _sample(hub, platform, user)
            hub.recall(platform.key, message_id)
            if number >= 0:
                samples.append(sample)
    return series


def _sample(hub: hubs.Hub, platform: seed.Platform, user: str) -> tuple[str, tuple[float, int]]:
    headers = hub.headers(user, platform.key)
    message_id = hub.post(platform.key, {"everyone": True})
    began = time.perf_counter()
    asked = 0
    while time.perf_counter() - began < _GIVE_UP_S:
        answer = hub.http.get(f"{hub.inbox_url}/v1/notifications", params={"limit": 20}, headers=headers)
        asked += 1
        if answer.status_code == 200 and any(one["id"] == message_id for one in answer.json()["data"]):
            return message_id, (time.perf_counter() - began, asked)
    raise TimeoutError(f"message {message_id} is not in the feed after {_GIVE_UP_S:.0f} s")


def _row(situation: str, platform: seed.Platform, samples: Sequence[tuple[float, int]]) -> Row:
    seconds = [took for took, _ in samples]
    return {
        "hub": situation,
        "recipients": platform.users,
        "samples": len(samples),
        "asked": max(asked for _, asked in samples),
        "median_ms": figures.milliseconds(figures.median(seconds)),
        "p99_ms": figures.milliseconds(figures.p99(seconds)),
        "worst_ms": figures.milliseconds(max(seconds)),
    }


def _target(situation: str, large: int, series: Sequence[Sequence[tuple[float, int]]]) -> Target:
    small, largest = ([took for took, _ in series[place]] for place in (0, -1))
    ratio = round(figures.p99(largest) / figures.p99(small), 2)
    return Target(f"p99 at {large:,} over p99 at 1,000, {situation}", ratio, 1.2, at_most=True)
