"""The directory's Prometheus metrics."""

from collections.abc import Iterator

import prometheus_client
import sqlalchemy.exc
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Engine

from services.directory.store import brakes

DEACTIVATIONS = prometheus_client.Counter(
    "message_hub_scim_deactivations", "Users whom a provisioning client deactivated or deleted.", registry=None
)


class Brakes(Collector):
    """Returns no samples while PostgreSQL is unavailable."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        try:
            with self._engine.connect() as connection:
                count = brakes.count_braked(connection)
        except sqlalchemy.exc.SQLAlchemyError:
            return
        what = "Platforms on which deactivations by a provisioning client are refused."
        yield GaugeMetricFamily("message_hub_scim_braked_platforms", what, value=count)


def register(registry: prometheus_client.CollectorRegistry, engine: Engine) -> None:
    registry.register(DEACTIVATIONS)
    registry.register(Brakes(engine))
