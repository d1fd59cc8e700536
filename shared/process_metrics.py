"""What every service exports about its own process: the release, the use of its connection pool, memory, CPU time and open files."""

from typing import cast

import prometheus_client
import sqlalchemy.pool
from sqlalchemy import Engine

from shared import VERSION


def register(registry: prometheus_client.CollectorRegistry, engine: Engine) -> None:
    prometheus_client.ProcessCollector(registry=registry)
    prometheus_client.PlatformCollector(registry=registry)
    prometheus_client.Info("message_hub_build", "The release of this process.", registry=registry).info(
        {"version": VERSION}
    )
    in_use = prometheus_client.Gauge(
        "message_hub_database_connections_in_use", "Connections to PostgreSQL that are in use.", registry=registry
    )
    in_use.set_function(lambda: _pool(engine).checkedout())
    most = prometheus_client.Gauge(
        "message_hub_database_connections_max", "As many as this process may use at once.", registry=registry
    )
    most.set_function(lambda: _pool(engine).size())


def _pool(engine: Engine) -> sqlalchemy.pool.QueuePool:
    return cast(sqlalchemy.pool.QueuePool, engine.pool)
