"""`GET /v1/notifications/stream`: authenticates, admits, and sends one stream until it ends."""

import asyncio
import contextlib
import random
import time
import weakref
from collections.abc import Callable, Iterator
from typing import TypeVar

import anyio
from anyio import to_thread
from sqlalchemy import Engine
from sse_starlette import EventSourceResponse, ServerSentEvent
from sse_starlette.sse import SendTimeoutError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from services.inbox_api.stream import actions, events, metrics, subscriber, subscribers
from shared import errors, logging
from shared.auth import authenticator, tokens

T = TypeVar("T")

PATH = "/v1/notifications/stream"
HEARTBEAT_S = 15.0
# A client that does not take an event in this time is disconnected.
SEND_TIMEOUT_S = 30.0
# Database calls that open streams, at once; the others wait this long for a thread.
OPENING_THREADS = 8
# So many of them for one user and for one platform; the others are for other callers.
OPENING_OF_USER, OPENING_OF_PLATFORM = 4, 6
OPENING_TIMEOUT_S = 10.0
# Each stream ends after about an hour, so that the client authenticates again; spread, so that not all reconnect together.
_LIFETIME_S = (3_000.0, 4_200.0)
_HEADERS = {"Content-Type": "text/event-stream", "Cache-Control": "no-store", "Vary": "Authorization"}
_logger = logging.get_logger(__name__)


class Stream:
    """The endpoint, as an ASGI application: it knows when the response has ended, for any reason."""

    def __init__(
        self,
        registry: subscribers.Subscribers,
        engine: Engine,
        authenticating: authenticator.Authenticator,
        measures: metrics.Metrics,
    ) -> None:
        self._registry = registry
        self._engine = engine
        self._authenticator = authenticating
        self._measures = measures
        self._threads = anyio.CapacityLimiter(OPENING_THREADS)
        self._semaphores: weakref.WeakValueDictionary[tuple[str, ...], asyncio.Semaphore] = (
            weakref.WeakValueDictionary()
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        # Joined, as WSGI servers do it: a header that is sent twice is neither of its values.
        authorization = ",".join(request.headers.getlist("Authorization"))
        identity = await self._in_thread(lambda: self._authenticator.identify(authorization))
        logging.bind(platform=identity.platform, user_id=identity.user)
        caller = await self._in_turn(identity, lambda: self._authenticator.find(identity, authorization))
        authenticator.check_active(caller)
        if request.headers.get("Content-Length", "0") != "0" or "Transfer-Encoding" in request.headers:
            raise errors.no_body()
        if request.query_params:
            raise errors.validation_failed({name: ["Unknown parameter."] for name in request.query_params})
        with self._registry.admitted(caller.user_id):
            last_event_id = ",".join(request.headers.getlist("Last-Event-ID")) or None
            opening = await self._in_turn(
                identity, lambda: actions.open_stream(self._engine, caller=caller, last_event_id=last_event_id)
            )
            if request.method == "HEAD":
                await Response(headers=_HEADERS)(scope, receive, send)
                return
            stream = subscriber.Subscriber(
                platform_id=caller.platform_id, user_id=caller.user_id, position=opening.position
            )
            expires_at = tokens.expires_at(authenticator.read_token(authorization))
            with self._registry.subscribed(
                stream, expired_until=opening.now, directory_version=opening.directory_version
            ):
                await self._send(stream, events.first(opening), expires_at, scope, receive, send)

    async def _send(
        self, stream: subscriber.Subscriber, first: bytes, expires_at: float, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """`expires_at` is in seconds since 1970."""
        seconds, reason = min(
            (expires_at - time.time(), "expired"),
            (random.uniform(*_LIFETIME_S), "renew"),  # noqa: S311 (spreads load, hides nothing)
        )
        ending = asyncio.get_running_loop().call_later(seconds, stream.end, reason)
        response = EventSourceResponse(
            stream.stream(first),
            headers=_HEADERS,
            ping=HEARTBEAT_S,
            ping_message_factory=lambda: ServerSentEvent(comment="heartbeat", sep="\n"),
            send_timeout=SEND_TIMEOUT_S,
        )
        try:
            await response(scope, receive, send)
            stream.end("gone")  # unless it has ended for another reason
        except SendTimeoutError:
            stream.end("slow")
        finally:
            ending.cancel()
            self._measures.ended.labels(stream.ended or "error").inc()
            _logger.debug("stream ended", reason=stream.ended)

    async def _in_turn(self, identity: tokens.Identity, call: Callable[[], T]) -> T:
        """`call` in a thread. A user or platform with many calls waits without a thread while others are served."""
        platform, user = (identity.platform,), (identity.platform, identity.user)
        with _opening():
            async with self._limit(user, OPENING_OF_USER), self._limit(platform, OPENING_OF_PLATFORM):
                return await to_thread.run_sync(call, limiter=self._threads)

    async def _in_thread(self, call: Callable[[], T]) -> T:
        with _opening():
            return await to_thread.run_sync(call, limiter=self._threads)

    def _limit(self, key: tuple[str, ...], count: int) -> asyncio.Semaphore:
        """The semaphore of a user or platform; kept as long as a request uses it."""
        return self._semaphores.setdefault(key, asyncio.Semaphore(count))


@contextlib.contextmanager
def _opening() -> Iterator[None]:
    try:
        with anyio.fail_after(OPENING_TIMEOUT_S):
            yield
    except TimeoutError:
        raise errors.unavailable("Too many streams are being opened.") from None
