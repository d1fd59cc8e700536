"""What every service exports about its own process: the release, the use of its connection pool, the state that Redis is in for it,
memory, CPU time and open files.
"""

import functools
from collections.abc import Callable
from typing import cast

import prometheus_client
import sqlalchemy.pool
from sqlalchemy import Engine

from shared import VERSION, redis_client


def register(
    registry: prometheus_client.CollectorRegistry, engine: Engine, broker_state: Callable[[], str] | None = None
) -> None:
    """`broker_state` is None in a service that does not use Redis."""
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
    if broker_state is not None:
        states = prometheus_client.Gauge(
            "message_hub_broker_state",
            "1 for the state that Redis is in for this process.",
            ["state"],
            registry=registry,
        )
        for state in redis_client.STATES:
            states.labels(state).set_function(functools.partial(_is_in_state, broker_state, state))


def _is_in_state(broker_state: Callable[[], str], state: str) -> float:
    return float(broker_state() == state)


def _pool(engine: Engine) -> sqlalchemy.pool.QueuePool:
    return cast(sqlalchemy.pool.QueuePool, engine.pool)
