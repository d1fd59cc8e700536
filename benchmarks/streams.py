"""The live stream: many streams on one process, and how long after a POST's answer the last of them has the message."""

import asyncio
import resource
import threading
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from benchmarks import hub as hubs
from benchmarks import report, seed
from benchmarks.bench import Bench
from benchmarks.report import Answer, Row, Table
from drills import background
from drills.hub import INBOX_STREAM

STREAMS = 2_000
SAMPLES = 20
_OPENED_AT_ONCE = 8
_POLLING_CLIENTS = 8
_GIVE_UP_S = 120.0
_EVENT = b"event: notification"
_NOTE = (
    f"{STREAMS:,} streams of as many users on one process, {SAMPLES} messages to everyone; times are from the POST's answer, clients "
    "on the same cores. The kilobytes are what each stream adds to the memory of that process."
)


@dataclass(frozen=True)
class _Measured:
    """`arrivals`: of each sample, when each stream had the message, in seconds after the answer, sorted."""

    added_bytes: int
    arrivals: list[list[float]]


def run(bench: Bench) -> Answer:
    """On an idle hub, and while clients poll as fast as they are answered."""
    hub, platform = bench.hub, bench.platform(STREAMS)
    bench.say(f"{STREAMS:,} live streams")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < STREAMS + 500:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    quiet = asyncio.run(_measure(hub, platform))
    statuses: list[int] = []
    url, headers = f"{hub.apis.inbox_url}/v1/notifications/counts", hub.bearer("u0", platform.key)

    def poll(ending: threading.Event) -> None:
        while not ending.is_set():
            statuses.append(hub.http.get(url, headers=headers).status_code)

    began = time.monotonic()
    with background.running(*[poll] * _POLLING_CLIENTS):
        busy = asyncio.run(_measure(hub, platform))
    polls = int(len(statuses) / (time.monotonic() - began))
    hub.forget_messages()
    rows = [_row(quiet, polls=0), _row(busy, polls=polls)]
    last = report.milliseconds(report.p99([sample[-1] for sample in quiet.arrivals]))
    target = report.at_most("milliseconds until the last of all streams has it, p99, idle hub", last, 1_000)
    return Answer("Live streams", [Table("From the POST's answer to the streams", rows, _NOTE)], [target])


def _row(measured: _Measured, *, polls: int) -> Row:
    every = [one for sample in measured.arrivals for one in sample]
    return {
        "polls_per_second": polls,
        "kilobytes_per_stream": round(measured.added_bytes / STREAMS / 1000, 1),
        "first_ms": report.milliseconds(report.median([sample[0] for sample in measured.arrivals])),
        **report.times(every),
        **report.times([sample[-1] for sample in measured.arrivals], "last_"),
    }


async def _measure(hub: hubs.Hub, platform: seed.Platform) -> _Measured:
    process = hub.processes[INBOX_STREAM]
    before = process.memory_bytes()
    limit = asyncio.Semaphore(_OPENED_AT_ONCE)
    arrived: list[float] = []
    opened = await asyncio.gather(*(_open(hub, platform, number, limit) for number in range(STREAMS)))
    readers = [asyncio.create_task(_read(*connection, arrived)) for connection in opened]
    added = process.memory_bytes() - before
    arrivals = []
    try:
        for _ in range(SAMPLES):
            arrived.clear()
            message_id = await asyncio.to_thread(hub.post, platform.key, hubs.EVERYONE)
            answered_at = time.perf_counter()
            async with asyncio.timeout(_GIVE_UP_S):
                while len(arrived) < STREAMS:
                    await asyncio.sleep(0.01)
            arrivals.append(sorted(at - answered_at for at in arrived))
            await asyncio.to_thread(hub.wait_sent, message_id)
    finally:
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)
    return _Measured(added, arrivals)


async def _open(
    hub: hubs.Hub, platform: seed.Platform, number: int, limit: asyncio.Semaphore
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    address = urlsplit(hub.apis.stream_url)
    token = hub.bearer(f"u{number}", platform.key)["Authorization"]
    async with limit:
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        request = f"GET /v1/notifications/stream HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: {token}\r\n\r\n"
        writer.write(request.encode())
        head = await reader.readuntil(b"event: ready")
        if b" 200 " not in head.partition(b"\r\n")[0]:
            raise RuntimeError(f"a stream was rejected: {head[:200]!r}")
    return reader, writer


async def _read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, arrived: list[float]) -> None:
    try:
        while data := await reader.read(65_536):
            arrived.extend([time.perf_counter()] * data.count(_EVENT))
        raise RuntimeError("a stream ended")
    finally:
        writer.close()
