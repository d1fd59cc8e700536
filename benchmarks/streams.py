"""The live stream: many streams open on one process, and how long after the POST's answer the last of them has the message."""

import asyncio
import contextlib
import resource
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from urllib.parse import urlsplit

import psutil

from benchmarks import hub as hubs
from benchmarks import seed

# The server refuses what it has no place for; a client that comes one of a few at a time is not refused.
_AT_ONCE = 8
_PATIENCE_S = 120.0
_ARRIVED = b"event: notification"


@dataclass(frozen=True)
class Result:
    """Milliseconds are from the POST's answer; kilobytes are what each stream adds to the memory of the serving process."""

    streams: int
    polls_per_second: int
    kilobytes_per_stream: float | None
    samples: int
    first_ms: float
    median_ms: float
    last_median_ms: float
    last_worst_ms: float


def run(hub: hubs.Hub, platform: seed.Platform, *, streams: int, samples: int) -> list[Result]:
    """Once with nothing else to do, once while somebody polls as fast as they are answered."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < streams + 500:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    quiet = asyncio.run(_measure(hub, platform, streams, samples))
    with _polling(hub, platform) as answered:
        began_at = time.monotonic()
        busy = asyncio.run(_measure(hub, platform, streams, samples))
        rate = int(len(answered) / (time.monotonic() - began_at))
    return [_result(streams, 0, quiet), _result(streams, rate, busy)]


def as_rows(results: list[Result]) -> list[dict[str, object]]:
    return [asdict(result) for result in results]


@dataclass(frozen=True)
class _Measured:
    """`arrivals`: of each sample, when each stream had the message, in seconds after the answer, sorted."""

    added_bytes: int
    arrivals: list[list[float]]


def _result(streams: int, polls_per_second: int, measured: _Measured) -> Result:
    every = sorted(one for sample in measured.arrivals for one in sample)
    lasts = sorted(sample[-1] for sample in measured.arrivals)
    firsts = sorted(sample[0] for sample in measured.arrivals)

    def ms(seconds: float) -> float:
        return round(seconds * 1000, 1)

    return Result(
        streams=streams,
        polls_per_second=polls_per_second,
        # The second time, the memory of the first is used again.
        kilobytes_per_stream=None if polls_per_second else round(measured.added_bytes / streams / 1000, 1),
        samples=len(measured.arrivals),
        first_ms=ms(firsts[len(firsts) // 2]),
        median_ms=ms(every[len(every) // 2]),
        last_median_ms=ms(lasts[len(lasts) // 2]),
        last_worst_ms=ms(lasts[-1]),
    )


async def _measure(hub: hubs.Hub, platform: seed.Platform, streams: int, samples: int) -> _Measured:
    server = _serving(hub)
    before = server.memory_info().rss
    door = asyncio.Semaphore(_AT_ONCE)
    arrived: list[float] = []
    readers = [asyncio.create_task(_read(await _open(hub, platform, n, door), arrived)) for n in range(streams)]
    added = server.memory_info().rss - before
    arrivals = []
    try:
        for _ in range(samples):
            arrived.clear()
            message_id = await asyncio.to_thread(hub.post, platform.key, {"everyone": True})
            answered_at = time.perf_counter()
            async with asyncio.timeout(_PATIENCE_S):
                while len(arrived) < streams:
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
    headers = hub.headers(platform.last_user, platform.key)

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
