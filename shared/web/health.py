"""`/healthz` (alive), `/readyz` (may be sent traffic), `/metrics` (Prometheus). All public."""

from collections.abc import Callable
from typing import Any

import flask
import prometheus_client
from sqlalchemy import Engine

from shared import draining, readiness
from shared.web import guards


def register(
    app: flask.Flask,
    *,
    engine: Engine,
    registry: prometheus_client.CollectorRegistry,
    broker_state: Callable[[], str] | None,
) -> None:
    @app.after_request
    def close_when_draining(response: flask.Response) -> flask.Response:
        if draining.is_on():
            response.headers["Connection"] = "close"
        return response

    @app.get("/healthz")
    @guards.public
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz")
    @guards.public
    def readyz() -> tuple[dict[str, Any], int]:
        return readiness.check(engine, broker_state)

    @app.get("/metrics")
    @guards.public
    def metrics() -> flask.Response:
        return flask.Response(
            prometheus_client.generate_latest(registry), content_type=prometheus_client.CONTENT_TYPE_LATEST
        )
