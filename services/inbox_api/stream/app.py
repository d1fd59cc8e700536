"""Builds the ASGI application of the live stream. Called by asgi and by tests."""

import asyncio
import contextlib
import functools
import signal
import time
from collections.abc import AsyncIterator

import anyio
import prometheus_client
import psycopg
import sqlalchemy.exc
from sqlalchemy import Engine
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.inbox_api.stream import endpoint, metrics, poller, redis_listener, subscribers
from shared import (
    draining,
    errors,
    logging,
    problem_details,
    process_metrics,
    readiness,
    redis_client,
    request_ids,
    settings,
)
from shared.auth import authenticator
from shared.web import cors, security_headers

_CODES = {404: "not-found", 405: "method-not-allowed"}
_logger = logging.get_logger(__name__)


class Live:
    """The application and the subscribers of this process."""

    def __init__(
        self,
        engine: Engine,
        *,
        auth: settings.Auth,
        limit: int,
        redis_url: str | None = None,
        cors_origins: tuple[str, ...] = (),
        ends_on_signal: bool = False,
    ) -> None:
        self._engine = engine
        self._ends_on_signal = ends_on_signal
        self._redis_url = redis_url
        self._broker_state = redis_client.Monitor(redis_url).state if redis_url else None
        self._metrics_registry = prometheus_client.CollectorRegistry()
        process_metrics.register(self._metrics_registry, engine, self._broker_state)
        self._measures = metrics.Metrics(self._metrics_registry)
        self.subscribers = subscribers.Subscribers(self._measures, limit=limit)
        stream = endpoint.Stream(self.subscribers, engine, authenticator.Authenticator(auth, engine), self._measures)
        self.app = Starlette(
            routes=[
                Route(endpoint.PATH, stream, methods=["GET"]),
                Route("/healthz", _healthz),
                Route("/readyz", self._readyz),
                Route("/metrics", self._metrics),
            ],
            middleware=[Middleware(_RequestLog), *_cors(cors_origins)],
            exception_handlers={
                errors.HubError: _problem,
                HTTPException: _problem_of_http_exception,
                sqlalchemy.exc.SQLAlchemyError: _problem,
                psycopg.Error: _problem,
            },
            lifespan=self._running,
        )
        self.app.router.redirect_slashes = False

    @contextlib.asynccontextmanager
    async def _running(self, _app: Starlette) -> AsyncIterator[None]:
        """Publishes to the subscribers while this is open."""
        if self._ends_on_signal:
            # The server's lifespan ends after its responses, so streams have to end before. asyncio gets signals through a file
            # descriptor of its own: the server's handler stays in use beside this one.
            close = functools.partial(asyncio.get_running_loop().call_soon_threadsafe, self.subscribers.close)
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: close())
        polling = poller.Poller(self.subscribers, self._engine, self._measures)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(polling.run)
            if self._redis_url:
                tasks.start_soon(redis_listener.listen, self._redis_url, polling.read_soon)
            yield
            self.subscribers.close()
            tasks.cancel_scope.cancel()

    def _readyz(self, _request: Request) -> Response:
        content, status = readiness.check(self._engine, self._broker_state)
        return JSONResponse(content, status)

    def _metrics(self, _request: Request) -> Response:
        return Response(
            prometheus_client.generate_latest(self._metrics_registry), media_type=prometheus_client.CONTENT_TYPE_LATEST
        )


class _RequestLog:
    """Request ids, security headers, one log line for each rejected request, and problem details for unexpected exceptions."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        request_id = request_ids.accept(request.headers.get(request_ids.HEADER, ""))
        began_at = time.perf_counter()
        has_started = False
        logging.clear()
        logging.bind(request_id=request_id)

        async def send_start(message: Message) -> None:
            nonlocal has_started
            if message["type"] == "http.response.start":
                has_started = True
                headers = MutableHeaders(raw=message["headers"])
                headers[request_ids.HEADER] = request_id
                if draining.is_on():
                    headers["Connection"] = "close"
                for name, value in security_headers.missing(headers.items()):
                    headers[name] = value
                if message["status"] >= 400:
                    ms = round((time.perf_counter() - began_at) * 1000, 1)
                    _logger.info("request", method=request.method, status=message["status"], ms=ms)
            await send(message)

        try:
            await self._app(scope, receive, send_start)
        except Exception as error:
            response = _problem(request, error)
            if not has_started:
                await response(scope, receive, send_start)


def _cors(origins: tuple[str, ...]) -> list[Middleware]:
    if not origins:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=["GET", "HEAD"],
            allow_headers=cors.REQUEST_HEADERS,
            expose_headers=cors.RESPONSE_HEADERS,
            max_age=cors.MAX_AGE_S,
        )
    ]


def _healthz(_request: Request) -> Response:
    return JSONResponse({"status": "ok"})


def _problem(_request: Request, error: Exception) -> Response:
    known = problem_details.from_exception(error)
    return Response(
        problem_details.body(known),
        known.status,
        headers=problem_details.headers(known),
        media_type=problem_details.MEDIA_TYPE,
    )


def _problem_of_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 (for the type checker)
    detail = errors.nowhere().detail if error.status_code == 404 else error.detail
    known = errors.HubError(_CODES.get(error.status_code, "bad-request"), detail, headers=error.headers)
    known.status = error.status_code
    return _problem(request, known)
