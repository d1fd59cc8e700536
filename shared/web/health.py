"""`/healthz` (alive), `/readyz` (may be sent traffic), `/metrics` (Prometheus). All public, none takes a place.

Readiness asks the database and its migrations; the broker's state is told but decides nothing, for both APIs work without it.
"""

from collections.abc import Callable
from typing import Any

import flask
import prometheus_client
import sqlalchemy.exc
from sqlalchemy import Engine

from shared import migrations
from shared.web import guards


def register(
    app: flask.Flask,
    *,
    engine: Engine,
    registry: prometheus_client.CollectorRegistry,
    broker_state: Callable[[], str] | None,
) -> None:
    if broker_state is not None:
        reachable = prometheus_client.Gauge(
            "message_hub_broker_reachable", "1 where Redis answers this process, 0 where not.", registry=registry
        )
        reachable.set_function(lambda: float(broker_state() == "ok"))

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
