"""Builds the Flask app of compose_api out of its parts. Called by wsgi and by tests."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, field

import flask
from sqlalchemy import Engine

from services.compose_api import metrics, publisher, refusals
from services.compose_api import settings as own_settings
from services.compose_api.actions import audiences as audience_actions
from services.compose_api.actions import sessions as session_actions
from services.compose_api.routes import audiences, audited, drafts, messages, reminders
from services.compose_api.routes import pages as page_routes
from services.compose_api.routes import sessions as session_routes
from services.compose_api.routes import sign_in as sign_in_routes
from shared import rate_limit, settings
from shared.web import app as frame


@dataclass(frozen=True)
class Context:
    """What the routes work with."""

    engine: Engine
    publish: Callable[[publisher.Published], None]
    limiter: rate_limit.Limiter = field(default_factory=lambda: rate_limit.Limiter(""))
    counter: audience_actions.Counter = field(default_factory=audience_actions.Counter)


def make_app(
    context: Context,
    *,
    auth: settings.Auth,
    broker_state: Callable[[], str] | None = None,
    cors_origins: tuple[str, ...] = (),
    proxy_count: int = 0,
    pages: own_settings.Pages | None = None,
    sign_in: own_settings.SignIn | None = None,
) -> flask.Flask:
    app = frame.make_app(
        __name__,
        frame.Frame(
            title="Message Hub: compose",
            engine=context.engine,
            auth=auth,
            broker_state=broker_state,
            cors_origins=cors_origins,
            proxy_count=proxy_count,
        ),
        [messages.blueprint, drafts.blueprint, audiences.blueprint, reminders.blueprint],
        context,
    )
    sign_in = sign_in or own_settings.SignIn()
    api: frame.Api = app.extensions["hub_api"]
    session_routes.describe(api.spec)
    parts = sign_in_routes.Parts(app, sign_in, auth)
    for blueprint in (sign_in_routes.make(parts), session_routes.make(parts)):
        api.register_blueprint(blueprint)
    find_sign_in = functools.partial(session_actions.find_sign_in, context.engine)
    app.register_blueprint(
        page_routes.make(pages or own_settings.Pages(), public_url=sign_in.public_url, find_sign_in=find_sign_in)
    )
    registry = app.extensions["hub_registry"]
    registry.register(metrics.Backlog(context.engine))
    registry.register(metrics.Drafts(context.engine))
    registry.register(metrics.Reminders(context.engine))
    registry.register(metrics.REPEATED)
    registry.register(metrics.SIGN_INS)
    app.extensions[audited.REFUSALS] = refusals.Recorder(context.engine, registry)
    return app
