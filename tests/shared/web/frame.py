"""A small service inside the frame: what both APIs have in common, without either."""

import threading
from collections.abc import Callable
from typing import Any

import flask
import marshmallow
from marshmallow import fields
from sqlalchemy import Engine

from shared import settings
from shared.web import app as frame
from shared.web import guards, parsing
from tests import factories


class QueryIn(marshmallow.Schema):
    limit = parsing.StrictInteger(load_default=10)
    word = fields.String()


class BodyIn(marshmallow.Schema):
    word = fields.String(required=True)


class Out(marshmallow.Schema):
    user = fields.String()
    word = fields.String()
    limit = fields.Integer()


class Work:
    """Holds every request until it is told to go on."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.begun = threading.Semaphore(0)

    def __call__(self) -> dict[str, str]:
        self.begun.release()
        self.go_on.wait(10)
        return {}


def make_app(
    engine: Engine,
    *,
    broker_state: Callable[[], str] | None = None,
    jwks_url: str | None = None,
    work: Callable[[], Any] = dict,
    cors_origins: tuple[str, ...] = (),
    proxy_count: int = 0,
) -> flask.Flask:
    """`work` is what `GET /work` does and answers."""
    blueprint = frame.Blueprint("tests", "tests")

    @blueprint.route("/v1/work", methods=["GET", "POST"])
    @blueprint.route("/work")
    @guards.user
    @blueprint.response(200, Out)
    def get_work() -> Any:
        return work()

    @blueprint.route("/whoami")
    @guards.user
    @blueprint.arguments(QueryIn, location="query")
    @blueprint.response(200, Out)
    def get_whoami(query: dict[str, Any]) -> Any:
        return {"user": guards.caller().external_id, **query}

    @blueprint.route("/echo", methods=["POST"])
    @guards.administrator
    @blueprint.arguments(BodyIn)
    @blueprint.response(200, Out)
    def post_echo(body: dict[str, Any]) -> Any:
        return body

    @blueprint.route("/send", methods=["POST"])
    @guards.sending_administrator
    @blueprint.response(200, Out)
    def post_send() -> Any:
        return {}

    @blueprint.route("/open")
    @guards.public
    @blueprint.response(200, Out)
    def get_open() -> Any:
        return work()

    return frame.make_app(
        "tests",
        frame.Frame(
            title="Tests",
            engine=engine,
            auth=settings.Auth(secret=factories.SECRET, jwks_url=jwks_url),
            broker_state=broker_state,
            cors_origins=cors_origins,
            proxy_count=proxy_count,
        ),
        [blueprint],
        hub=None,
    )
