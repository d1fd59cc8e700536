"""The proxy that drills put in front of a server: it resets, holds and drops on request, and passes everything else."""

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest

from drills.proxy import Proxy


@pytest.fixture
def echo() -> Iterator[int]:
    """The port of a server that answers what it is told."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(connection: socket.socket) -> None:
        with connection, contextlib.suppress(ConnectionError):
            while data := connection.recv(1024):
                connection.sendall(data)

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def say(connection: socket.socket, words: bytes) -> bytes:
    connection.sendall(words)
    return connection.recv(1024)


def connect(proxy: Proxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=5)


def test_everything_passes(echo: int) -> None:
    with Proxy(echo) as proxy, connect(proxy) as first, connect(proxy) as second:
        assert say(first, b"hello") == b"hello"
        assert say(second, b"there") == b"there"


def test_connections_are_reset_and_new_ones_pass(echo: int) -> None:
    with Proxy(echo) as proxy, connect(proxy) as old:
        assert say(old, b"hello") == b"hello"
        assert proxy.reset() == 1
        with pytest.raises(ConnectionResetError):
            old.recv(1)
        with connect(proxy) as new:
            assert say(new, b"hello") == b"hello"


def test_what_is_held_passes_when_it_is_released(echo: int) -> None:
    with Proxy(echo) as proxy, connect(proxy) as connection:
        proxy.hold()
        connection.sendall(b"hello")
        connection.settimeout(0.2)
        with pytest.raises(TimeoutError):
            connection.recv(1024)
        proxy.release()
        connection.settimeout(5)
        assert connection.recv(1024) == b"hello"


def test_an_answer_that_is_dropped_never_arrives(echo: int) -> None:
    with Proxy(echo) as proxy, connect(proxy) as connection:
        proxy.drop_next_answer()
        connection.sendall(b"hello")
        assert proxy.wait_dropped(5)
        with pytest.raises(ConnectionResetError):
            connection.recv(1024)


def test_where_nobody_listens_the_client_is_reset(echo: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with Proxy(port) as proxy, pytest.raises(ConnectionResetError), connect(proxy) as connection:
        connection.recv(1)


def test_a_closed_proxy_takes_no_connection(echo: int) -> None:
    proxy = Proxy(echo)
    proxy.close()
    with pytest.raises(ConnectionRefusedError):
        connect(proxy)
