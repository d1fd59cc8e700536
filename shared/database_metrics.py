"""Prometheus metrics that a service reads from PostgreSQL at each scrape."""

from abc import abstractmethod
from collections.abc import Iterable

import sqlalchemy.exc
from prometheus_client.core import Metric
from prometheus_client.registry import Collector
from sqlalchemy import Connection, Engine


class DatabaseCollector(Collector):
    """Returns no samples while PostgreSQL is unavailable."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> Iterable[Metric]:
        try:
            with self._engine.connect() as connection:
                return list(self.read(connection))
        except sqlalchemy.exc.SQLAlchemyError:
            return []

    @abstractmethod
    def read(self, connection: Connection) -> Iterable[Metric]: ...
