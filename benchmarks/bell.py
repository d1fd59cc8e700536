"""Time to the bell: from the POST's answer until a recipient's feed shows the message, whatever the size of the audience."""

import time
from dataclasses import asdict, dataclass

from benchmarks import hub as hubs
from benchmarks import seed


@dataclass(frozen=True)
class Result:
    """Milliseconds from the answer of the POST to the feed that shows the message."""

    recipients: int
    samples: int
    median_ms: float
    p99_ms: float


def run(hub: hubs.Hub, platform: seed.Platform, *, samples: int) -> Result:
    headers = hub.headers(platform.last_user, platform.key)
    took = sorted(_sample(hub, platform, headers) for _ in range(samples))
    return Result(
        recipients=platform.users,
        samples=samples,
        median_ms=round(took[samples // 2] * 1000, 1),
        p99_ms=round(took[min(samples - 1, samples * 99 // 100)] * 1000, 1),
    )


def as_rows(results: list[Result]) -> list[dict[str, object]]:
    return [asdict(result) for result in results]


def _sample(hub: hubs.Hub, platform: seed.Platform, headers: dict[str, str]) -> float:
    message_id = hub.post(platform.key, {"everyone": True})
    began = time.perf_counter()
    while True:
        feed = hub.http.get(f"{hub.inbox_url}/v1/notifications", params={"limit": 20}, headers=headers).json()
        if any(notification["id"] == message_id for notification in feed["data"]):
            break
    took = time.perf_counter() - began
    hub.recall(platform.key, message_id)  # the next sample shall not wait for this one's fan-out
    return took
