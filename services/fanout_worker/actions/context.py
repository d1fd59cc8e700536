"""The dependencies of the actions. Made once per process by worker.py."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from sqlalchemy import Engine

from services.fanout_worker import settings
from shared import contracts, logging, worker_reports

_logger = logging.get_logger(__name__)


class Broker(Protocol):
    """The broker as the sweep needs it; implemented by queues.py."""

    def was_emptied(self) -> bool: ...

    def mark_filling(self) -> None: ...

    def mark_filled(self) -> None: ...

    def waiting_since(self, queue: str) -> datetime | None: ...


@dataclass(frozen=True)
class Context:
    engine: Engine
    publish: Callable[[contracts.Contract], None]
    broker: Broker
    settings: settings.Settings
    reporter: worker_reports.Reporter = field(default_factory=worker_reports.Reporter)

    def publish_all(self, tasks: Sequence[contracts.Contract]) -> None:
        """Publishes the tasks in order until the first error. Never raises: the sweep publishes the rest."""
        for done, task in enumerate(tasks):
            try:
                self.publish(task)
            except Exception as error:  # of any kind: the work is committed
                _logger.warning("not published, the sweep will", reason=type(error).__name__, tasks=len(tasks) - done)
                return
