"""All APIs and the live stream in this process over one migrated database, behind one address as behind a proxy, with a world of people.

`world` is that of tests/compose_api/hub.py: three platforms (one on the standard plan) with people of every kind. `messages` are what
was sent there before the test: written or in flight, one recalled. For tests of what holds for both APIs.
"""

import contextlib
import json
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import flask
import pytest
from sqlalchemy import Engine, text
from werkzeug.test import Client, TestResponse

from cli.embedded import server
from services.compose_api import app as compose
from services.compose_api import settings as compose_settings
from services.directory import app as directory
from services.fanout_worker.actions import expand
from services.fanout_worker.actions.context import Context as WorkerContext
from services.inbox_api import app as inbox
from services.inbox_api.stream import app as stream
from services.inbox_api.stream import endpoint
from shared import db, settings
from tests import asgi, factories
from tests.compose_api import hub as hubs
from tests.compose_api.hub import EVERYONE, Person, World
from tests.fanout_worker.conftest import StillBroker, worker_settings
from tests.shared import tenants

_AUTH = settings.Auth(secret=factories.SECRET, jwks_url=None)
_SIGN_IN = compose_settings.SignIn("http://localhost", (factories.SECRET,))
_COMPOSE_PATHS = ("/v1/messages", "/v1/drafts", "/v1/audiences", "/v1/viewer", "/auth/")
_DIRECTORY_PATHS = ("/v1/directory/", "/scim/")

# name: who sends it, to whom; those in WRITTEN are delivered, the others in flight
MESSAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "to everyone": ("platform administrator", EVERYONE),
    "to a": ("administrator of a", {"organisations": ["a"]}),
    "to a1": ("administrator of a1", {"clinics": ["a1"]}),
    "to a2": ("administrator of a", {"clinics": ["a2"]}),
    "to b": ("platform administrator", {"organisations": ["b"]}),
    "recalled": ("administrator of a1", {"clinics": ["a1"]}),
    "to x": ("administrator of x's platform", EVERYONE),
    "to s": ("administrator of s's platform", EVERYONE),
}
WRITTEN = {"to everyone", "to a", "to b", "to x"}


@dataclass(frozen=True)
class Apis:
    compose: flask.Flask
    inbox: flask.Flask
    directory: flask.Flask
    owner: Engine
    worker: WorkerContext
    world: World
    stream: stream.Live
    messages: dict[str, str] = field(default_factory=dict)
    drafts: list[str] = field(default_factory=list)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """WSGI: the service that serves the path; clients of streams leave after the first events."""
        if environ["PATH_INFO"] == endpoint.PATH:
            return asgi.as_wsgi(self.stream.app)(environ, start_response)
        path = environ["PATH_INFO"]
        served = self.compose if path.startswith(_COMPOSE_PATHS) or path.endswith("/remind") else self.inbox
        if path.startswith(_DIRECTORY_PATHS):
            served = self.directory
        return served.wsgi_app(environ, start_response)

    def call(self, method: str, path: str, who: Person | None = None, **request: Any) -> TestResponse:
        """A request by `who`; `json` may be anything, even what Python's encoder alone calls JSON."""
        headers = {**(who.headers if who else {}), **request.pop("headers", {})}
        if "json" in request:
            request["data"] = json.dumps(request.pop("json"))
        if "data" in request:
            request.setdefault("content_type", "application/json")
        return Client(self).open(path, method=method, headers=headers, buffered=True, **request)

    def send(self, who: Person, audience: Any, *, title: Any = "Notice", body: Any = "News.", **request: Any) -> str:
        """The id of a message that must be accepted."""
        message = {"title": title, "body": body, "audience": audience}
        answer = self.call("POST", "/v1/messages", who, json=message, **request)
        assert answer.status_code == 202, answer.text
        return str(answer.get_json()["id"])

    def deliver(self, message_id: str) -> None:
        """Writes its entries, as a worker does."""
        expand.expand_message(self.worker, message_id=uuid.UUID(message_id))

    @contextlib.contextmanager
    def on_the_enterprise_plan(self) -> Iterator[None]:
        """Lets every platform send: those on the standard plan have what was sent before they changed it."""
        standard = self.world["administrator of s's platform"].platform.id
        for plan in ("enterprise", "standard"):
            with self.owner.begin() as connection:
                connection.execute(
                    text("UPDATE platforms SET plan = :plan WHERE id = :id"), {"plan": plan, "id": standard}
                )
            if plan == "enterprise":
                yield

    def rows(self, statement: str, **parameters: object) -> list[tuple[Any, ...]]:
        with self.owner.connect() as connection:
            return [tuple(row) for row in connection.execute(text(statement), parameters)]


@contextlib.contextmanager
def running(postgres: server.Server, template: str, name: str) -> Iterator[Apis]:
    """Both APIs over a database `name` of their own."""
    with tenants.database(postgres, template, name) as url:
        with tenants.engine(url, None) as owner, owner.begin() as connection:
            world = hubs.make_world(connection)
        with over(url, world) as made:
            yield made


@contextlib.contextmanager
def over(url: str, world: World) -> Iterator[Apis]:
    """Both APIs over a database that holds `world`."""
    with (
        tenants.engine(url, None) as owner,
        tenants.engine(url, db.COMPOSE_ROLE, pool_size=20) as compose_engine,
        tenants.engine(url, db.INBOX_ROLE, pool_size=20) as inbox_engine,
        tenants.engine(url, db.DIRECTORY_ROLE) as directory_engine,
        tenants.engine(url, db.WORKER_ROLE) as worker_engine,
    ):
        worker = WorkerContext(
            worker_engine, lambda _contract: None, StillBroker(), worker_settings(url, batch_size=1_000)
        )
        context = compose.Context(compose_engine, lambda _published: None)
        yield Apis(
            compose.make_app(context, auth=_AUTH, sign_in=_SIGN_IN),
            inbox.make_app(inbox.Context(inbox_engine), auth=_AUTH),
            directory.make_app(directory_engine, auth=_AUTH),
            owner,
            worker,
            world,
            stream.Live(inbox_engine, auth=_AUTH, limit=10),
        )


@pytest.fixture(scope="module")
def apis(request: pytest.FixtureRequest, postgres: server.Server, template_database: str) -> Iterator[Apis]:
    """Both APIs over a database of this module's own, in which MESSAGES have been sent."""
    name = f"apis_{request.module.__name__.rpartition('.')[2]}"
    with running(postgres, template_database, name) as made:
        fill(made)
        yield made


def fill(apis: Apis) -> None:
    """Sends MESSAGES, and keeps an empty draft and a complete one."""
    whole = {"title": "Notice", "body": "News.", "audience": {"clinics": ["a1"]}}
    for content in ({}, whole):
        answer = apis.call("POST", "/v1/drafts", apis.world["administrator of a1"], json=content)
        apis.drafts.append(answer.get_json()["id"])
    for name, (sender, audience) in MESSAGES.items():
        with apis.on_the_enterprise_plan():
            apis.messages[name] = apis.send(apis.world[sender], audience, title=f"Title {name}", body=f"Body {name}.")
        if name in WRITTEN:
            apis.deliver(apis.messages[name])
    apis.call("DELETE", f"/v1/messages/{apis.messages['recalled']}", apis.world["administrator of a1"])
