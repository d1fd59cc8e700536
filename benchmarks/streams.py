"""The live stream: many streams open on one process, and how long after the POST's answer the last of them has the message."""

import asyncio
import contextlib
import resource
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import psutil

from benchmarks import figures, seed
from benchmarks import hub as hubs
from benchmarks.bench import Bench
from benchmarks.report import Answer, Row, Table, Target

# The server refuses what it has no place for; a client that comes one of a few at a time is not refused.
_AT_ONCE = 8
_PATIENCE_S = 120.0
_ARRIVED = b"event: notification"


STREAMS = 2_000
SAMPLES = 20
_NOTE = (
    f"{STREAMS:,} streams of as many users on one process, {SAMPLES} messages to everyone; times are from the POST's answer, clients "
    "on the same cores. The kilobytes are what each stream adds to the memory of that process."
)


def run(bench: Bench) -> Answer:
    """Once with nothing else to do, once while somebody polls as fast as they are answered."""
    hub, platform = bench.hub, bench.platform(STREAMS)
    bench.say(f"{STREAMS:,} live streams")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < STREAMS + 500:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    quiet = asyncio.run(_measure(hub, platform))
    with _polling(hub, platform) as answered:
        began_at = time.monotonic()
        busy = asyncio.run(_measure(hub, platform))
        rate = int(len(answered) / (time.monotonic() - began_at))
    hub.forget_messages()
    kilobytes = round(quiet.added_bytes / STREAMS / 1000, 1)
    rows = [_row(quiet, polls=0, kilobytes=kilobytes), _row(busy, polls=rate, kilobytes=None)]
    targets = [
        Target(
            "milliseconds until the last of all streams has it, 99th percentile, quiet",
            _last_p99(quiet),
            1_000,
            at_most=True,
        )
    ]
    return Answer("Live streams", [Table("From the POST's answer to the streams", rows, _NOTE)], targets)


@dataclass(frozen=True)
class _Measured:
    """`arrivals`: of each sample, when each stream had the message, in seconds after the answer, sorted."""

    added_bytes: int
    arrivals: list[list[float]]


def _row(measured: _Measured, *, polls: int, kilobytes: float | None) -> Row:
    every = sorted(one for sample in measured.arrivals for one in sample)
    return {
        "polls_per_second": polls,
        "kilobytes_per_stream": kilobytes,
        "first_ms": figures.milliseconds(figures.median([sample[0] for sample in measured.arrivals])),
        "median_ms": figures.milliseconds(every[len(every) // 2]),
        "p99_ms": figures.milliseconds(figures.p99(every)),
        "last_median_ms": figures.milliseconds(figures.median([sample[-1] for sample in measured.arrivals])),
        "last_worst_ms": figures.milliseconds(max(sample[-1] for sample in measured.arrivals)),
    }


def _last_p99(measured: _Measured) -> float:
    return figures.milliseconds(figures.p99([sample[-1] for sample in measured.arrivals]))


async def _measure(hub: hubs.Hub, platform: seed.Platform) -> _Measured:
    server = _serving(hub)
    before = server.memory_info().rss
    door = asyncio.Semaphore(_AT_ONCE)
    arrived: list[float] = []
    readers = [asyncio.create_task(_read(await _open(hub, platform, n, door), arrived)) for n in range(STREAMS)]
    added = server.memory_info().rss - before
    arrivals = []
    try:
        for _ in range(SAMPLES):
            arrived.clear()
            message_id = await asyncio.to_thread(hub.post, platform.key, {"everyone": True})
            answered_at = time.perf_counter()
            async with asyncio.timeout(_PATIENCE_S):
                while len(arrived) < STREAMS:
                    await asyncio.sleep(0.01)
            arrivals.append(sorted(at - answered_at for at in arrived))
            # Neither its fan-out nor its telling shall stand in the way of the next.
            await asyncio.to_thread(hub.wait_sent, message_id)
    finally:
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)
    return _Measured(added, arrivals)


async def _open(
    hub: hubs.Hub, platform: seed.Platform, number: int, door: asyncio.Semaphore
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    address = urlsplit(hub.inbox_url)
    token = hub.headers(f"u{number + 1}", platform.key)["Authorization"]
    async with door:
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        request = f"GET /v1/notifications/stream HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: {token}\r\n\r\n"
        writer.write(request.encode())
        head = await reader.readuntil(b"event: ready")
        if b" 200 " not in head.partition(b"\r\n")[0]:
            raise RuntimeError(f"a stream was refused: {head[:200]!r}")
    return reader, writer


async def _read(connection: tuple[asyncio.StreamReader, asyncio.StreamWriter], arrived: list[float]) -> None:
    reader, writer = connection
    try:
        while data := await reader.read(65_536):
            arrived.extend([time.perf_counter()] * data.count(_ARRIVED))
        raise RuntimeError("a stream ended")
    finally:
        writer.close()


def _serving(hub: hubs.Hub) -> psutil.Process:
    """The process that holds the inbox API's connections."""
    port = urlsplit(hub.inbox_url).port
    for process in psutil.process_iter(["cmdline"]):
        line = process.info["cmdline"] or []
        if "services.inbox_api.asgi:app" in line and str(port) in line and (workers := process.children()):
            return workers[-1]
    raise RuntimeError("the inbox API's process is not found")


@contextlib.contextmanager
def _polling(hub: hubs.Hub, platform: seed.Platform, *, clients: int = 8) -> Iterator[list[int]]:
    """Some clients that ask for their counts again and again; the statuses they got."""
    statuses: list[int] = []
    done = threading.Event()
    headers = hub.headers(f"u{STREAMS}", platform.key)

    def poll() -> None:
        while not done.is_set():
            statuses.append(hub.http.get(f"{hub.inbox_url}/v1/notifications/counts", headers=headers).status_code)

    threads = [threading.Thread(target=poll) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield statuses
    finally:
        done.set()
        for thread in threads:
            thread.join()
