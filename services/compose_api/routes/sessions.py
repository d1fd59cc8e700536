"""Sessions of the console. Nothing but these routes accepts a session's cookie."""

from typing import Any, cast

import flask

from services.compose_api import schemas
from services.compose_api.actions import sessions as actions
from services.compose_api.routes import sign_in
from services.compose_api.store.sessions import Session
from shared import errors, logging
from shared.web import app as frame
from shared.web import guards, json_response, request_log

_COOKIE = "session"
_CSRF = "csrf"
_SECURITY_SCHEMES = {
    _COOKIE: {
        "type": "apiKey",
        "in": "cookie",
        "name": "__Host-hub_session",
        "description": "Of a person who signed in. Over plain HTTP on loopback its name is `hub_session`.",
    },
    _CSRF: {
        "type": "apiKey",
        "in": "header",
        "name": sign_in.CSRF_HEADER,
        "description": "The session's `csrf_token`.",
    },
}
_SAFE: dict[str, Any] = {"security": [{_COOKIE: []}]}
_UNSAFE: dict[str, Any] = {"security": [{_COOKIE: [], _CSRF: []}]}
_ORIGIN = [
    {
        "in": "header",
        "name": "Origin",
        "required": True,
        "schema": {"type": "string"},
        "description": "Browsers send it. Must be that of the hub's own pages.",
    }
]
_ENDED_COOKIE = {
    "Set-Cookie": {"description": "Ends the session's cookie.", "schema": {"type": "string"}, "required": True}
}
_FORM = {
    "required": True,
    "content": {
        "application/x-www-form-urlencoded": {
            "schema": {
                "type": "object",
                "properties": {"logout_token": {"type": "string", "description": "A logout token, each only once."}},
                "required": ["logout_token"],
            }
        }
    },
}


def make(parts: sign_in.Parts) -> frame.Blueprint:
    blueprint = frame.Blueprint("sessions", __name__, description="Sessions of people who signed in to the console.")
    blueprint.after_request(lambda response: _end_cookie(parts, response))

    def session(view: sign_in.View) -> sign_in.View:
        return guards.guarded(view, "session", lambda: _find(parts))

    @blueprint.route("/auth/session")
    @session
    @blueprint.response(200, schemas.SessionOut)
    @blueprint.doc(operationId="getSession", **_SAFE)
    def get_session() -> flask.Response:
        """Who is signed in here, and until when"""
        session_id = parts.cookies.session_id() or ""
        return json_response.write(actions.show(_session(), session_id=session_id))

    @blueprint.route("/auth/token", methods=["POST"], parameters=_ORIGIN)
    @session
    @blueprint.arguments(schemas.TokenQuery, location="query")
    @blueprint.response(200, schemas.TokenOut)
    @blueprint.refuses("csrf-failed")
    @blueprint.doc(operationId="createSessionToken", **_UNSAFE)
    def post_token(query: dict[str, str]) -> flask.Response:
        """A token for all APIs, for five minutes"""
        is_background = query["background"] == "true"
        return json_response.write(
            actions.make_token(_engine(), _session(), auth=parts.auth, is_background=is_background)
        )

    @blueprint.route("/auth/logout", methods=["POST"], parameters=_ORIGIN)
    @session
    @blueprint.response(200, schemas.SignedOutOut, headers=_ENDED_COOKIE)
    @blueprint.refuses("csrf-failed")
    @blueprint.doc(operationId="signOut", **_UNSAFE)
    def post_logout() -> flask.Response:
        """End the session; the answer says where the browser signs out at the provider too"""
        return_to = f"{parts.public_url}/console/"
        url = actions.sign_out(_engine(), parts.providers, _session(), return_to=return_to, origin=request_log.origin())
        flask.g.is_session_over = True
        return json_response.write({"end_session_url": url})

    @blueprint.route("/auth/backchannel-logout", methods=["POST"])
    @guards.public
    @blueprint.response(200, description="The sessions that the token names have ended.")
    @blueprint.refuses("bad-request", "provider-unavailable")
    @blueprint.doc(operationId="signOutByProvider", requestBody=_FORM)
    def post_backchannel_logout() -> flask.Response:
        """End sessions for the provider (OpenID Connect Back-Channel Logout 1.0)"""
        token = flask.request.form.get("logout_token", "")
        actions.sign_out_at_provider(_engine(), parts.providers, logout_token=token, origin=request_log.origin())
        return flask.Response(status=200)

    return blueprint


def describe(spec: Any) -> None:
    """Adds the ways in which these routes know who calls to an OpenAPI document."""
    for name, scheme in _SECURITY_SCHEMES.items():
        spec.components.security_scheme(name, scheme)


def _find(parts: sign_in.Parts) -> Session:
    session_id = parts.cookies.session_id()
    try:
        found = actions.find(_engine(), session_id=session_id)
    except errors.HubError as error:
        flask.g.is_session_over = error.code in ("session-expired", "user-inactive")
        raise
    logging.bind(platform=found.platform, user_id=found.external_id)
    if flask.request.method != "GET":
        parts.check_csrf(session_id or "")
    return found


def _end_cookie(parts: sign_in.Parts, response: flask.Response) -> flask.Response:
    if flask.g.get("is_session_over"):
        parts.cookies.end_session(response)
    return response


def _session() -> Session:
    """The session of the request being served."""
    return cast(Session, flask.g.caller)


def _engine() -> Any:
    return flask.current_app.extensions["hub"].engine
