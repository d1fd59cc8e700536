"""Builds the Flask app of inbox_api out of its parts. Called by wsgi and by tests."""

import functools

import flask

from services.inbox_api import routes
from services.inbox_api.actions import notifications as reading
from services.inbox_api.routes import acknowledgements, bell, notifications, recipients, sent_messages, stream
from shared import settings
from shared.web import app as frame

Context = routes.Context


def make_app(
    context: Context,
    *,
    auth: settings.Auth,
    cors_origins: tuple[str, ...] = (),
    proxy_count: int = 0,
) -> flask.Flask:
    app = frame.make_app(
        __name__,
        frame.Frame(
            title="Message Hub: inbox",
            engine=context.engine,
            auth=auth,
            cors_origins=cors_origins,
            proxy_count=proxy_count,
            find_caller=functools.partial(reading.find_reader, context.engine),
        ),
        [
            notifications.blueprint,
            sent_messages.blueprint,
            recipients.blueprint,
            acknowledgements.blueprint,
            stream.blueprint,
        ],
        context,
    )
    app.register_blueprint(bell.make())
    return app
