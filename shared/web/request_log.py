"""The request id, one log line and one measurement for each request."""

import ipaddress
import time

import flask
import prometheus_client

from shared import audit, logging, request_ids
from shared.web import error_handlers

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
# Any other method would become a time series of its own.
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_logger = logging.get_logger(__name__)


def register(app: flask.Flask, registry: prometheus_client.CollectorRegistry) -> None:
    seconds = prometheus_client.Histogram(
        "message_hub_request_seconds",
        "Time to answer a request, by route.",
        ["method", "route", "status"],
        registry=registry,
        buckets=_BUCKETS,
    )

    refused = prometheus_client.Counter(
        "message_hub_refusals",
        "Requests that were refused, by the code of the error.",
        ["code"],
        registry=registry,
    )

    @app.before_request
    def begin() -> None:
        flask.g.request_id = request_ids.accept(flask.request.headers.get(request_ids.HEADER, ""))
        flask.g.began_at = time.perf_counter()
        logging.clear()
        logging.bind(request_id=flask.g.request_id)

    @app.after_request
    def end(response: flask.Response) -> flask.Response:
        response.headers[request_ids.HEADER] = request_id()
        route = flask.request.url_rule.rule if flask.request.url_rule else "none"
        took = time.perf_counter() - flask.g.began_at
        method = flask.request.method if flask.request.method in _METHODS else "other"
        seconds.labels(method, route, str(response.status_code)).observe(took)
        # Successful GETs are counted, not logged: polls would hide everything else.
        fields = {
            "method": method,
            "route": route,
            "status": response.status_code,
            "ms": round(took * 1000, 1),
        }
        if isinstance(response, error_handlers.ProblemResponse):
            refused.labels(response.code).inc()
            fields["code"] = response.code
            if response.status_code == 401:
                fields["detail"] = response.detail
        if flask.request.method == "GET" and response.status_code < 400:
            _logger.debug("request", **fields)
        else:
            _logger.info("request", client=client_address(), **fields)
        return response


def request_id() -> str:
    """The id of the request being served: the client's own where it sent a sane one."""
    return str(flask.g.request_id)


def client_address() -> str | None:
    """The client's IP address. None without one: a Unix socket, or a proxy that sends something else."""
    try:
        return str(ipaddress.ip_address(flask.request.remote_addr or ""))
    except ValueError:
        return None


def origin() -> audit.Origin:
    """Where the request being served comes from, for the audit trail."""
    return audit.Origin(request_id(), client_address())
