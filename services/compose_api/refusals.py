"""Records refused requests in the audit trail, in a background thread: no response waits for it or fails because of it.

A change is recorded in its own transaction (store/messages.py). The record of a refusal may be lost when the process ends; a record that
cannot be written is logged and counted. At most PER_MINUTE refusals of a user are recorded each minute.
"""

import collections
import queue
import threading
import time

import prometheus_client
from sqlalchemy import Engine

from shared import audit, db, logging

PER_MINUTE = 60
_CAPACITY = 1_000
_logger = logging.get_logger(__name__)


class Recorder:
    """A thread that writes the submitted events, each in a transaction of its own."""

    def __init__(self, engine: Engine, registry: prometheus_client.CollectorRegistry) -> None:
        self._engine = engine
        self._waiting: queue.Queue[audit.Event] = queue.Queue(_CAPACITY)
        self._minute = 0
        self._of_user: collections.Counter[int | None] = collections.Counter()
        self._lock = threading.Lock()
        self._lost = prometheus_client.Counter(
            "message_hub_audit_lost",
            "Refusals that are not in the audit trail, by reason.",
            ["reason"],
            registry=registry,
        )
        for reason in ("repeated", "full", "database"):
            self._lost.labels(reason)
        threading.Thread(target=self._run, name="refusals", daemon=True).start()

    def submit(self, event: audit.Event) -> None:
        """Queues `event` and returns at once. Never raises."""
        if not self._is_within_limit(event.user_id):
            self._lost.labels("repeated").inc()
            return
        try:
            self._waiting.put_nowait(event)
        except queue.Full:
            self._lose(event, "full")

    def flush(self) -> None:
        """Returns once every submitted event is written or dropped."""
        self._waiting.join()

    def _is_within_limit(self, user_id: int | None) -> bool:
        minute = int(time.monotonic() // 60)
        with self._lock:
            if minute != self._minute:
                self._minute = minute
                self._of_user.clear()
            self._of_user[user_id] += 1
            return self._of_user[user_id] <= PER_MINUTE

    def _run(self) -> None:
        while True:
            event = self._waiting.get()
            try:
                with db.autocommit(self._engine) as connection:
                    audit.insert(connection, event)
            except Exception as error:  # of any kind: the thread goes on
                self._lose(event, "database", type(getattr(error, "orig", None) or error).__name__)
            finally:
                self._waiting.task_done()

    def _lose(self, event: audit.Event, reason: str, error: str | None = None) -> None:
        self._lost.labels(reason).inc()
        _logger.warning(
            "a refusal is not in the audit trail",
            why=reason,
            error=error,
            action=event.action,
            refusal=event.reason,
            request_id=event.origin.request_id,
        )
