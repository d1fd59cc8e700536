"""A provider ends sessions (back-channel logout): which logout tokens are accepted, and what they end."""

import dataclasses
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import flask
import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from werkzeug import serving

from tests import identity_provider
from tests.compose_api.routes.sign_in.hub import SignIn
from tests.identity_provider import Browser, IdentityProvider


def test_a_logout_at_the_provider_ends_the_session(hub: SignIn) -> None:
    person = hub.person("hanna")
    browser, other = hub.browser(), hub.browser()
    for one in (browser, other):
        one.sign_in(hub.platform.key, "hanna")
    browser.log_out_at_provider(hub.provider.issuer)
    assert browser.session().json()["code"] == "session-expired"
    assert other.session().status_code == 200
    assert hub.events(person)[-1] == ("signed-out", None, "by the provider")


def logout_claims(hub: SignIn, **claims: Any) -> dict[str, Any]:
    found = {
        "iss": hub.provider.issuer,
        "aud": identity_provider.CLIENT,
        "iat": int(time.time()),
        "exp": int(time.time()) + 120,
        "jti": f"jti-{time.time_ns()}",
        "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
        **claims,
    }
    return {name: value for name, value in found.items() if value is not None}


KEY = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)


@dataclass(frozen=True)
class Stub:
    """A provider that signs what a test says: discovery and keys, over HTTP."""

    issuer: str
    hub: SignIn

    def log_out(self, **claims: Any) -> int:
        made = logout_claims(dataclasses.replace(self.hub, provider=IdentityProvider(self.issuer)), **claims)
        return self.post(jwt.encode(made, KEY, algorithm="RS256", headers={"kid": "one", "typ": "logout+jwt"}))

    def post(self, token: str) -> int:
        answer = requests.post(f"{self.hub.url}/auth/backchannel-logout", data={"logout_token": token}, timeout=10)
        assert answer.headers["Cache-Control"] == "no-store"
        return answer.status_code


@pytest.fixture(scope="module")
def stub(hub: SignIn) -> Iterator[Stub]:
    app = flask.Flask("stub")
    key = {
        **json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key())),
        "kid": "one",
        "alg": "RS256",
        "use": "sig",
    }

    @app.get("/.well-known/openid-configuration")
    def configuration() -> Any:
        issuer = flask.request.host_url.rstrip("/")
        return {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/x",
            "token_endpoint": f"{issuer}/x",
            "jwks_uri": f"{issuer}/keys",
        }

    app.add_url_rule("/keys", view_func=lambda: {"keys": [key]})
    server = serving.make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        issuer = f"http://127.0.0.1:{server.port}"
        hub.platform_with(issuer=issuer)
        yield Stub(issuer, hub)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def signed_in(hub: SignIn, stub: Stub, name: str) -> Browser:
    """A browser with a session that belongs to the stub, with the sid `sid-<name>`."""
    person = hub.person(name)
    browser = hub.browser()
    browser.sign_in(hub.platform.key, name)
    hub.change(
        "UPDATE console_sessions SET issuer = :issuer, sid = :sid WHERE user_id = :id",
        issuer=stub.issuer, sid=f"sid-{name}", id=person.id,
    )  # fmt: skip
    return browser


@pytest.mark.parametrize("by", ["sid", "sub"])
def test_a_logout_token_ends_what_it_names_and_is_accepted_once(hub: SignIn, stub: Stub, by: str) -> None:
    mine, other = signed_in(hub, stub, f"ends-by-{by}"), signed_in(hub, stub, f"stays-by-{by}")
    names = {"sid": f"sid-ends-by-{by}"} if by == "sid" else {"sub": f"ends-by-{by}"}
    assert stub.log_out(jti=f"once-{by}", **names) == 200
    assert mine.session().json()["code"] == "session-expired"
    assert other.session().status_code == 200
    assert stub.log_out(jti=f"once-{by}", sid=f"sid-stays-by-{by}") == 400
    assert other.session().status_code == 200


BAD_LOGOUTS: dict[str, dict[str, Any]] = {
    "a nonce": {"nonce": "x"},
    "no events": {"events": None},
    "another event": {"events": {"x": {}}},
    "nobody": {"sid": None},
    "no jti": {"jti": None},
    "no iat": {"iat": None},
    "an old iat": {"iat": 1_600_000_000},
    "expired": {"exp": 1_600_000_000},
    "another client": {"aud": "another"},
    "another issuer": {"iss": "https://evil.example"},
    "a sid that is no text": {"sid": 5},
    "an issuer that is no text": {"iss": None},
}


@pytest.mark.parametrize("claims", BAD_LOGOUTS.values(), ids=BAD_LOGOUTS)
def test_a_bad_logout_token_is_refused(stub: Stub, claims: dict[str, Any]) -> None:
    assert stub.log_out(**{"sid": "anything", **claims}) == 400


def test_a_logout_token_that_nobody_signed_is_refused(hub: SignIn, stub: Stub) -> None:
    claims = logout_claims(dataclasses.replace(hub, provider=IdentityProvider(stub.issuer)), sid="anything")
    other = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    for token in (
        "", "x.y.z", jwt.encode(claims, None, algorithm="none"), jwt.encode(claims, "s" * 40, algorithm="HS256"),
        jwt.encode(claims, other, algorithm="RS256", headers={"kid": "one"}),
        jwt.encode(claims, KEY, algorithm="RS256", headers={"kid": "one", "typ": "id+jwt"}),
    ):  # fmt: skip
        assert stub.post(token) == 400
