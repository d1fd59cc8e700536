"""The mark of a route whose refusals belong into the audit trail, once it is known who called."""

import functools
import uuid
from collections.abc import Callable
from typing import Any, TypeVar, cast

import flask

from shared import audit, errors
from shared.auth.store import Caller
from shared.web import request_log

View = TypeVar("View", bound=Callable[..., Any])
REFUSALS = "hub_refusals"
# What the hub decided about a request that it understood. What it could not read (400, 413, 415) or serve (503, 500) is in the log.
_DECISIONS = frozenset(
    {
        "user-inactive",
        "feature-not-available",
        "administrator-required",
        "audience-out-of-reach",
        "not-found",
        "validation-failed",
        "idempotency-key-reused",
        "recalled",
        "no-recipients",
        "acknowledgement-not-requested",
        "reminder-too-soon",
        "already-released",
        "version-mismatch",
        "draft-incomplete",
        "time-in-past",
        "time-too-far",
        "expires-too-early",
        "rate-limited",
    }
)
# Fields may bear any name that a client makes up; only ours are recorded.
_FIELDS = (
    *(
        "title",
        "body",
        "audience",
        "follows",
        "only",
        "acknowledgement",
        "supersedes",
        "change_summary",
        "Idempotency-Key",
    ),
)
_LONGEST_DETAIL = 500


def refusals(action: audit.Action) -> Callable[[View], View]:
    """Outermost, around the guard, so that what the guard refuses to a known user is recorded too."""

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            try:
                return view(*args, **kwargs)
            except errors.HubError as error:
                caller: Caller | None = flask.g.get("caller")
                if caller is not None and error.code in _DECISIONS:
                    event = _refusal(action, error, caller, kwargs.get("message_id") or kwargs.get("draft_id"))
                    flask.current_app.extensions[REFUSALS].submit(event)
                raise

        return cast(View, wrapper)

    return decorate


def _refusal(action: audit.Action, error: errors.HubError, caller: Caller, message_id: str | None) -> audit.Event:
    return audit.Event(
        action=action,
        outcome="refused",
        platform_id=caller.platform_id,
        user_id=caller.user_id,
        origin=request_log.origin(),
        message_id=_uuid(message_id),
        reason=error.code,
        detail=_detail(error),
    )


def _detail(error: errors.HubError) -> str | None:
    """Which scopes were out of reach, which fields were wrong: ids of the directory and names of ours, nothing that a client wrote."""
    if error.code == "audience-out-of-reach":
        return _printable(error.detail)
    if error.code == "validation-failed":
        named = error.errors or {}
        return "fields: " + ", ".join(
            [field for field in _FIELDS if field in named] + ["others"] * (not named.keys() <= set(_FIELDS))
        )
    return None


def _printable(text: str) -> str:
    text = "".join(character if character.isprintable() else "?" for character in text)
    return text if len(text) <= _LONGEST_DETAIL else text[: _LONGEST_DETAIL - 1] + "…"


def _uuid(text: str | None) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except (ValueError, TypeError):
        return None
