"""Talks to the identity providers of platforms (OpenID Connect), through Authlib's Flask client.

A provider that is slow or does not answer never takes more than CALLS threads at once, so other platforms are still served.
"""

import contextlib
import threading
import time
from collections.abc import Callable
from concurrent import futures
from dataclasses import dataclass, field
from typing import Any, TypeVar

import authlib.common.errors
import flask
import jwt
import requests
from authlib.integrations import flask_client, requests_client
from joserfc.errors import JoseError

from services.compose_api import discovery
from services.compose_api.store.sessions import Provider
from shared import VERSION, errors, logging, text
from shared.auth import key_sets

# Calls to one provider at the same time.
CALLS = 4
# For all requests of one step of a sign-in.
_CALL_S = 6.0
# How long its endpoints and keys are used before they are read again.
_FRESH_S = 600
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
_LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
_LOGOUT_MAX_AGE_S = 300
_LEEWAY_S = 60
_LONGEST_NAME = 255
_LONGEST_TOKEN = 16_384
T = TypeVar("T")
_logger = logging.get_logger(__name__)


@dataclass(frozen=True)
class Started:
    """The address that the browser is redirected to, and the values that the callback checks."""

    url: str
    state: str
    nonce: str
    code_verifier: str


@dataclass(frozen=True)
class SignedIn:
    """The claims of a valid ID token, and the token."""

    claims: dict[str, Any]
    id_token: str = field(repr=False)


@dataclass(frozen=True)
class Logout:
    """A valid logout token: the session or the person, or both."""

    jti: str
    sid: str | None
    subject: str | None


class _Session(requests_client.OAuth2Session):  # type: ignore[misc]
    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        discovery.limit(self)


class _App(flask_client.FlaskOAuth2App):  # type: ignore[misc]
    client_cls = _Session


class _Connection:
    """One provider: its client, the threads that call it, and its keys."""

    def __init__(self, app: flask.Flask, provider: Provider) -> None:
        self.provider = provider
        self._app = app
        self._pool = futures.ThreadPoolExecutor(CALLS, thread_name_prefix="provider")
        self._free = threading.BoundedSemaphore(CALLS)
        self._keys: key_sets.KeySet | None = None
        self._renew()

    def _renew(self) -> None:
        self._made_at = time.monotonic()
        self._client = flask_client.OAuth(self._app).register(
            "provider",
            client_cls=_App,
            client_id=self.provider.client_id,
            client_secret=self.provider.client_secret,
            server_metadata_url=self.provider.issuer.rstrip("/") + discovery.PATH,
            client_kwargs={"scope": "openid profile email", "code_challenge_method": "S256"},
            user_agent=f"message-hub/{VERSION}",
        )

    def call(self, function: Callable[[], T]) -> T:
        """Raises `HubError` provider-unavailable, sign-in-failed."""
        if not self._free.acquire(timeout=0.2):
            raise unavailable("Too many people are waiting for it.")
        try:
            running = self._pool.submit(function)
        except BaseException:
            self._free.release()
            raise
        running.add_done_callback(lambda _: self._free.release())
        try:
            return running.result(_CALL_S)
        except futures.TimeoutError:
            raise self._unavailable("it did not answer in time") from None
        except requests.RequestException as error:
            raise self._unavailable(discovery.reason(error)) from None
        except authlib.common.errors.AuthlibBaseError as error:
            raise self._failed(error) from None
        except (JoseError, jwt.PyJWTError) as error:
            raise self._failed(error) from None
        except (ValueError, TypeError, KeyError, RuntimeError) as error:
            raise self._unavailable(f"its answer makes no sense ({type(error).__name__})") from None

    def client(self) -> tuple[flask_client.FlaskOAuth2App, dict[str, Any]]:
        """Authlib's client, and the provider's own description, checked."""
        if time.monotonic() - self._made_at > _FRESH_S:
            self._renew()
        client = self._client
        found: dict[str, Any] = client.load_server_metadata()
        try:
            discovery.check(self.provider.issuer, found)
        except ValueError:
            self._renew()
            raise
        offered = found.get("id_token_signing_alg_values_supported") or ["RS256"]
        # `none` and secrets are never accepted, even if the provider offers them.
        found["id_token_signing_alg_values_supported"] = [name for name in offered if name in _ALGORITHMS]
        offered = found.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        if self.provider.client_secret is None:
            client.client_kwargs["token_endpoint_auth_method"] = "none"  # noqa: S105 (the name of a method)
        elif "client_secret_basic" not in offered and "client_secret_post" in offered:
            client.client_kwargs["token_endpoint_auth_method"] = "client_secret_post"  # noqa: S105 (the same)
        return client, found

    def keys(self) -> key_sets.KeySet:
        if self._keys is None:
            self._keys = key_sets.KeySet(self.client()[1]["jwks_uri"])
        return self._keys

    def _unavailable(self, why: str) -> errors.HubError:
        _logger.warning("an identity provider could not be used", issuer=self.provider.issuer, reason=why)
        return unavailable("Try again in a minute.")

    def _failed(self, error: Exception) -> errors.HubError:
        # An error's text may hold what the provider wrote.
        code = getattr(error, "error", None) or type(error).__name__
        _logger.warning("a sign-in was refused", issuer=self.provider.issuer, reason=str(code)[:80])
        return errors.HubError("sign-in-failed", "What your organisation's sign-in sent could not be verified.")


