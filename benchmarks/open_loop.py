"""Offers requests at a rate, whether or not those before were answered: what people do who know nothing of each other.

Times are from the moment in which a request was due, so that a client that comes late by itself does not look good (Tene's
"coordinated omission"). `wrk` sends the next request only when the last one was answered; then a slow server is asked less.
"""

import contextlib
import random
import selectors
import socket
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_HEALTH = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
_HEALTH_EVERY_S = 0.05
# How long after the last request answers are still waited for.
_PATIENCE_S = 5.0


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    seconds: float


@dataclass
class Offered:
    """What came back: to the requests, and to the one who asks for /healthz beside them. `unsent` found no connection free."""

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
        """Whether the answer is whole now. Raises `ConnectionError`."""
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


def offer(url: str, request: bytes, *, connections: int, per_second: float, seconds: float) -> Offered:
    """Offers the same request at random moments, `per_second` on average. Raises `ConnectionError`, `TimeoutError`."""
    offered = Offered()
    with contextlib.ExitStack() as stack:
        selector = stack.enter_context(selectors.DefaultSelector())
        free = stack.enter_context(_connected(url, connections, offered.answers, selector))
        watcher = stack.enter_context(_connected(url, 1, offered.health, selector))
        rng = random.Random(7)
        due = watched = began_at = time.perf_counter()
        waiting = 0
        while (now := time.perf_counter()) < began_at + seconds or waiting:
            if now > began_at + seconds + _PATIENCE_S:
                raise TimeoutError(f"{waiting} requests are not answered {_PATIENCE_S:.0f} s after the last one")
            while due <= now and due < began_at + seconds:
                if free:
                    free.popleft().send(request, due)
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
    """How long the body is that follows."""
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line[15:])
    return 0
