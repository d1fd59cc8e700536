"""Serves the Flask app from an event loop, beside streams: requests run in threads, and an answer may go on as a stream.

Does for this app what a general adapter does, without its hops between thread and loop for every piece of an answer: requests
here are small and answers are ready when they begin. Every poll passes here, so what can be known before is not made anew
(docs/decisions/0008-live-stream.md has the numbers).
"""

import functools
import io
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

from services.inbox_api.stream import connection, entrance, pool, streams
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
# What is the same for every request.
_ENVIRON: Environ = {
    "SCRIPT_NAME": "",
    "wsgi.version": (1, 0),
    "wsgi.input_terminated": True,
    "wsgi.errors": sys.stderr,
    "wsgi.multithread": True,
    "wsgi.multiprocess": False,
    "wsgi.run_once": False,
}


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Bridge:
    """An ASGI application for requests; `app` is a WSGI application that must not stream by itself."""

    def __init__(self, app: Application, live: streams.Streams, *, threads: int) -> None:
        self._live = live
        self._most = threads + _WAITING
        self._inside = 0
        work = functools.partial(_run, app)
        self._threads = pool.Pool(work, threads=threads, name="request")
        self._watchers = pool.Pool(work, threads=_WATCHERS_THREADS, name="watcher")

    async def __call__(self, scope: Scope, receive: connection.Receive, send: connection.Send) -> None:
        environ = _environ(scope)
        environ["wsgi.input"] = io.BytesIO(await _read_body(receive) if _has_body(environ) else b"")
        if scope["path"] == STREAM_PATH:
            await self._open(environ, receive, send)
            return
        answer = await self._ask(scope["path"], environ)
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        await send({"type": "http.response.body", "body": answer.body})

    async def _open(self, environ: Environ, receive: connection.Receive, send: connection.Send) -> None:
        """An answer that goes on as a stream, if it lets somebody in."""
        way_in = environ[entrance.KEY] = self._live.make_entrance()
        answer = await self._ask(STREAM_PATH, environ)
        if way_in.admitted is None or environ["REQUEST_METHOD"] != "GET" or answer.status != 200:
            await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
            await send({"type": "http.response.body", "body": answer.body})
            return
        headers = [(name, value) for name, value in answer.headers if name != b"content-length"]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await self._live.serve(way_in.admitted, answer.body, receive=receive, send=send)

    async def _ask(self, path: str, environ: Environ) -> Answer:
        if path in _WATCHERS_PATHS:
            return await self._watchers.run(environ)
        if self._inside >= self._most:
            busy = errors.unavailable("More requests are being served than this process takes on at once.")
            return _run(problems.response(busy), environ)
        self._inside += 1
        try:
            return await self._threads.run(environ)
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


def _has_body(environ: Environ) -> bool:
    if environ["REQUEST_METHOD"] in _WITHOUT_BODY:
        return "CONTENT_LENGTH" in environ or "HTTP_TRANSFER_ENCODING" in environ
    return True


async def _read_body(receive: connection.Receive) -> bytes:
    """The body as far as the app takes one at all: of a larger one, just enough for the app to see that it is too large."""
    body = bytearray()
    while len(body) <= parsing.MAX_BODY_BYTES + 1:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    return bytes(body)


def _environ(scope: Scope) -> Environ:
    """The request without its body, as PEP 3333 wants it: text is bytes read as Latin-1."""
    host, port = scope.get("server") or ("localhost", 80)
    environ = _ENVIRON.copy()
    environ["REQUEST_METHOD"] = scope["method"]
    environ["PATH_INFO"] = unquote_to_bytes(scope["raw_path"]).decode("latin-1")
    environ["QUERY_STRING"] = scope["query_string"].decode("latin-1")
    environ["SERVER_NAME"] = host
    environ["SERVER_PORT"] = str(port or 0)
    environ["SERVER_PROTOCOL"] = f"HTTP/{scope['http_version']}"
    environ["wsgi.url_scheme"] = scope.get("scheme", "http")
    if client := scope.get("client"):
        environ["REMOTE_ADDR"] = client[0]
    for name, value in scope["headers"]:
        key, text = _key(name), value.decode("latin-1")
        environ[key] = f"{environ[key]},{text}" if key in environ else text
    return environ


@functools.lru_cache(512)
def _key(name: bytes) -> str:
    """What a header is called in an environ. Clients send the same few again and again."""
    key = name.decode("latin-1").upper().replace("-", "_")
    return key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
