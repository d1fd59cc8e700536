"""Debian's HAProxy with deploy/gateway/haproxy.cfg, in front of small servers that remember what reached them.

Docker's DNS server answers with an address for each replica of a service. So does the one here: all services have the name
localhost, and listen, each on its port, on 127.0.0.1, 127.0.0.2 and so on.
"""

import contextlib
import http.client
import http.server
import json
import os
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from cli.embedded import files
from drills.processes import Process, wait_until

CONFIGURATION = Path(__file__).parents[2] / "deploy" / "gateway" / "haproxy.cfg"
SERVICES = ("compose_api", "inbox_api", "inbox_stream", "directory")
MAX_BODY = 320 * 1024
_FOUND = shutil.which("haproxy", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


def haproxy() -> str:
    """The path of HAProxy. Skips the test where there is none, but not in CI."""
    if _FOUND is None:
        assert not os.environ.get("CI"), "haproxy is missing; .ci/run installs it"
        pytest.skip("haproxy is not installed (Debian: apt-get install haproxy)")
    return _FOUND


def make_certificate(folder: Path, host: str) -> Path:
    """A new certificate for this host, signed by itself, and its key, in one file as HAProxy reads them."""
    key, certificate, both = folder / "key.pem", folder / "certificate.pem", folder / "hub.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={host}", "-days", "2"]
    subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True, timeout=30)
    both.write_bytes(certificate.read_bytes() + key.read_bytes())
    for part in (key, certificate):
        part.unlink()
    return both


@dataclass(frozen=True)
class Received:
    """A request as a service got it."""

    method: str
    path: str
    headers: list[tuple[str, str]]
    body: bytes

    def values(self, name: str) -> list[str]:
        return [value for found, value in self.headers if found.lower() == name.lower()]


class Names(threading.Thread):
    """A DNS server. `addresses` may be changed at any time."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.addresses: list[str] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]

    def run(self) -> None:
        with contextlib.suppress(OSError):
            while (received := self._socket.recvfrom(4096))[0]:
                query, client = received
                self._socket.sendto(self._answer(query), client)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self.join()

    def _answer(self, query: bytes) -> bytes:
        end = query.index(b"\0", 12)
        kind = struct.unpack(">H", query[end + 1 : end + 3])[0]
        found = self.addresses if kind == 1 else []
        head = query[:2] + struct.pack(">HHHHH", 0x8180, 1, len(found), 0, 0)
        records = b"".join(struct.pack(">HHHIH", 0xC00C, 1, 1, 1, 4) + socket.inet_aton(one) for one in found)
        return head + query[12 : end + 5] + records


class Service(http.server.ThreadingHTTPServer):
    """One replica: answers every request with its name and its address, streams server-sent events, is ready while `is_ready`.

    `reason` is what `/readyz` says of the database otherwise.
    """

    daemon_threads = True
    request_queue_size = 512

    def __init__(self, name: str, address: str, port: int) -> None:
        super().__init__((address, port), _Handler)
        self.name = name
        self.is_ready = True
        self.reason = "OperationalError"
        self.received: list[Received] = []
        self.answering = threading.Event()
        self.answering.set()
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def address(self) -> str:
        return str(self.server_address[0])

    def handle_error(self, *_: Any) -> None:
        """A client that has gone is no error."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Service

    def do_any(self) -> None:
        if self.path == "/readyz":
            if self.server.is_ready:
                return self._answer(200, status="ready", database="ok")
            return self._answer(503, status="not ready", database=self.server.reason)
        chunked = "chunked" in self.headers.get("Transfer-Encoding", "")
        body = self._chunks() if chunked else self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.received.append(Received(self.command, self.path, self.headers.items(), body))
        if self.server.name == "inbox_stream":
            return self._stream()
        self.server.answering.wait(30)
        return self._answer(200)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_any  # noqa: N815

    def _answer(self, code: int, **more: str) -> None:
        body = json.dumps({"service": self.server.name, "address": self.server.address, **more}).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        self.close_connection = True
        with contextlib.suppress(OSError):
            for number in range(1_000):
                self.wfile.write(f"data: {number}\n\n".encode())
                time.sleep(0.1)

    def _chunks(self) -> bytes:
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def log_message(self, *_: Any) -> None:
        """Nothing on the terminal."""


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes
    seconds: float

    def json(self) -> Any:
        return json.loads(self.body)

    def assert_problem(self, status: int, code: str) -> None:
        """It is a problem document in the hub's shape, with this status and code."""
        assert self.status == status, self.body
        assert self.headers["Content-Type"] == "application/problem+json"
        document = self.json()
        assert document.keys() == {"type", "title", "status", "detail", "code"}
        assert document["type"] == f"urn:message-hub:error:{code}"
        assert (document["status"], document["code"]) == (status, code)
        assert self.headers["X-Content-Type-Options"] == "nosniff"
        assert self.headers["Access-Control-Allow-Origin"] == "*"
        assert self.headers["Cache-Control"] == "no-store"


