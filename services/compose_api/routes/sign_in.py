"""Signing in to the console: `/auth/…`. Nothing but these routes accepts the session's cookie."""

import functools
import hmac
import re
from collections.abc import Callable
from typing import Any, TypeVar, cast
from urllib.parse import quote, urljoin, urlsplit

import flask

from services.compose_api import cookies, metrics, settings
from services.compose_api import providers as oidc
from services.compose_api.actions import sessions
from services.compose_api.actions import sign_in as actions
from services.compose_api.routes import sign_in_page
from services.compose_api.store.sessions import Session
from shared import errors, logging
from shared import settings as common_settings
from shared.web import error_handlers, guards, json_response, parsing, request_log

View = TypeVar("View", bound=Callable[..., Any])
CSRF_HEADER = "X-CSRF-Token"
# A path of this origin: browsers read `//` and `/\\` as another host, and skip controls.
_PATH = re.compile(r"/(?![/\\])[^\x00-\x20\\\x7f]*")
_LONGEST_PATH = 2_000


class Routes:
    """What the routes share."""

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

    def read_next(self, value: str) -> str:
        """Where to go after the sign-in. Raises validation-failed for what is not a path of this origin."""
        if len(value) > _LONGEST_PATH or not _PATH.fullmatch(value):
            raise errors.validation_failed({"next": ["Must be a path that begins with one slash."]})
        return value

    def check_csrf(self, session_id: str) -> None:
        """Raises csrf-failed for a request that no page of this origin has made for this session."""
        given = flask.request.headers.get(CSRF_HEADER, "").encode()
        is_own = flask.request.headers.get("Origin") == cookies.origin_of(self.public_url or "")
        if not is_own or not hmac.compare_digest(given, sessions.csrf_token(session_id).encode()):
            raise errors.HubError("csrf-failed", f"Send the session's {CSRF_HEADER} from a page of this origin.")


def make(app: flask.Flask, sign_in: settings.SignIn, auth: common_settings.Auth) -> flask.Blueprint:
    blueprint = flask.Blueprint("sign_in", __name__, url_prefix="/auth")
    routes = Routes(app, sign_in, auth)
    session = functools.partial(_with_session, routes)

    @blueprint.get("/login")
    @_navigation(routes)
    def login() -> flask.Response:
        parsing.check_query(flask.request, frozenset({"platform", "next"}))
        routes.check_ready()
        target = routes.read_next(flask.request.args.get("next") or routes.console)
        provider = actions.find_provider(_engine(), name=flask.request.args.get("platform", ""))
        logging.bind(platform=provider.platform)
        started = routes.providers.start(provider, redirect_uri=routes.redirect_uri)
        response = flask.redirect(started.url, 302)
        attempt = cookies.Attempt(
            platform=provider.platform,
            issuer=provider.issuer,
            next=target,
            state=started.state,
            nonce=started.nonce,
            code_verifier=started.code_verifier,
        )
        routes.cookies.set_attempt(cast(flask.Response, response), attempt)
        return cast(flask.Response, response)

    @blueprint.get("/callback")
    @_navigation(routes)
    def callback() -> flask.Response:
        routes.check_ready()
        given = {name: values[0] for name, values in flask.request.args.lists() if len(values) == 1}
        attempt = routes.cookies.attempt(given.get("state", ""))
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
            routes.providers,
            answer=actions.Answer(
                platform=attempt.platform,
                issuer=attempt.issuer,
                code=given["code"],
                nonce=attempt.nonce,
                code_verifier=attempt.code_verifier,
                response_issuer=given.get("iss"),
            ),
            redirect_uri=routes.redirect_uri,
            replaced=routes.cookies.session_id(),
            origin=request_log.origin(),
        )
        # Absolute: a relative one would mean the address at which this server believes to be.
        response = cast(flask.Response, flask.redirect(urljoin(routes.redirect_uri, attempt.next), 303))
        routes.cookies.set_session(response, session_id)
        metrics.SIGN_INS.labels("signed-in").inc()
        return response

    @blueprint.get("/session")
    @session
    def get_session(found: Session, session_id: str) -> flask.Response:
        return json_response.write(sessions.show(found, session_id=session_id))

    @blueprint.post("/token")
    @session
    def post_token(found: Session, session_id: str) -> flask.Response:
        parsing.check_no_body(flask.request)
        parsing.check_query(flask.request, frozenset({"background"}))
        is_background = flask.request.args.get("background") == "true"
        return json_response.write(sessions.make_token(_engine(), found, auth=routes.auth, is_background=is_background))

    @blueprint.post("/logout")
    @session
    def post_logout(found: Session, session_id: str) -> flask.Response:
        url = sessions.sign_out(
            _engine(), routes.providers, found, return_to=f"{routes.public_url}/console/", origin=request_log.origin()
        )
        response = json_response.write({"end_session_url": url})
        routes.cookies.end_session(response)
        return response

    @blueprint.post("/backchannel-logout")
    @guards.public
    def post_backchannel_logout() -> flask.Response:
        token = flask.request.form.get("logout_token", "")
        sessions.sign_out_at_provider(_engine(), routes.providers, logout_token=token, origin=request_log.origin())
        return flask.Response(status=200, headers={"Cache-Control": "no-store"})

    return blueprint


def _with_session(routes: Routes, view: Callable[[Session, str], flask.Response]) -> Callable[[], flask.Response]:
    @functools.wraps(view)
    def wrapper() -> flask.Response:
        session_id = routes.cookies.session_id()
        try:
            found = sessions.find(_engine(), session_id=session_id)
            logging.bind(platform=found.platform, user_id=found.external_id)
            assert session_id is not None  # noqa: S101 (or there would be no session)
            if flask.request.method != "GET":
                routes.check_csrf(session_id)
        except errors.HubError as error:
            response = error_handlers.response(error)
            if error.code in ("session-expired", "user-inactive"):
                routes.cookies.end_session(response)
            return response
        return view(found, session_id)

    setattr(wrapper, guards.GUARD, "session")
    return wrapper


def _navigation(routes: Routes) -> Callable[[Callable[[], flask.Response]], Callable[[], flask.Response]]:
    """A route that a person's browser goes to: its errors are pages. The attempt that a response ends is forgotten."""

    def decorate(view: Callable[[], flask.Response]) -> Callable[[], flask.Response]:
        @functools.wraps(view)
        def wrapper() -> flask.Response:
            try:
                response = view()
            except errors.HubError as error:
                metrics.SIGN_INS.labels(error.code).inc()
                response = sign_in_page.response(error, again=_again(routes), label="Sign in again")
            attempt: cookies.Attempt | None = flask.g.get("attempt")
            if attempt is not None:
                routes.cookies.end_attempt(response, attempt.state)
            return response

        return guards.public(wrapper)

    return decorate


def _again(routes: Routes) -> str:
    attempt: cookies.Attempt | None = flask.g.get("attempt")
    if attempt is None or routes.public_url is None:
        return f"{routes.public_url or '..'}/console/"
    return f"{routes.public_url}/auth/login?platform={quote(attempt.platform)}&next={quote(attempt.next, safe='')}"


def _raise_refusal(code: str) -> None:
    """For an answer without a code. The provider's own text is never shown."""
    if code in ("temporarily_unavailable", "server_error"):
        raise oidc.unavailable("It reported an error of its own. Try again in a minute.")
    detail = "The sign-in was cancelled." if code == "access_denied" else "Your organisation's sign-in refused it."
    raise errors.HubError("sign-in-failed", detail)


def _engine() -> Any:
    return flask.current_app.extensions["hub"].engine
