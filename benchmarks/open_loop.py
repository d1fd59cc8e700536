"""The open-loop load generator: requests at a rate, whether or not those before were answered.

Times are from the moment in which a request was due, so that a late client does not make the server look good (Tene's "coordinated
omission"). `wrk` sends the next request only when the last one was answered; a slow server then gets fewer.
"""

import contextlib
import itertools
import random
import selectors
import socket
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from benchmarks import wrk

_HEALTH = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
_HEALTH_EVERY_S = 0.05
# For answers, after the last request.
_PATIENCE_S = 5.0


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    seconds: float


@dataclass
class Offered:
    """The answers to the requests, and to those for /healthz beside them. `unsent`: due while no connection was free."""

    answers: list[Answer] = field(default_factory=list)
    health: list[Answer] = field(default_factory=list)
    unsent: int = 0


@dataclass
class _Connection:
    socket: socket.socket
    answers: list[Answer]
    free: "deque[_Connection]"
    due: float = 0.0
    received: bytes = b""

    def send(self, request: bytes, due: float) -> None:
        self.due, self.received = due, b""
        self.socket.sendall(request)

    def receive(self) -> bool:
        """Whether the answer is complete. Raises `ConnectionError`."""
        piece = self.socket.recv(65_536)
        if not piece:
            raise ConnectionError("the server closed a connection")
        self.received += piece
        head, end, body = self.received.partition(b"\r\n\r\n")
        if not end or len(body) < _length(head):
            return False
        self.answers.append(Answer(int(head[9:12]), body, time.perf_counter() - self.due))
        self.free.append(self)
        return True


def offer(
    load: wrk.Load, *, connections: int, per_second: float, seconds: float, health_url: str | None = None
) -> Offered:
    """Sends the requests in turn at random moments, `per_second` on average. Raises `ConnectionError`, `TimeoutError`."""
    offered, requests = Offered(), itertools.cycle(load.requests)
    with contextlib.ExitStack() as stack:
        selector = stack.enter_context(selectors.DefaultSelector())
        free = stack.enter_context(_connected(load.url, connections, offered.answers, selector))
        watcher = stack.enter_context(_connected(health_url or load.url, 1, offered.health, selector))
        rng = random.Random(7)
        due = watched = began_at = time.perf_counter()
        waiting = 0
        while (now := time.perf_counter()) < began_at + seconds or waiting:
            if now > began_at + seconds + _PATIENCE_S:
                raise TimeoutError(f"{waiting} requests are not answered {_PATIENCE_S:.0f} s after the last one")
            while due <= now and due < began_at + seconds:
                if free:
                    free.popleft().send(next(requests), due)
                    waiting += 1
                else:
                    offered.unsent += 1
                due += rng.expovariate(per_second)
            if watcher and watched <= now < began_at + seconds:
                watcher.popleft().send(_HEALTH, now)
                waiting += 1
                watched = now + _HEALTH_EVERY_S
            for key, _ in selector.select(max(0.0, min(due - time.perf_counter(), 0.01))):
                connection: _Connection = key.data
                waiting -= connection.receive()
    return offered


@contextlib.contextmanager
def _connected(
    url: str, count: int, answers: list[Answer], selector: selectors.BaseSelector
) -> Iterator["deque[_Connection]"]:
    parts = urlsplit(url)
    free: deque[_Connection] = deque()
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            one = stack.enter_context(socket.create_connection((parts.hostname, parts.port or 80), timeout=10))
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = _Connection(one, answers, free)
            selector.register(one, selectors.EVENT_READ, connection)
            free.append(connection)
        yield free


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line[15:])
    return 0
