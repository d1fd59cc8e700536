"""The directory's Prometheus metrics."""

from collections.abc import Iterator

import prometheus_client
from prometheus_client.core import GaugeMetricFamily, Metric
from sqlalchemy import Connection, Engine

from services.directory.store import brakes
from shared import database_metrics

DEACTIVATIONS = prometheus_client.Counter(
    "message_hub_scim_deactivations", "Users whom a provisioning client deactivated or deleted.", registry=None
)


class Brakes(database_metrics.DatabaseCollector):
    """On how many platforms the brake is on."""

    def read(self, connection: Connection) -> Iterator[Metric]:
        what = "Platforms on which deactivations by a provisioning client are refused."
        yield GaugeMetricFamily("message_hub_scim_braked_platforms", what, value=brakes.count_braked(connection))


def register(registry: prometheus_client.CollectorRegistry, engine: Engine) -> None:
    registry.register(DEACTIVATIONS)
    registry.register(Brakes(engine))
