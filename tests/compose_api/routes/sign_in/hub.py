"""compose_api with a platform whose people sign in at the OpenID provider of the tests."""

from dataclasses import dataclass
from typing import Any

import flask
import requests
from sqlalchemy import Engine, text

from services.compose_api import app as compose
from services.compose_api import settings as own_settings
from shared import settings
from tests import factories, identity_provider
from tests.identity_provider import Browser, IdentityProvider

AUTH = settings.Auth(secret=factories.SECRET, jwks_url=None)


FAILED = (400, "sign-in-failed")


@dataclass(frozen=True)
class SignIn:
    """compose_api behind an address, the provider, and a platform whose people sign in there."""

    url: str
    engine: Engine
    owner: Engine
    provider: IdentityProvider
    platform: factories.Platform

    def browser(self) -> Browser:
        return Browser(self.url)

    def person(self, external_id: str, *, of: factories.Platform | None = None, **values: Any) -> factories.User:
        with self.owner.begin() as connection:
            return factories.user(connection, of or self.platform, external_id=external_id, **values)

    def platform_with(self, **values: Any) -> factories.Platform:
        with self.owner.begin() as connection:
            made = factories.platform(connection)
            identity_provider.register(connection, made, **{"issuer": self.provider.issuer, **values})
            return made

    def change(self, statement: str, **values: Any) -> None:
        with self.owner.begin() as connection:
            assert connection.execute(text(statement), values).rowcount

    def events(self, user: factories.User) -> list[tuple[Any, ...]]:
        with self.owner.connect() as connection:
            statement = text("SELECT outcome, reason, detail FROM audit_events WHERE user_id = :id ORDER BY id")
            return [tuple(row) for row in connection.execute(statement, {"id": user.id})]


def make_app(engine: Engine, sign_in: own_settings.SignIn, auth: settings.Auth = AUTH) -> flask.Flask:
    return compose.make_app(compose.Context(engine, lambda _published: None), auth=auth, sign_in=sign_in)


def refusal(response: requests.Response) -> tuple[int, str]:
    """Status and code of a page that says why."""
    assert response.headers["Content-Type"].startswith("text/html")
    assert "Sign in again" in response.text
    assert response.headers["X-Request-ID"] in response.text
    return response.status_code, response.text.partition("Code: ")[2].partition("<")[0]
