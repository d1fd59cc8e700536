"""Puts an API together: the Flask app with everything both APIs have in common. Called by each service's app.py."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import flask
import flask_smorest
import flask_swagger_ui
import marshmallow
import prometheus_client
from marshmallow import fields, validate
from sqlalchemy import Engine
from werkzeug.middleware import proxy_fix

from shared import logging, problem_details, process_metrics, settings
from shared.auth import authenticator
from shared.web import (
    cors,
    error_handlers,
    fairness,
    guards,
    health,
    openapi,
    parsing,
    request_log,
    security_headers,
)

API_VERSION = "1.0.0"
View = TypeVar("View", bound=Callable[..., Any])
_logger = logging.get_logger(__name__)


@dataclass(frozen=True)
class Frame:
    """What a service passes to `make_app`."""

    title: str
    engine: Engine
    auth: settings.Auth
    broker_state: Callable[[], str] | None = None
    cors_origins: tuple[str, ...] = ()
    # Proxies in front, each of which appends to X-Forwarded-For.
    proxy_count: int = 0
    # Replaces the query of shared/auth/store.py in a service that needs more columns.
    find_caller: authenticator.FindCaller | None = None


class Problem(marshmallow.Schema):
    """RFC 9457 problem details."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True, validate=validate.Range(min=400, max=599))
    detail = fields.String(required=True)
    code = fields.String(required=True, metadata={"description": "Stable; every code is in the catalogue of errors."})
    errors = fields.Dict(keys=fields.String(), metadata={"description": "What is wrong, by field."})
    message_id = fields.UUID(
        metadata={
            "description": "Of `already-released` and `idempotency-key-reused`: the message, or draft, that exists already."
        }
    )


class Api(flask_smorest.Api):  # type: ignore[misc]
    """flask-smorest for OpenAPI only: shared/web/error_handlers.py answers errors."""

    ERROR_SCHEMA = Problem
    # Of the responses that flask-smorest declares by itself: all are errors.
    DEFAULT_RESPONSE_CONTENT_TYPE = problem_details.MEDIA_TYPE


class Blueprint(flask_smorest.Blueprint):  # type: ignore[misc]
    """A blueprint whose arguments are read strictly."""

    ARGUMENTS_PARSER = parsing.StrictParser()

    def refuses(self, *codes: str) -> Callable[[View], View]:
        """Declares the codes that this route answers of its own; those of its guard and of a body are known."""
        return cast(Callable[[View], View], self.doc(**{openapi.CODES: codes}))

    def arguments(
        self, schema: type[marshmallow.Schema], *, location: str = "json", **options: Any
    ) -> Callable[[View], View]:
        made = schema()  # one for all requests: making one takes 0.1 ms
        declare = super().arguments(made, location=location, **options)
        return cast(Callable[[View], View], lambda view: guards.note_arguments(declare(view), made, location))

    def response(
        self, status_code: int, schema: Any = None, *, content_type: str = "application/json", **options: Any
    ) -> Callable[[View], View]:
        return cast(Callable[[View], View], super().response(status_code, schema, content_type=content_type, **options))


def make_app(name: str, frame: Frame, blueprints: Sequence[flask_smorest.Blueprint], hub: Any) -> flask.Flask:
    """The WSGI application. `hub` is the service's own context, found again as `current_app.extensions["hub"]`."""
    if frame.auth.secret is None and frame.auth.jwks_url is None:
        _logger.warning(
            "only platforms with an issuer of their own can sign in: neither HUB_JWT_SECRET nor HUB_JWKS_URL is set"
        )
    app = flask.Flask(name, static_folder=None)
    app.url_map.merge_slashes = False
    if frame.proxy_count:
        # Each proxy appends to X-Forwarded-For; the other headers have one value, which the outermost proxy sets.
        app.wsgi_app = proxy_fix.ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=frame.proxy_count, x_proto=1, x_host=1, x_prefix=1
        )
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.config.update(
        MAX_CONTENT_LENGTH=parsing.MAX_BODY_BYTES + 1,
        API_TITLE=frame.title,
        API_VERSION=API_VERSION,
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/",
        OPENAPI_JSON_PATH="openapi.json",
    )
    registry = prometheus_client.CollectorRegistry()
    process_metrics.register(registry, frame.engine, frame.broker_state)
    reads = frame.engine.execution_options(isolation_level="AUTOCOMMIT")

    app.extensions["hub"] = hub
    app.extensions["hub_registry"] = registry
    app.extensions["hub_auth"] = authenticator.Authenticator(frame.auth, frame.engine, frame.find_caller)
    security_headers.register(app)
    fairness.register(app, registry)
    request_log.register(app, registry)
    app.before_request(parsing.check_method)
    cors.register(app, origins=frame.cors_origins)
    health.register(app, engine=reads, registry=registry, broker_state=frame.broker_state)
    api = app.extensions["hub_api"] = Api(app, spec_kwargs=_spec())
    error_handlers.register(app)
    for blueprint in blueprints:
        api.register_blueprint(blueprint)
    # No validatorUrl: the page would ask a public validator for a badge. No oauth2RedirectUrl: the default repeats the header Host
    # in a script. Addresses are relative, so that the page works under any path.
    docs = {"app_name": frame.title, "validatorUrl": None, "oauth2RedirectUrl": None}
    page = flask_swagger_ui.get_swaggerui_blueprint(".", "../openapi.json", config=docs)
    app.register_blueprint(page, url_prefix="/docs")
    for endpoint, view in app.view_functions.items():
        if endpoint.startswith(("swagger_ui.", "api-docs.")):
            guards.public(_own(app, endpoint, view))
    return app


def _own(app: flask.Flask, endpoint: str, view: Callable[..., Any]) -> Callable[..., Any]:
    """A library's view with the policy of its page, as a function that can have a guard."""

    def page(*args: Any, **kwargs: Any) -> Any:
        found = flask.make_response(view(*args, **kwargs))
        if found.mimetype == "text/html" and not found.is_streamed:
            found.headers.update(security_headers.for_page(found.get_data(as_text=True)))
        return found

    app.view_functions[endpoint] = page
    return page


def _spec() -> dict[str, Any]:
    return {
        "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}},
        "security": [{"bearer": []}],
        "extra_plugins": [openapi.RefusalsPlugin()],
    }
