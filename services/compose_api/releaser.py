"""Releases scheduled drafts in a background thread of every compose_api.

Nothing is kept in memory: a draft's row says whether it is released, and changes in the transaction that stores the message. What is
published after that may be lost; the sweep publishes it again.
"""

import threading
import time

import prometheus_client
from sqlalchemy import Engine

from services.compose_api import publisher
from services.compose_api.actions import releases
from services.compose_api.actions.drafts import Read
from shared import database_errors, draining, logging

_INTERVAL_S = 1.0
_BUCKETS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3_600)
_logger = logging.get_logger(__name__)


class Releaser:
    """Looks once a second for drafts that are due, sooner where one is due sooner."""

    def __init__(self, engine: Engine, submit: publisher.Submit, read: Read) -> None:
        self._engine = engine
        self._submit = submit
        self._read = read
        self._lateness = prometheus_client.Histogram(
            "message_hub_release_lateness_seconds",
            "From the time that a draft was scheduled for until its message was accepted.",
            registry=None,
            buckets=_BUCKETS,
        )

    def start(self) -> None:
        threading.Thread(target=self._run, name="releaser", daemon=True).start()

    def register(self, registry: prometheus_client.CollectorRegistry) -> None:
        registry.register(self._lateness)

    def release_due(self) -> float:
        """Releases what is due. The seconds until something may be due again."""
        wait_s = releases.get_wait(self._engine)
        if wait_s is None:
            return _INTERVAL_S
        if wait_s > 0:
            return min(wait_s, _INTERVAL_S)
        postponed: set[int] = set()
        while not draining.is_on():
            match releases.release_next(self._engine, read=self._read, skipped_platforms=sorted(postponed)):
                case None:
                    break
                case releases.Released() as released:
                    self._lateness.observe(max(0.0, released.lateness_s))
                    publisher.submit_accepted(
                        self._submit, released.sender, released.message, released.origin.request_id
                    )
                case releases.Postponed(platform_id):
                    postponed.add(platform_id)
        return _INTERVAL_S

    def _run(self) -> None:
        is_first = True
        while True:
            wait_s = _INTERVAL_S
            try:
                with database_errors.logged("scheduled drafts wait for the database"):
                    if is_first:
                        releases.resolve_again(self._engine)
                        is_first = False
                    wait_s = self.release_due()
            except Exception as error:  # of any kind: the thread goes on
                _logger.error("drafts could not be released", exc_info=error)
            time.sleep(wait_s)
