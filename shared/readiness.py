"""What `/readyz` answers: whether the database can be used, and Redis as information (the APIs work without it)."""

import functools
from collections.abc import Callable
from typing import Any

import prometheus_client
import sqlalchemy.exc
from sqlalchemy import Engine

from shared import migrations, redis_client


def check(engine: Engine, broker_state: Callable[[], str] | None) -> tuple[dict[str, Any], int]:
    """The body and the status: 200 when this process can serve requests, else 503."""
    checks = {"database": "ok", "migrations": "ok"}
    try:
        current = migrations.current(engine)
    except sqlalchemy.exc.SQLAlchemyError as error:
        checks = {"database": type(getattr(error, "orig", None) or error).__name__, "migrations": "unknown"}
    else:
        # A newer schema is fine: a migration leaves the previous release working.
        if current < migrations.head():
            checks["migrations"] = f"the schema is at {current or 'nothing'}, this release needs {migrations.head()}"
    ready = all(value == "ok" for value in checks.values())
    broker = {} if broker_state is None else {"broker": broker_state()}
    return {"status": "ready" if ready else "not ready", **checks, **broker}, 200 if ready else 503


def measure_broker(registry: prometheus_client.CollectorRegistry, broker_state: Callable[[], str]) -> None:
    states = prometheus_client.Gauge(
        "message_hub_broker_state", "1 for the state that Redis is in for this process.", ["state"], registry=registry
    )
    for state in redis_client.STATES:
        states.labels(state).set_function(functools.partial(_is_in_state, broker_state, state))


def _is_in_state(broker_state: Callable[[], str], state: str) -> float:
    return float(broker_state() == state)
