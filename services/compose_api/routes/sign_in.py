"""Signing in to the console: to the platform's identity provider and back, with a session. Both routes are for browsers."""

import functools
import hmac
from collections.abc import Callable
from typing import Any, TypeVar, cast
from urllib.parse import quote, urljoin, urlsplit

import flask

from services.compose_api import cookies, metrics, schemas, settings
from services.compose_api import providers as oidc
from services.compose_api.actions import sessions
from services.compose_api.actions import sign_in as actions
from services.compose_api.routes import sign_in_page
from shared import errors, logging
from shared import settings as common_settings
from shared.web import app as frame
from shared.web import guards, openapi, parsing, request_log

View = TypeVar("View", bound=Callable[..., Any])
CSRF_HEADER = "X-CSRF-Token"
_LOCATION = {"schema": {"type": "string", "format": "uri"}, "required": True}
_ATTEMPT_COOKIE = {
    "description": "`__Host-hub_attempt_…`, HttpOnly, Secure, SameSite=Lax, for ten minutes: what the callback needs of this attempt.",
    "schema": {"type": "string"},
    "required": True,
}
_SESSION_COOKIE = {
    "description": "`__Host-hub_session`, HttpOnly, Secure, SameSite=Lax (over plain HTTP on loopback: `hub_session`, not Secure).",
    "schema": {"type": "string"},
    "required": True,
}
_ANSWER = [
    {"in": "query", "name": name, "schema": {"type": "string"}, "description": description}
    for name, description in {
        "state": "Of the attempt of this browser.",
        "code": "The authorization code.",
        "iss": "The provider's issuer (RFC 9207).",
        "error": "Why the provider gives no code.",
    }.items()
]


class Parts:
    """What the routes of signing in and of sessions share."""

    def __init__(self, app: flask.Flask, sign_in: settings.SignIn, auth: common_settings.Auth) -> None:
        self.cookies = cookies.Cookies(sign_in)
        self.providers = oidc.Providers(app)
        self.auth = auth
        self.public_url = sign_in.public_url
        self.is_ready = bool(sign_in.public_url and sign_in.keys and auth.secret)

    @property
    def redirect_uri(self) -> str:
        return f"{self.public_url}/auth/callback"

    @property
    def console(self) -> str:
        """The console's path on its own origin."""
        return urlsplit(self.public_url or "").path + "/console/"

    def check_ready(self) -> None:
        if not self.is_ready:
            raise errors.unavailable(
                "Signing in is not set up here: HUB_PUBLIC_URL and HUB_JWT_SECRET are needed.", retry_after_s=60
            )

    def check_csrf(self, session_id: str) -> None:
        """Raises csrf-failed for a request that no page of this origin has made for this session."""
        given = flask.request.headers.get(CSRF_HEADER, "").encode()
        is_own = flask.request.headers.get("Origin") == cookies.origin_of(self.public_url or "")
        if not is_own or not hmac.compare_digest(given, sessions.csrf_token(session_id).encode()):
            raise errors.HubError("csrf-failed", f"Send the session's {CSRF_HEADER} from a page of this origin.")


