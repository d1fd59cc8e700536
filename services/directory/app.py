"""Builds the Flask app of the directory out of its parts. Called by wsgi and by tests."""

import functools
from dataclasses import dataclass

import flask
from sqlalchemy import Engine

from services.directory import metrics
from services.directory.actions import administrators
from services.directory.routes import discovery, provisioning, scim_errors, scim_groups, scim_users, tree
from shared import rate_limit, settings
from shared.web import app as frame


@dataclass(frozen=True)
class Context:
    """What the routes work with."""

    engine: Engine
    limiter: rate_limit.Limiter


def make_app(
    engine: Engine,
    *,
    auth: settings.Auth,
    limiter: rate_limit.Limiter | None = None,
    cors_origins: tuple[str, ...] = (),
    proxy_count: int = 0,
) -> flask.Flask:
    limiter = limiter or rate_limit.Limiter("")
    app = frame.make_app(
        __name__,
        frame.Frame(
            title="Message Hub: directory",
            engine=engine,
            auth=auth,
            cors_origins=cors_origins,
            proxy_count=proxy_count,
            find_caller=functools.partial(administrators.find_caller, engine),
        ),
        [tree.blueprint, provisioning.blueprint],
        Context(engine, limiter),
    )
    for blueprint in (discovery.blueprint, scim_users.blueprint, scim_groups.blueprint):
        app.register_blueprint(blueprint, url_prefix="/scim/v2")
    scim_errors.register(app)
    provisioning.register(app)
    limiter.register(app.extensions["hub_registry"])
    metrics.register(app.extensions["hub_registry"], engine)
    return app
