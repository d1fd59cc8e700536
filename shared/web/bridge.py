"""Serves a Flask app from an event loop: requests run in threads, and nobody gets as far as a thread who would have to wait there.

The loop reads a request whole, however slowly it comes, takes a place for it or refuses it, and hands it to a thread. So what is
slow, silent or too much costs neither a thread nor a place, and watchers are answered whatever goes on
(docs/decisions/0011-load.md). Does for these apps what a general adapter does, without its hops between thread and loop for every
piece of an answer: requests are small and answers are ready when they begin. Every poll passes here, so what can be known before
is not made anew (docs/decisions/0008-live-stream.md has the numbers).
"""

import asyncio
import functools
import io
import sys
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any
from urllib.parse import unquote_to_bytes

from shared.web import gate, parsing, pool, refusals

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]
Message = MutableMapping[str, Any]
Scope = Message
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Answer = refusals.Answer

# How long a body may take to come, and how much of unfinished ones is held at once, all requests together.
BODY_WITHIN_S = 10.0
MOST_UNFINISHED_BYTES = 16 * 1024 * 1024
# Each piece costs a turn of the event loop: a body of 65,000 chunks of a byte took it two seconds.
MOST_PIECES = 2_048
# A larger answer is sent in pieces, each of which a client has so long to take; so much of such answers is held at once. The
# server would buffer whatever it is given: 300 clients that read nothing of a page of 1.6 MB took 480 MB.
PIECE_BYTES = 64 * 1024
PIECE_WITHIN_S = 30.0
MOST_UNSENT_BYTES = 64 * 1024 * 1024
# Everything that works for a caller lies beneath it and takes a place; a test walks the routes of both APIs.
_CALLERS_PREFIX = "/v1/"
# Asked by whoever watches this process: they wait behind nothing, and the first not even behind the others' questions.
_ALIVE_PATH = "/healthz"
_WATCHERS_PATHS = frozenset({"/readyz", "/metrics"})
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


class _BrokenError(Exception):
    """The client left in the middle of its body, or sent what is none."""


class _TooMuchError(Exception):
    """Bodies of others that are still coming take all the memory there is for that."""


class Bridge:
    """An ASGI application for requests; `app` is a WSGI application that must not stream by itself."""

    def __init__(self, app: Application, refused: refusals.Refusals, *, places: int) -> None:
        self._refused = refused
        self._gate = gate.Gate(places)
        work = functools.partial(_run, app)
        # A thread for each place: who has one waits for nothing.
        self._callers = pool.Pool(work, threads=places, name="request")
        self._alive = pool.Pool(work, threads=1, name="alive", most_waiting=256)
        self._watchers = pool.Pool(work, threads=2, name="watcher", most_waiting=32)
        # Pages, descriptions, a browser's question before a call, what is not there.
        self._others = pool.Pool(work, threads=4, name="other", most_waiting=256)
        self._unfinished_bytes = 0
        self._unsent_bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.reply(scope, send, await self.ask(scope, receive))

    async def ask(self, scope: Scope, receive: Receive, more: Environ | None = None) -> Answer:
        """What the application answers, or why it is not asked; `more` goes into its environ."""
        path: str = scope["path"]
        takes_place = path.startswith(_CALLERS_PREFIX) and scope["method"] != "OPTIONS"
        # Before anything is read. Bodies come in their own time, so who is let in here may still be refused afterwards.
        if takes_place and self._gate.refuses():
            return self._refused.make("busy", scope["headers"])
        environ = _environ(scope)
        if more:
            environ.update(more)
        try:
            environ["wsgi.input"] = io.BytesIO(await self._read_body(receive) if _has_body(environ) else b"")
        except TimeoutError:
            return self._refused.make("slow", scope["headers"])
        except _BrokenError:
            # Whoever is still there reads it; left without an answer, the server would make one of its own.
            return self._refused.make("broken", scope["headers"])
        except _TooMuchError:
            return self._refused.make("busy", scope["headers"])
        if takes_place:
            if not await self._gate.enter():
                return self._refused.make("busy", scope["headers"])
            try:
                return await self._callers.run(environ)
            finally:
                self._gate.leave()
        threads = self._alive if path == _ALIVE_PATH else self._watchers if path in _WATCHERS_PATHS else self._others
        if threads.is_full():
            return self._refused.make("busy", scope["headers"])
        return await threads.run(environ)

    async def reply(self, scope: Scope, send: Send, answer: Answer) -> None:
        is_large = len(answer.body) > PIECE_BYTES
        if is_large and self._unsent_bytes + len(answer.body) > MOST_UNSENT_BYTES:
            answer, is_large = self._refused.make("busy", scope["headers"]), False
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        if is_large:
            await self._send_in_pieces(send, answer.body)
        else:
            await send({"type": "http.response.body", "body": answer.body})

    async def _send_in_pieces(self, send: Send, body: bytes) -> None:
        """Gives up on a client that does not take a piece in time; the server then closes the connection."""
        self._unsent_bytes += len(body)
        try:
            for begin in range(0, len(body), PIECE_BYTES):
                piece, more = body[begin : begin + PIECE_BYTES], begin + PIECE_BYTES < len(body)
                async with asyncio.timeout(PIECE_WITHIN_S):
                    await send({"type": "http.response.body", "body": piece, "more_body": more})
        except TimeoutError:
            return
        finally:
            self._unsent_bytes -= len(body)

    async def _read_body(self, receive: Receive) -> bytes:
        """The body as far as the app takes one at all: of a larger one, just enough for the app to see that it is too large.

        Raises `TimeoutError` when it does not come, `_TooMuchError` when others take the memory, `_BrokenError`.
        """
        body = bytearray()
        pieces = 0
        try:
            async with asyncio.timeout(BODY_WITHIN_S):
                while len(body) <= parsing.MAX_BODY_BYTES + 1:
                    message = await receive()
                    pieces += 1
                    if message["type"] == "http.disconnect" or pieces > MOST_PIECES:
                        raise _BrokenError
                    piece = message.get("body", b"")
                    body += piece
                    self._unfinished_bytes += len(piece)
                    if not message.get("more_body", False):
                        break
                    if self._unfinished_bytes > MOST_UNFINISHED_BYTES:
                        raise _TooMuchError
        finally:
            self._unfinished_bytes -= len(body)
        return bytes(body)


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
        # It would become the same key as the name with a hyphen: what no proxy has looked at would speak for what one wrote.
        if b"_" in name:
            continue
        key = _key(name) if len(name) <= _LONGEST_KEPT else _key.__wrapped__(name)
        text = value.decode("latin-1")
        environ[key] = f"{environ[key]},{text}" if key in environ else text
    return environ


# A name may have hundreds of kilobytes.
_LONGEST_KEPT = 64


@functools.lru_cache(512)
def _key(name: bytes) -> str:
    """What a header is called in an environ. Clients send the same few again and again."""
    key = name.decode("latin-1").upper().replace("-", "_")
    return key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
