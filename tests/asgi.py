"""Calls the live stream without a server, as an ASGI and as a WSGI application. The client leaves once the stream is ready."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from starlette.types import ASGIApp
from werkzeug.datastructures import Headers
from werkzeug.test import Client as WsgiClient
from werkzeug.test import TestResponse

_READY = b"event: ready\n"


async def exchange(app: ASGIApp, scope: Mapping[str, Any]) -> tuple[int, list[tuple[str, str]], bytes]:
    """The status, the headers and the body of the response, of a stream as far as `ready`."""
    start: dict[str, Any] = {}
    body = bytearray()
    is_ready = asyncio.Event()

    async def receive() -> dict[str, Any]:
        await is_ready.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        else:
            body.extend(message["body"])
        if _READY in body:
            is_ready.set()

    async with asyncio.timeout(30):
        await app(dict(scope), receive, send)
    return (
        start["status"],
        [(name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"]],
        bytes(body),
    )


def as_wsgi(app: ASGIApp) -> Callable[..., Iterable[bytes]]:
    def wsgi(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        headers = [
            (name.removeprefix("HTTP_").replace("_", "-").lower().encode(), value.encode("latin-1", "replace"))
            for name, value in environ.items()
            if name.startswith("HTTP_") or (name == "CONTENT_LENGTH" and value != "0")
        ]
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": environ["REQUEST_METHOD"],
            "scheme": "http",
            "path": environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace"),
            "root_path": "",
            "query_string": environ["QUERY_STRING"].encode("latin-1"),
            "headers": headers,
        }
        status, sent, body = asyncio.run(exchange(app, scope))
        start_response(f"{status} STATUS", sent)
        return [body]

    return wsgi


def get(app: ASGIApp, path: str, *, method: str = "GET", headers: Mapping[str, str] | Headers) -> TestResponse:
    return WsgiClient(as_wsgi(app)).open(path, method=method, headers=headers, buffered=True)
