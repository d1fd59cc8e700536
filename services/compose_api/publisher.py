"""Publishes tasks and change notices in a background thread: no request waits for Redis.

The stored message is the outbox. An item that cannot be published is dropped and counted: the sweep publishes the task again, and live
streams read PostgreSQL once a second.
"""

import queue
import threading
from dataclasses import asdict

import celery
import prometheus_client

from shared import broker, contracts, logging, redis_client

Published = contracts.Contract | contracts.PlatformChanged
_CAPACITY = 1_000
_logger = logging.get_logger(__name__)


class Publisher:
    """Publishes submitted items in order, each at most once. While Redis is unavailable, items are dropped at once."""

    def __init__(self, app: celery.Celery, url: str, monitor: redis_client.Monitor) -> None:
        self._app = app
        self._client = redis_client.make_short(url)
        self._monitor = monitor
        self._waiting: queue.Queue[Published] = queue.Queue(_CAPACITY)
        self._dropped = prometheus_client.Counter(
            "message_hub_publishes_dropped", "What was not published, by kind.", ["kind"], registry=None
        )
        for kind in ("task", "change_notice"):
            self._dropped.labels(kind)
        threading.Thread(target=self._run, name="publisher", daemon=True).start()

    def register(self, registry: prometheus_client.CollectorRegistry) -> None:
        registry.register(self._dropped)

    def submit(self, item: Published) -> None:
        """Queues `item` and returns at once. Never raises."""
        try:
            self._waiting.put_nowait(item)
        except queue.Full:
            self._drop(item, "the queue is full")

    def _run(self) -> None:
        while True:
            item = self._waiting.get()
            if not self._monitor.is_ok:
                self._drop(item, "redis is unavailable")
                continue
            try:
                self._send(item)
            except Exception as error:  # of any kind: the thread goes on
                self._drop(item, type(error).__name__)
                self._monitor.check()

    def _send(self, item: Published) -> None:
        if isinstance(item, contracts.PlatformChanged):
            self._client.publish(item.channel, item.write())
        else:
            broker.publish(self._app, item)

    def _drop(self, item: Published, reason: str) -> None:
        kind = "change_notice" if isinstance(item, contracts.PlatformChanged) else "task"
        self._dropped.labels(kind).inc()
        _logger.warning("dropped instead of published", kind=kind, reason=reason, **asdict(item))
