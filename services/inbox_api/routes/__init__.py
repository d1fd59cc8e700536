"""HTTP in, HTTP out: each route reads the request, calls one action, shapes the answer.

Here is what the routes share: the service's context, and the headers of private answers.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast

import flask
from sqlalchemy import Engine

from services.inbox_api import tags as kept_tags
from services.inbox_api.actions.history import ListCounts
from services.inbox_api.store import readers
from shared import rate_limit
from shared.web import etags, guards

UNCHANGED = "Nothing has changed since the answer that carried the ETag in If-None-Match."
View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Context:
    """What the routes work with."""

    engine: Engine
    tags: kept_tags.Tags = field(default_factory=kept_tags.Tags)
    list_counts: ListCounts = field(default_factory=ListCounts)
    limiter: rate_limit.Limiter = field(default_factory=lambda: rate_limit.Limiter(""))
    evidence_keys: Path | None = None


def engine() -> Engine:
    return _context().engine


def list_counts() -> ListCounts:
    return _context().list_counts


def evidence_keys() -> Path | None:
    """The folder of the keys that sign evidence."""
    return _context().evidence_keys


def reader() -> readers.Reader:
    """The user behind the request being served."""
    return cast(readers.Reader, guards.caller())


def rate(action: str = "change") -> rate_limit.Verdict:
    """Counts one more request of the reader's for this action."""
    return _context().limiter.hit(reader(), action)


def polled(view: View) -> View:
    """For answers made of nothing but the reader's inbox: an ETag, and 304 to who has it already. Stands beneath the guard.

    While the inbox has the version that the client's answer shows, the answer is not made again.
    """

    @functools.wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> flask.Response:
        found, kept, request = reader(), _context().tags, flask.request.full_path
        tag = kept.find(user_id=found.user_id, request=request, inbox_version=found.inbox_version)
        if tag is not None and etags.is_known(tag):
            return etags.unchanged(tag)
        answer = etags.conditional(view(*args, **kwargs), user_id=found.user_id)
        kept.keep(
            user_id=found.user_id, request=request, inbox_version=found.inbox_version, tag=str(answer.get_etag()[0])
        )
        return answer

    return cast(View, wrapper)


def conditional(view: View) -> View:
    """Gives the view's answer an ETag, and 304 to who has it already. Stands beneath the guard."""
    return _finished(view, lambda answer: etags.conditional(answer, user_id=guards.caller().user_id))


def private(view: View) -> View:
    """Marks the view's answer as its caller's own. Stands beneath the guard."""
    return _finished(view, etags.private)


def _context() -> Context:
    return cast(Context, flask.current_app.extensions["hub"])


def _finished(view: View, finish: Callable[[flask.Response], flask.Response]) -> View:
    @functools.wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> flask.Response:
        return finish(flask.make_response(view(*args, **kwargs)))

    return cast(View, wrapper)
