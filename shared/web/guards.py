"""Who may call a route. Every route has one of these decorators, outermost, so that it runs before anything of the request is read.

A view behind a guard finds its caller in `caller()`.
"""

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

import flask
import flask_smorest
import marshmallow

from shared import logging
from shared.auth import authenticator, store
from shared.web import fairness, openapi, parsing

View = TypeVar("View", bound=Callable[..., Any])
GUARD = "_hub_guard"
_ARGUMENTS = "_hub_arguments"


def public(view: View) -> View:
    """Anyone may call this route."""
    setattr(view, GUARD, "public")
    return view


def user(view: View) -> View:
    """Any active user of any platform."""
    return guarded(view, "user", authenticate, authenticator.check_active)


def administrator(view: View) -> View:
    """Any active user who administers something."""
    return guarded(view, "administrator", authenticate, authenticator.check_active, authenticator.check_administrator)


def sending_administrator(view: View) -> View:
    """An administrator on a platform whose plan includes sending."""
    checks = (authenticator.check_active, authenticator.check_plan, authenticator.check_administrator)
    return guarded(view, "sending administrator", authenticate, *checks)


def note_arguments(view: View, schema: marshmallow.Schema, location: str) -> View:
    """`view` with the arguments that it declares, for the guard."""
    setattr(view, _ARGUMENTS, (*getattr(view, _ARGUMENTS, ()), (location, schema)))
    return view


def caller() -> store.Caller:
    """The user behind the request being served."""
    return cast(store.Caller, flask.g.caller)


def authentication() -> str:
    """What vouches for the user behind the request being served: `tokens.Identity.authentication`."""
    return cast(str, flask.g.authentication)


def guarded(view: View, name: str, identify: Callable[[], Any], *checks: Callable[[Any], None]) -> View:
    """`view` for callers whom `identify` finds and all `checks` let pass; `name` is the guard's in shared/web/openapi.py."""
    known_query = _query_parameters(view)

    @functools.wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        flask.g.caller = found = identify()
        for check in checks:
            check(found)
        if known_query is not None:
            parsing.check_no_body(flask.request)
            parsing.check_query(flask.request, known_query)
        return view(*args, **kwargs)

    setattr(wrapper, GUARD, name)
    return cast(View, flask_smorest.Blueprint.doc(**{openapi.GUARD: name})(wrapper))


def _query_parameters(view: Callable[..., Any]) -> frozenset[str] | None:
    """The query parameters that a view declared with `blueprint.arguments(…, location="query")`.

    None for a view with a body: there the parser checks the parameters after the body.
    """
    declared = getattr(view, _ARGUMENTS, ())
    if any(location == "json" for location, _schema in declared):
        return None
    schemas = [schema for location, schema in declared if location == "query"]
    return frozenset(field.data_key or name for schema in schemas for name, field in schema.fields.items())


def authenticate() -> store.Caller:
    """The user whom the request's token names, active or not. Raises the 401 errors and unavailable."""
    found: authenticator.Authenticator = flask.current_app.extensions["hub_auth"]
    authorization = flask.request.headers.get("Authorization", "")
    identity = found.identify(authorization)
    logging.bind(platform=identity.platform, user_id=identity.user)
    flask.g.authentication = identity.authentication
    fairness.acquire(identity)
    return found.find(identity, authorization)
