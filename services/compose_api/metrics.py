"""The backlog as Prometheus gauges, counted when they are asked for."""

from collections.abc import Iterator

import sqlalchemy.exc
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import Engine

from services.compose_api.store import backlog as store


class Backlog(Collector):
    """What is accepted but not yet in every inbox. Says nothing while the database is away: absence is its own alert."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")

    def describe(self) -> list[GaugeMetricFamily]:
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            with self._engine.connect() as connection:
                backlog = store.get_backlog(connection)
        except sqlalchemy.exc.SQLAlchemyError:
            return
        for name, what, value in (
            ("messages_unfinished", "Accepted messages that are not sent yet.", backlog.messages),
            ("oldest_unfinished_seconds", "Age of the oldest of them.", backlog.oldest_seconds),
            ("batches_undelivered", "Batches that are not written yet.", backlog.batches),
            ("batches_failing", "Batches whose last attempt failed.", backlog.failing_batches),
        ):
            yield GaugeMetricFamily(f"message_hub_{name}", what, value=value)
