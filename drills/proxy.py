"""A small TCP proxy in front of PostgreSQL, Redis or an API that resets connections, holds traffic or drops an answer."""

import contextlib
import socket
import struct
import threading
from typing import Self

_CHUNK = 65_536
# SO_LINGER with a timeout of 0: closing sends RST instead of FIN.
_RESET = struct.pack("ii", 1, 0)


class Proxy:
    """Listens on a port of its own on 127.0.0.1 and passes everything on to `target`, until it is closed."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port: int = self._listener.getsockname()[1]
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._lock = threading.Lock()
        self._open = threading.Event()
        self._open.set()
        self._dropping = threading.Event()
        self._dropped = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def connections(self) -> int:
        with self._lock:
            return len(self._pairs)

    def reset(self) -> int:
        """Resets every connection, both ends. Returns how many."""
        with self._lock:
            pairs = list(self._pairs)
            self._pairs.clear()
        for pair in pairs:
            _reset(*pair)
        return len(pairs)

    def hold(self) -> None:
        """Holds all data in both directions; connections are still accepted."""
        self._open.clear()

    def release(self) -> None:
        """Passes data again, what was held first."""
        self._open.set()

    def drop_next_answer(self) -> None:
        """Drops the next data that the target sends and resets its connection; see `wait_dropped`."""
        self._dropped.clear()
        self._dropping.set()

    def wait_dropped(self, seconds: float) -> bool:
        """Whether an answer was dropped within so many seconds."""
        return self._dropped.wait(seconds)

    def close(self) -> None:
        """Stops listening and resets every connection."""
        with contextlib.suppress(OSError):
            # Closing alone would let the waiting thread accept one more connection.
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.reset()
        self._open.set()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            target = socket.create_connection(("127.0.0.1", self._target), timeout=5)
        except OSError:
            _reset(client)
            return
        pair = (client, target)
        for one in pair:
            one.settimeout(None)
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            self._pairs.add(pair)
        threading.Thread(target=self._pump, args=(client, target, pair, False), daemon=True).start()
        self._pump(target, client, pair, True)

    def _pump(
        self, source: socket.socket, sink: socket.socket, pair: tuple[socket.socket, socket.socket], answers: bool
    ) -> None:
        try:
            while data := source.recv(_CHUNK):
                self._open.wait()
                if answers and self._dropping.is_set():
                    self._dropping.clear()
                    self._dropped.set()
                    break
                sink.sendall(data)
        except OSError:
            pass
        with self._lock:
            self._pairs.discard(pair)
        _reset(*pair)


def _reset(*sockets: socket.socket) -> None:
    for one in sockets:
        with contextlib.suppress(OSError):
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            # Wakes the thread that reads from it; the reset is sent by closing.
            one.shutdown(socket.SHUT_RD)
        with contextlib.suppress(OSError):
            one.close()