@dataclass
class Gateway:
    port: int
    tls_port: int
    metrics_port: int
    process: Process
    names: Names
    services: dict[str, list[Service]] = field(default_factory=dict)

    def call(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        port: int | None = None,
    ) -> Answer:
        """One request on a connection of its own; the path goes out as it is given."""
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=30)
        began = time.monotonic()
        with contextlib.closing(connection):
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # answered before all of it was sent
                connection.request(method, path, body=body, headers=dict(headers or {}))
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read(), time.monotonic() - began)

    def send(self, *pieces: bytes, pause: float = 0.0) -> bytes:
        """What comes back for these bytes, until the gateway closes the connection or nothing comes for 15 s."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=15) as connection:
            for piece in pieces:
                connection.sendall(piece)
                time.sleep(pause)
            received = b""
            with contextlib.suppress(OSError):
                while piece := connection.recv(65536):
                    received += piece
            return received

    def last(self, service: str) -> Received:
        return self.services[service][0].received[-1]

    def received(self) -> list[Received]:
        return [one for replicas in self.services.values() for service in replicas for one in service.received]

    def forget(self) -> None:
        for replicas in self.services.values():
            for service in replicas:
                service.received.clear()

    def add_replicas(self) -> None:
        """One more replica of each service, in DNS as soon as it listens."""
        for name in SERVICES:
            replicas = self.services.setdefault(name, [])
            port = replicas[0].server_address[1] if replicas else files.free_port()
            replicas.append(Service(name, f"127.0.0.{len(replicas) + 1}", int(port)))
        self.names.addresses = [one.address for one in self.services["compose_api"]]

    def wait_until_it_serves(self) -> None:
        def serves() -> bool:
            assert self.process.is_alive, self.process.log.read_text()
            return all(self.is_up(name) for name in SERVICES)

        wait_until(serves, what="the gateway has found all services")

    def is_up(self, name: str, replicas: int = 1) -> bool:
        return self.measured("haproxy_backend_active_servers", proxy=name) >= replicas

    def measured(self, metric: str, **labels: str) -> float:
        """The value of a metric of the exporter; 0.0 before it answers."""
        wanted = "".join(f'{name}="{value}"' for name, value in labels.items())
        with contextlib.suppress(OSError):
            for line in self.call("GET", "/metrics", port=self.metrics_port).body.decode().splitlines():
                if line.startswith(f"{metric}{{{wanted}"):
                    return float(line.rpartition(" ")[2])
        return 0.0

    def reload(self) -> None:
        """As `docker compose kill --signal USR2 gateway` does it."""
        before = self.process.log.read_text().count("Loading success")
        self.process.handle.send_signal(signal.SIGUSR2)
        wait_until(lambda: self.process.log.read_text().count("Loading success") > before, what="it has reloaded")

    def lines(self) -> list[dict[str, Any]]:
        """The lines of its log about requests."""
        text = self.process.log.read_text()
        return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


@contextlib.contextmanager
def running(folder: Path, configuration: Path = CONFIGURATION, **variables: str) -> Iterator[Gateway]:
    """The gateway in front of one replica of each service."""
    names = Names()
    names.start()
    made = Gateway(files.free_port(), files.free_port(), files.free_port(), None, names)  # type: ignore[arg-type]
    made.add_replicas()
    environment = {
        "PATH": os.environ["PATH"],
        "HUB_GATEWAY_BIND": f"127.0.0.1:{made.port}",
        "HUB_GATEWAY_METRICS_BIND": f"127.0.0.1:{made.metrics_port}",
        "HUB_GATEWAY_DNS": f"127.0.0.1:{names.port}",
        **{f"HUB_GATEWAY_{name.upper()}": f"localhost:{made.services[name][0].server_address[1]}" for name in SERVICES},
        "HUB_GATEWAY_CONNECTIONS": "1000",
        "HUB_MAX_CONCURRENT_REQUESTS": "8",
        "HUB_TLS_BIND": f"127.0.0.1:{made.tls_port}",
        "HUB_TLS_PORT": str(made.tls_port),
        **variables,
    }
    made.process = Process([haproxy(), "-W", "-db", "-f", str(configuration)], environment, folder / "haproxy.log")
    try:
        made.wait_until_it_serves()
        yield made
    finally:
        made.process.stop()
        names.close()
        for replicas in made.services.values():
            for service in replicas:
                service.answering.set()
                service.shutdown()
                service.server_close()


def in_background(call: Callable[[], Any]) -> threading.Thread:
    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    return thread


def connect_with_tls(port: int, *, protocols: list[str]) -> ssl.SSLSocket:
    """A TLS connection that accepts the test's own certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(protocols)
    return context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=10), server_hostname="localhost")