def make(parts: Parts) -> frame.Blueprint:
    blueprint = frame.Blueprint("sign-in", __name__, description="Signing in to the console, in a browser.")

    @blueprint.route("/auth/login")
    @_navigation(parts)
    @blueprint.arguments(schemas.SignInQuery, location="query")
    @blueprint.response(
        302, description="To the provider.", headers={"Location": _LOCATION, "Set-Cookie": _ATTEMPT_COOKIE}
    )
    @blueprint.refuses("sign-in-failed", "validation-failed", "provider-unavailable")
    @blueprint.doc(operationId="signIn")
    def login(query: dict[str, str]) -> flask.Response:
        """Send a browser to sign in at the identity provider of its platform"""
        parsing.check_query(flask.request, frozenset(query))
        parts.check_ready()
        provider = actions.find_provider(_engine(), name=query["platform"])
        logging.bind(platform=provider.platform)
        started = parts.providers.start(provider, redirect_uri=parts.redirect_uri)
        response = cast(flask.Response, flask.redirect(started.url, 302))
        attempt = cookies.Attempt(
            platform=provider.platform,
            issuer=provider.issuer,
            next=query["next"] or parts.console,
            state=started.state,
            nonce=started.nonce,
            code_verifier=started.code_verifier,
        )
        parts.cookies.set_attempt(response, attempt)
        return response

    @blueprint.route("/auth/callback", parameters=_ANSWER)
    @_navigation(parts)
    @blueprint.response(
        303,
        description="Signed in: to where the attempt said.",
        headers={"Location": _LOCATION, "Set-Cookie": _SESSION_COOKIE},
    )
    @blueprint.refuses("sign-in-failed", "user-unknown", "user-inactive", "provider-unavailable")
    @blueprint.doc(operationId="finishSignIn")
    def callback() -> flask.Response:
        """Begin a session with the provider's answer; other parameters that it adds are ignored"""
        parts.check_ready()
        given = {name: values[0] for name, values in flask.request.args.lists() if len(values) == 1}
        attempt = parts.cookies.attempt(given.get("state", ""))
        if attempt is None:
            raise errors.HubError(
                "sign-in-failed", "This sign-in took too long, was finished before, or began in another browser."
            )
        flask.g.attempt = attempt
        logging.bind(platform=attempt.platform)
        if "code" not in given:
            _raise_refusal(given.get("error", ""))
        session_id = actions.sign_in(
            _engine(),
            parts.providers,
            answer=actions.Answer(
                platform=attempt.platform,
                issuer=attempt.issuer,
                code=given["code"],
                nonce=attempt.nonce,
                code_verifier=attempt.code_verifier,
                response_issuer=given.get("iss"),
            ),
            redirect_uri=parts.redirect_uri,
            replaced=parts.cookies.session_id(),
            origin=request_log.origin(),
        )
        # Absolute: a relative one would mean the address at which this server believes to be.
        response = cast(flask.Response, flask.redirect(urljoin(parts.redirect_uri, attempt.next), 303))
        parts.cookies.set_session(response, session_id)
        metrics.SIGN_INS.labels("signed-in").inc()
        return response

    return blueprint


def _navigation(parts: Parts) -> Callable[[View], View]:
    """A route that a person's browser goes to: its errors are pages. The attempt that a response ends is forgotten."""

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def wrapper(*args: Any, **kwargs: Any) -> flask.Response:
            try:
                parsing.check_no_body(flask.request)
                response: flask.Response = view(*args, **kwargs)
            except errors.HubError as error:
                metrics.SIGN_INS.labels(error.code).inc()
                response = sign_in_page.response(error, again=_again(parts), label="Sign in again")
            attempt: cookies.Attempt | None = flask.g.get("attempt")
            if attempt is not None:
                parts.cookies.end_attempt(response, attempt.state)
            return response

        return guards.public(cast(View, frame.Blueprint.doc(**{openapi.GUARD: "navigation"})(wrapper)))

    return decorate


def _again(parts: Parts) -> str:
    attempt: cookies.Attempt | None = flask.g.get("attempt")
    if attempt is None or parts.public_url is None:
        return f"{parts.public_url or '..'}/console/"
    return f"{parts.public_url}/auth/login?platform={quote(attempt.platform)}&next={quote(attempt.next, safe='')}"


def _raise_refusal(code: str) -> None:
    """For an answer without a code. The provider's own text is never shown."""
    if code in ("temporarily_unavailable", "server_error"):
        raise oidc.unavailable("It reported an error of its own. Try again in a minute.")
    detail = "The sign-in was cancelled." if code == "access_denied" else "Your organisation's sign-in refused it."
    raise errors.HubError("sign-in-failed", detail)


def _engine() -> Any:
    return flask.current_app.extensions["hub"].engine
