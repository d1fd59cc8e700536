"""Publishes tasks and change notices in a background thread: no request waits for Redis.

The stored message is the outbox. An item that cannot be published is dropped and counted: the sweep publishes the task again, and live
streams read PostgreSQL once a second.
"""

import contextlib
import queue
import threading
import time
from collections.abc import Callable

import celery
import prometheus_client

from shared import broker, contracts, logging, redis_client
from shared.auth.store import Caller
from shared.sent_messages.store import SentMessage

Published = contracts.ExpandMessage | contracts.PlatformChanged
Submit = Callable[[Published], None]
_CAPACITY = 1_000
# At most so many items are published together. The pause after that lets more items gather in the queue: a single message is published at
# once, and many messages share the cost of one Celery task.
_TOGETHER = 32
_PAUSE_S = 0.02
_logger = logging.get_logger(__name__)


def submit_accepted(submit: Submit, sender: Caller, message: SentMessage, request_id: str) -> None:
    """Queues what follows the acceptance of a message."""
    submit(contracts.PlatformChanged(platform_id=sender.platform_id))
    submit(contracts.ExpandMessage(message_id=str(message.id), request_id=request_id, published_at=message.created_at))


class Publisher:
    """Publishes submitted items, each at most once, tasks in order. While Redis is unavailable, items are dropped at once."""

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
            self._drop([item], "the queue is full")

    def _run(self) -> None:
        while True:
            items = self._take()
            if not self._monitor.is_ok:
                self._drop(items, "redis is unavailable")
                continue
            try:
                self._send(items)
            except Exception as error:  # of any kind: the thread goes on
                self._drop(items, type(error).__name__)
                self._monitor.check()
            time.sleep(_PAUSE_S)

    def _take(self) -> list[Published]:
        """Waits for an item; returns it with what else waits."""
        items = [self._waiting.get()]
        with contextlib.suppress(queue.Empty):
            while len(items) < _TOGETHER:
                items.append(self._waiting.get_nowait())
        return items

    def _send(self, items: list[Published]) -> None:
        # Equal notices say the same once.
        for notice in {item for item in items if isinstance(item, contracts.PlatformChanged)}:
            self._client.publish(notice.channel, notice.write())
        tasks = [item for item in items if not isinstance(item, contracts.PlatformChanged)]
        if tasks:
            broker.publish(self._app, *tasks)

    def _drop(self, items: list[Published], reason: str) -> None:
        for item in items:
            # A change notice names nothing but its platform, by an internal id, which no log has.
            kind, names = (
                ("change_notice", {})
                if isinstance(item, contracts.PlatformChanged)
                else ("task", contracts.arguments(item))
            )
            self._dropped.labels(kind).inc()
            _logger.warning("dropped instead of published", kind=kind, reason=reason, **names)
