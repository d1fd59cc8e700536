"""Releases scheduled drafts, and reminds of acknowledgements, in a background thread of every compose_api.

Nothing is kept in memory: the row of a draft or reminder says whether it is sent, and changes in the transaction that stores the message.
What is published after that may be lost; the sweep publishes it again.
"""

import threading
import time
import uuid

import prometheus_client
from sqlalchemy import Engine

from services.compose_api import publisher
from services.compose_api.actions import releases, steps
from services.compose_api.actions.drafts import Read
from shared import database_errors, draining, logging

_INTERVAL_S = 1.0
# Drafts wait no longer than this for reminders.
_REMIND_S = 0.5
_BUCKETS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3_600)
_logger = logging.get_logger(__name__)


class Releaser:
    """Looks once a second for drafts and reminders that are due, sooner where a draft is due sooner.

    `public_url`: the console's, for notices.
    """

    def __init__(self, engine: Engine, submit: publisher.Submit, read: Read, *, public_url: str | None = None) -> None:
        self._engine = engine
        self._public_url = public_url
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

    def remind_due(self) -> float:
        """Sends the reminders and notices that are due, for half a second at most. The seconds until there may be more."""
        until = time.monotonic() + _REMIND_S
        postponed: set[uuid.UUID] = set()
        while not draining.is_on():
            taken = steps.take_next(self._engine, public_url=self._public_url, skipped=sorted(postponed))
            if taken is None:
                break
            if taken.is_postponed:
                postponed.add(taken.message_id)
            for sent in taken.sent:
                publisher.submit_accepted(self._submit, sent.sender, sent.message, sent.origin.request_id)
            if time.monotonic() > until:
                return 0.0
        return _INTERVAL_S

    def release_due(self) -> float:
        """Releases the drafts that are due. The seconds until one may be due again."""
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
                    wait_s = min(self.release_due(), self.remind_due())
            except Exception as error:  # of any kind: the thread goes on
                _logger.error("drafts could not be released", exc_info=error)
            time.sleep(wait_s)
