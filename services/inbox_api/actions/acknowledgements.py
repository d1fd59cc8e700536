"""Who has acknowledged a message and who has not, as far as the viewer administers them: page by page, and counted by scope."""

import dataclasses
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine

from services.inbox_api import cursor
from services.inbox_api.actions import acknowledgement_numbers as numbers
from services.inbox_api.actions import history
from services.inbox_api.store import acknowledgement_counts as counts
from services.inbox_api.store import acknowledgements as store
from services.inbox_api.store import history as history_store
from services.inbox_api.store import people
from shared import audience, errors
from shared.auth import store as auth
from shared.sent_messages import store as sent_messages
from shared.sent_messages import words

Person = store.Person


@dataclass(frozen=True)
class Asked:
    """Whose message is asked about. `scopes`: external ids by level."""

    caller: auth.Caller
    message_id: uuid.UUID
    scopes: dict[str, str]


@dataclass(frozen=True)
class Page:
    data: tuple[Person, ...]
    has_more: bool
    next_cursor: str | None


@dataclass(frozen=True)
class ScopeNumbers(numbers.Numbers):
    """`organisation` is that of a clinic, as of the message's version."""

    id: str
    name: str
    level: str
    organisation: counts.Organisation | None


@dataclass(frozen=True)
class Totals(numbers.Numbers):
    """`distinct` equals `recipients`: a person in several scopes counts once here, and in each of their rows."""

    distinct: int


@dataclass(frozen=True)
class Summary:
    """`closed_because`: why what is outstanding is not asked for any more."""

    by: str
    data: tuple[ScopeNumbers, ...]
    totals: Totals
    due_at: datetime | None
    closed_because: store.ClosedBecause | None
    as_of: datetime


@dataclass(frozen=True)
class Found:
    """The people that are asked about, and what the message asks them for. `is_nobody`: no one can have the status asked for."""

    wanted: people.Wanted
    request: store.Request
    is_nobody: bool = False


# Finds them, in the snapshot of the answer.
Source = Callable[[Connection], Found]


def get_page(
    engine: Engine, asked: Asked, *, limit: int, after: str | None, status: store.Status | None, q: str | None
) -> Page:
    """A page of recipients. Raises bad-cursor and what `find` raises."""
    begin = audience.NO_USER if after is None else cursor.decode_user(after)
    with history.snapshot(engine) as connection:
        found = filtered(find(connection, asked), status, q)
        if found.is_nobody:
            return Page((), False, None)
        walk = people.choose_walk(connection, found.wanted)
        ids = people.list_ids(connection, store.ACKNOWLEDGED, found.wanted, walk, after=begin, limit=limit + 1)
        shown = store.get_people(connection, found.wanted, found.request, user_ids=ids[:limit])
    has_more = len(ids) > limit
    return Page(tuple(shown), has_more, cursor.encode_user(shown[-1].user_id) if has_more else None)


def get_summary(engine: Engine, asked: Asked, *, by: str) -> Summary:
    """The scopes of the level `by`, and the total. Raises what `find` raises."""
    return summarise(engine, lambda connection: find(connection, asked), by=by)


def summarise(engine: Engine, source: Source, *, by: str) -> Summary:
    with history.snapshot(engine) as connection:
        found = source(connection)
        request = found.request
        scopes, total = counts.Numbers(connection, found.wanted, is_counted=request.is_counted).summarise(by)
    rows = (
        ScopeNumbers(
            **numbers.split(request, one.counts),
            id=one.id,
            name=one.name,
            level=one.level,
            organisation=one.organisation,
        )
        for one in scopes
    )
    totals = Totals(**numbers.split(request, total), distinct=total.recipients)
    return Summary(by, tuple(rows), totals, request.due_at, request.closed_because, request.as_of)


def find(connection: Connection, asked: Asked) -> Found:
    """Raises validation-failed for an unknown scope, not-found where the caller may not see the message or its acknowledgements are
    dropped, acknowledgement-not-requested.
    """
    caller = asked.caller
    viewer = sent_messages.get_viewer(connection, user_id=caller.user_id, platform_id=caller.platform_id)
    filters = history.get_filters(connection, caller, asked.scopes)
    if not history_store.is_visible(connection, viewer=viewer, message_id=asked.message_id):
        raise errors.not_found("message")
    return find_for(connection, viewer, asked.message_id, scope_ids=tuple(one.scope_id for one in filters))


def find_for(
    connection: Connection, viewer: sent_messages.Viewer, message_id: uuid.UUID, *, scope_ids: tuple[int, ...] = ()
) -> Found:
    """The same for a viewer who may see the message."""
    request = store.find_request(connection, message_id=message_id)
    if request is None:
        raise errors.acknowledgement_not_requested()
    if request.is_dropped:
        raise errors.HubError("not-found", "Its acknowledgements are past the retention.")
    message = people.find_message(connection, message_id=message_id)
    return Found(people.Wanted(message, viewer, scope_ids), request)


def filtered(found: Found, status: store.Status | None, q: str | None) -> Found:
    """Those with a status and such words in their name."""
    is_closed = found.request.closed_because is not None
    return dataclasses.replace(
        found,
        wanted=dataclasses.replace(
            found.wanted,
            is_marked=None if status is None else status == "acknowledged",
            name=words.Search.parse(q, None),
        ),
        is_nobody=(is_closed and status in ("outstanding", "overdue"))
        or (status == "overdue" and not found.request.is_overdue),
    )