class Providers:
    """The providers that this process has talked to. Safe to share between threads."""

    def __init__(self, app: flask.Flask) -> None:
        self._app = app
        self._connections: dict[Provider, _Connection] = {}
        self._lock = threading.Lock()

    def start(self, provider: Provider, *, redirect_uri: str) -> Started:
        connection = self._connection(provider)

        def run() -> dict[str, Any]:
            client, _ = connection.client()
            return dict(client.create_authorization_url(redirect_uri))

        return Started(**connection.call(run))

    def finish(self, provider: Provider, *, redirect_uri: str, code: str, code_verifier: str, nonce: str) -> SignedIn:
        """Exchanges the code and verifies the ID token."""
        connection = self._connection(provider)

        def run() -> SignedIn:
            client, metadata = connection.client()
            found = client.fetch_access_token(redirect_uri=redirect_uri, code=code, code_verifier=code_verifier)
            claims = client.parse_id_token(found, nonce=nonce, leeway=_LEEWAY_S)
            if claims is None:
                raise jwt.DecodeError("no ID token")
            more = {}
            if provider.user_claim not in claims and "userinfo_endpoint" in metadata:
                more = client.userinfo(token=found)
                if more.get("sub") != claims["sub"]:
                    raise jwt.InvalidTokenError("the claims of another person")
            return SignedIn({**more, **claims}, found["id_token"])

        return connection.call(run)

    def check_issuer(self, provider: Provider, issuer: str | None) -> None:
        """Raises sign-in-failed unless the response comes from this provider (RFC 9207)."""
        connection = self._connection(provider)
        _, metadata = connection.call(connection.client)
        is_required = metadata.get("authorization_response_iss_parameter_supported") is True
        if issuer != provider.issuer if issuer is not None else is_required:
            raise errors.HubError("sign-in-failed", "The answer does not come from your organisation's sign-in.")

    def end_session_url(self, provider: Provider, *, id_token: str | None, return_to: str) -> str | None:
        """Where the browser ends the session at the provider too. None if the provider has no such address or does not answer."""
        connection = self._connection(provider)

        def run() -> str | None:
            client, metadata = connection.client()
            if "end_session_endpoint" not in metadata:
                return None
            made = client.create_logout_url(
                post_logout_redirect_uri=return_to, id_token_hint=id_token, client_id=provider.client_id
            )
            return str(made["url"])

        with contextlib.suppress(errors.HubError):
            return connection.call(run)
        return None

    def verify_logout(self, provider: Provider, token: str) -> Logout:
        """OpenID Connect Back-Channel Logout 1.0, section 2.6. Raises `jwt.PyJWTError`, provider-unavailable."""
        connection = self._connection(provider)
        keys = connection.call(connection.keys)
        header = jwt.get_unverified_header(token)
        if header.get("alg") not in _ALGORITHMS or header.get("typ", "logout+jwt").lower() not in ("logout+jwt", "jwt"):
            raise jwt.InvalidTokenError("its algorithm or type")
        claims = jwt.decode(
            token,
            keys.find(header),
            algorithms=[header["alg"]],
            issuer=provider.issuer,
            audience=provider.client_id,
            leeway=_LEEWAY_S,
            options={"require": ["iss", "aud", "iat", "jti"]},
        )
        return _read_logout(claims)

    def _connection(self, provider: Provider) -> _Connection:
        with self._lock:
            if provider not in self._connections:
                self._connections[provider] = _Connection(self._app, provider)
            return self._connections[provider]


def unavailable(detail: str) -> errors.HubError:
    return errors.HubError("provider-unavailable", detail, headers={"Retry-After": "30"})


def unverified_claims(token: str) -> tuple[str, list[str]]:
    """The issuer and the audience that a token claims to have, for finding its provider. Raises `jwt.PyJWTError`."""
    if len(token) > _LONGEST_TOKEN:
        raise jwt.DecodeError("its length")
    claims = jwt.decode(token, options={"verify_signature": False})
    issuer, audience = claims.get("iss"), claims.get("aud")
    clients = audience if isinstance(audience, list) else [audience]
    if not all(isinstance(one, str) and text.is_storable(one) for one in (issuer, *clients)):
        raise jwt.InvalidTokenError("its issuer or audience")
    return str(issuer), [str(one) for one in clients]


def _read_logout(claims: dict[str, Any]) -> Logout:
    sid, subject, jti = claims.get("sid"), claims.get("sub"), claims["jti"]
    event = claims["events"].get(_LOGOUT_EVENT) if isinstance(claims.get("events"), dict) else None
    is_recent = claims["iat"] >= time.time() - _LOGOUT_MAX_AGE_S
    names = [one for one in (sid, subject) if one is not None]
    if not isinstance(event, dict) or "nonce" in claims or not is_recent or not names:
        raise jwt.InvalidTokenError("its claims")
    if not all(
        isinstance(one, str) and 0 < len(one) <= _LONGEST_NAME and text.is_storable(one) for one in (*names, jti)
    ):
        raise jwt.InvalidTokenError("its names")
    return Logout(jti=jti, sid=sid, subject=subject)
