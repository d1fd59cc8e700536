"""Serves the Flask app from an event loop, beside streams: requests run in threads, and an answer may go on as a stream.

Does for this app what a general adapter does, without its hops between thread and loop for every piece of an answer: requests
here are small and answers are ready when they begin (docs/decisions/0008-live-stream.md has the numbers).
"""

import asyncio
import io
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

from services.inbox_api.stream import connection, entrance, streams
from shared import errors
from shared.http import parsing, problems

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]
Scope = connection.Message

STREAM_PATH = "/v1/notifications/stream"
# Asked by whoever watches this process: they wait behind nothing.
_WATCHERS_PATHS = frozenset({"/healthz", "/readyz", "/metrics"})
_WATCHERS_THREADS = 2
# So many requests wait for a thread at most; at thousands a second they are through in a fraction of one.
_WAITING = 256
_WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS", "DELETE"})


@dataclass(frozen=True)
class Answer:
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Bridge:
    """An ASGI application for requests; `app` is a WSGI application that must not stream by itself."""

    def __init__(self, app: Application, live: streams.Streams, *, threads: int) -> None:
        self._app = app
        self._live = live
        self._most = threads + _WAITING
        self._inside = 0
        self._threads = ThreadPoolExecutor(threads, "request")
        self._watchers = ThreadPoolExecutor(_WATCHERS_THREADS, "watcher")

    async def __call__(self, scope: Scope, receive: connection.Receive, send: connection.Send) -> None:
        environ = _environ(scope, await _read_body(scope, receive))
        way_in = None
        if scope["path"] == STREAM_PATH:
            way_in = environ[entrance.KEY] = self._live.make_entrance()
        answer = await self._ask(scope["path"], environ)
        admitted = way_in.admitted if way_in is not None and scope["method"] == "GET" and answer.status == 200 else None
        headers = answer.headers
        if admitted is not None:
            headers = [(name, value) for name, value in headers if name != b"content-length"]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        if admitted is None:
            await send({"type": "http.response.body", "body": answer.body})
        else:
            await self._live.serve(admitted, answer.body, receive=receive, send=send)

    async def _ask(self, path: str, environ: Environ) -> Answer:
        loop = asyncio.get_running_loop()
        if path in _WATCHERS_PATHS:
            return await loop.run_in_executor(self._watchers, _run, self._app, environ)
        if self._inside >= self._most:
            busy = errors.unavailable("More requests are being served than this process takes on at once.")
            return _run(problems.response(busy), environ)
        self._inside += 1
        try:
            return await loop.run_in_executor(self._threads, _run, self._app, environ)
        finally:
            self._inside -= 1


def _run(app: Application, environ: Environ) -> Answer:
    begun: list[tuple[int, list[tuple[bytes, bytes]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], _error: object = None) -> None:
        encoded = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        begun[:] = [(int(status[:3]), encoded)]

    pieces = app(environ, start_response)
    try:
        body = b"".join(pieces)
    finally:
        if close := getattr(pieces, "close", None):
            close()
    ((status, headers),) = begun
    return Answer(status, headers, body)


async def _read_body(scope: Scope, receive: connection.Receive) -> bytes:
    """The body as far as the app takes one at all: of a larger one, just enough for the app to see that it is too large."""
    names = {name for name, _ in scope["headers"]}
    if scope["method"] in _WITHOUT_BODY and not names & {b"content-length", b"transfer-encoding"}:
        return b""
    body = bytearray()
    while len(body) <= parsing.MAX_BODY_BYTES + 1:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    return bytes(body)


def _environ(scope: Scope, body: bytes) -> Environ:
    """The request as PEP 3333 wants it: text is bytes read as Latin-1."""
    host, port = scope.get("server") or ("localhost", 80)
    environ: Environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": host,
        "SERVER_PORT": str(port or 0),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": True,
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    if client := scope.get("client"):
        environ["REMOTE_ADDR"] = client[0]
    for name, value in scope["headers"]:
        key = name.decode("latin-1").upper().replace("-", "_")
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = f"HTTP_{key}"
        text = value.decode("latin-1")
        environ[key] = f"{environ[key]},{text}" if key in environ else text
    return environ
