"""The guard of what only a user who administers the whole platform may do, and their part of the audit trail."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import flask

from services.directory.actions.administrators import Caller
from services.directory.provisioned import Actor
from shared import errors
from shared.auth import authenticator
from shared.web import guards, request_log

View = TypeVar("View", bound=Callable[..., Any])


def platform_administrator(view: View) -> View:
    """An active user who administers the platform; no directory token."""
    return guards.guarded(view, "platform administrator", identify)


def identify() -> Caller:
    """The user of the request's token. Raises the 401 errors, user-inactive and administrator-required."""
    found = guards.authenticate()
    authenticator.check_active(found)
    if not isinstance(found, Caller) or not found.administers_platform:
        raise errors.HubError("administrator-required", "You do not administer the platform.")
    return found


def caller() -> Caller:
    """The user behind the request being served."""
    return cast(Caller, guards.caller())


def actor() -> Actor:
    """The same, for the audit trail."""
    return Actor(None, caller().user_id, request_log.request_id(), request_log.client_address())


def check_rate(found: Caller) -> None:
    """Counts one more change by this user. Raises rate-limited."""
    flask.current_app.extensions["hub"].limiter.hit(found, "directory").check()
