"""`/healthz` (alive), `/readyz` (may be sent traffic), `/metrics` (Prometheus). All public, none takes a place.

Readiness asks the database and its migrations; the broker's state is told but decides nothing, for both APIs work without it.
"""

import functools
from collections.abc import Callable
from typing import Any

import flask
import prometheus_client
import sqlalchemy.exc
from sqlalchemy import Engine

from shared import migrations, redis_client
from shared.web import guards


def register(
    app: flask.Flask,
    *,
    engine: Engine,
    registry: prometheus_client.CollectorRegistry,
    broker_state: Callable[[], str] | None,
) -> None:
    if broker_state is not None:
        states = prometheus_client.Gauge(
            "message_hub_broker_state",
            "1 for the state that Redis is in for this process.",
            ["state"],
            registry=registry,
        )
        for state in redis_client.STATES:
            states.labels(state).set_function(functools.partial(_is_in_state, broker_state, state))

    @app.get("/healthz")
    @guards.public
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz")
    @guards.public
    def readyz() -> tuple[dict[str, Any], int]:
        checks = {"database": "ok", "migrations": "ok"}
        try:
            current = migrations.current(engine)
        except sqlalchemy.exc.SQLAlchemyError as error:
            checks = {"database": type(getattr(error, "orig", None) or error).__name__, "migrations": "unknown"}
        else:
            # A newer schema than this release knows is fine: a migration leaves the previous release working.
            if current < migrations.head():
                checks["migrations"] = (
                    f"the schema is at {current or 'nothing'}, this release needs {migrations.head()}"
                )
        ready = all(value == "ok" for value in checks.values())
        broker = {} if broker_state is None else {"broker": broker_state()}
        return {"status": "ready" if ready else "not ready", **checks, **broker}, 200 if ready else 503

    @app.get("/metrics")
    @guards.public
    def metrics() -> flask.Response:
        return flask.Response(
            prometheus_client.generate_latest(registry), content_type=prometheus_client.CONTENT_TYPE_LATEST
        )


def _is_in_state(broker_state: Callable[[], str], state: str) -> float:
    return float(broker_state() == state)
