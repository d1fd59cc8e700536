"""Somebody is hired in a real identity provider (Canaille), is in the directory, signs in there and finds a message; then leaves.

An operator sets it up with the commands of docs/identity.md.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import flask
import pytest
import requests
from click.testing import CliRunner
from sqlalchemy import Engine
from werkzeug import serving

from cli import main
from services.compose_api import app as compose
from services.compose_api import settings as compose_settings
from services.directory import app as directory
from services.inbox_api import app as inbox
from shared import db, settings
from tests import canaille, factories, identity_provider
from tests.identity_provider import Browser

AUTH = settings.Auth(secret=factories.SECRET, jwks_url=None)


class Operator:
    def __call__(self, *arguments: str) -> str:
        done = CliRunner().invoke(main.commands, arguments)
        assert done.exit_code == 0, done.output
        return done.stdout


@pytest.fixture
def operator(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Operator:
    monkeypatch.setenv("HUB_DATABASE_URL", database_url)
    return Operator()


@pytest.fixture
def hub_url(make_engine: Callable[..., Engine]) -> Iterator[str]:
    """The APIs behind one address, as behind the gateway."""
    server = serving.make_server("127.0.0.1", 0, flask.Flask("later"), threaded=True)
    url = f"http://127.0.0.1:{server.port}"
    sign_in = compose_settings.SignIn(url, (factories.SECRET,))
    context = compose.Context(make_engine(db.COMPOSE_ROLE), lambda _published: None)
    apps = {
        "/auth/": compose.make_app(context, auth=AUTH, sign_in=sign_in),
        "/v1/directory/": directory.make_app(make_engine(db.DIRECTORY_ROLE), auth=AUTH),
        "/v1/notifications": inbox.make_app(inbox.Context(make_engine(db.INBOX_ROLE)), auth=AUTH),
    }
    apps |= {"/v1/messages": apps["/auth/"], "/scim/": apps["/v1/directory/"]}

    def gateway(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        return next(app for path, app in apps.items() if environ["PATH_INFO"].startswith(path))(environ, start)

    server.app = gateway
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield url
    server.shutdown()
    thread.join()
    server.server_close()


class Person:
    """Somebody with a browser, who signs in at Canaille."""

    def __init__(self, provider: canaille.Canaille, hub_url: str, name: str) -> None:
        self.browser = Browser(hub_url)
        arrival = self.browser.get(provider.sign_in(self.browser, self.browser.start("acme.example"), name))
        assert arrival.status_code == 303, arrival.text

    def call(self, method: str, path: str, **options: Any) -> Any:
        token = self.browser.unsafe("/auth/token").json()["token"]
        headers = {"Authorization": f"Bearer {token}"}
        return requests.request(method, self.browser.hub_url + path, headers=headers, timeout=10, **options).json()

    def titles(self) -> list[str]:
        return [one["title"] for one in self.call("GET", "/v1/notifications")["data"]]


def test_somebody_who_was_hired_signs_in_and_finds_the_message(
    operator: Operator, hub_url: str, tmp_path: Path
) -> None:
    operator("platform", "acme", "--name", "Acme", "--plan", "enterprise", "--managed-by", "scim")
    token = operator("scim-token", "create", "--platform", "acme").split()[-1]
    for path, body in (
        ("organisations/north", {"name": "North"}),
        ("clinics/north-1", {"name": "North 1", "organisation": "north"}),
    ):
        headers = {"Authorization": f"Bearer {token}"}
        assert requests.put(f"{hub_url}/v1/directory/{path}", json=body, headers=headers, timeout=10).status_code == 201
    with canaille.running(hub_url, directory_token=token, log=tmp_path / "canaille.log") as provider:
        secret = tmp_path / "secret.txt"
        secret.write_text(identity_provider.SECRET)
        operator(
            *("platform", "acme", "--oidc-issuer", provider.issuer, "--oidc-client-id", identity_provider.CLIENT),
            *("--oidc-client-secret-file", str(secret), "--oidc-email-domain", "acme.example"),
        )
        operator("oidc", "check", "acme")
        provider.hire("grace", "Grace Hopper", group="Hub Admins")
        provider.hire("ada", "Ada Lovelace", group="Nurses North")
        assert "Nurses North" in operator("scim", "groups", "--platform", "acme", "--unmapped")
        operator("scim", "map", "Hub Admins", "--of", "acme", "--platform", "--role", "administrator")
        operator("scim", "map", "Nurses North", "--of", "acme", "--clinic", "north-1", "--role", "member")

        grace, ada = Person(provider, hub_url, "grace"), Person(provider, hub_url, "ada")
        assert ada.browser.session().json()["user"]["name"] == "Ada Lovelace"
        message = {"title": "Welcome", "body": "To North 1.", "audience": {"clinics": ["north-1"]}}
        grace.call("POST", "/v1/messages", json=message)
        assert (ada.titles(), grace.titles()) == (["Welcome"], [])

        provider.lock("ada")
        assert ada.browser.session().json()["code"] == "user-inactive"
        provider.unlock("ada")
        ada = Person(provider, hub_url, "ada")
        assert ada.titles() == ["Welcome"]
        provider.move("grace", group="Nurses North")
        grace.call("POST", "/v1/messages", json={**message, "title": "To both"})
        assert grace.titles() == ["To both"]
        provider.dismiss("ada")
        assert ada.browser.session().json()["code"] == "user-inactive"
    assert " failed" not in (tmp_path / "canaille.log").read_text()
