"""Broker factory: one Celery app over Redis with the same limits for whoever publishes or consumes.

Called by the entry files of compose_api and fanout_worker. Nothing that must survive lives in the broker only: every task
can be made again from PostgreSQL, so no result backend, no persistence, no retry of a publish beyond the caller's deadline.
"""

import threading
import time
from collections.abc import Callable

import celery
import kombu.entity
import redis

from shared import contracts

CONNECT_TIMEOUT_S = 1.0
SOCKET_TIMEOUT_S = 5.0


def make_celery(url: str) -> celery.Celery:
    """A Celery app that speaks JSON only and declares the hub's queues. Connects when first used."""
    app = celery.Celery("message_hub", broker=url, set_as_current=False)
    app.conf.update(
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_store_errors_even_if_ignored=False,
        task_queues=[_queue(name) for name in contracts.QUEUES],
        task_routes={contract.task: {"queue": contract.queue} for contract in contracts.ALL},
        task_create_missing_queues=False,
        task_default_queue=contracts.EXPAND_QUEUE,
        broker_connection_timeout=CONNECT_TIMEOUT_S,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={
            "visibility_timeout": 600,
            "socket_timeout": SOCKET_TIMEOUT_S,
            "socket_connect_timeout": CONNECT_TIMEOUT_S,
            "socket_keepalive": True,
            "health_check_interval": 10,
            "max_retries": 0,
        },
        enable_utc=True,
        timezone="UTC",
    )
    return app


def _queue(name: str) -> kombu.entity.Queue:
    """A queue behind no exchange: a task goes straight to its list, so flushing Redis leaves no binding that is missed."""
    nameless = kombu.entity.Exchange("", type="direct")  # type: ignore[no-untyped-call]
    return kombu.entity.Queue(name, exchange=nameless, routing_key=name)  # type: ignore[no-untyped-call]


def publish(app: celery.Celery, contract: contracts.Contract) -> None:
    """Sends one task, once. Raises what the transport raises; takes seconds when Redis hangs, so mind who waits for it."""
    app.send_task(
        contract.task,
        kwargs=contracts.arguments(contract),
        queue=contract.queue,
        headers={contracts.PUBLISHED_AT_HEADER: time.time()},
        retry=False,
    )


def make_redis(url: str) -> "redis.Redis":
    """A plain Redis client with the same limits, for what Celery does not do."""
    return redis.Redis.from_url(url, socket_timeout=SOCKET_TIMEOUT_S, socket_connect_timeout=CONNECT_TIMEOUT_S)


class State:
    """Whether the broker answers, told within `within_s` whatever it does: a hung Redis or a dead resolver holds up nobody.

    At most one question is under way; while it has no answer the broker counts as unreachable.
    """

    def __init__(self, ping: Callable[[], object], *, within_s: float = 0.2) -> None:
        self._ping = ping
        self._within_s = within_s
        self._lock = threading.Lock()
        self._asking: threading.Thread | None = None
        self._answer = "unreachable"

    def __call__(self) -> str:
        """`ok` or `unreachable`."""
        with self._lock:
            if self._asking is None or not self._asking.is_alive():
                self._asking = threading.Thread(target=self._ask, daemon=True)
                self._asking.start()
            asking = self._asking
        asking.join(self._within_s)
        return "unreachable" if asking.is_alive() else self._answer

    def _ask(self) -> None:
        try:
            self._ping()
        except (redis.RedisError, OSError):
            self._answer = "unreachable"
        else:
            self._answer = "ok"
