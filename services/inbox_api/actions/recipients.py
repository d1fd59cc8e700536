"""Lists the recipients of a sent message, page by page, and exports all of them."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, Engine

from services.inbox_api import cursor
from services.inbox_api.actions import exports, history
from services.inbox_api.store import history as history_store
from services.inbox_api.store import people
from services.inbox_api.store import recipients as store
from shared import audience, audit, errors
from shared.auth import store as auth
from shared.sent_messages import store as sent_messages

Recipient = store.Recipient
Status = Literal["read", "unread"]
_PAGE = 1_000


@dataclass(frozen=True)
class Page:
    data: tuple[store.Recipient, ...]
    has_more: bool
    next_cursor: str | None


@dataclass(frozen=True)
class Asked:
    """Whose message's recipients are asked for. `scopes`: external ids by level."""

    caller: auth.Caller
    message_id: uuid.UUID
    status: Status | None
    scopes: dict[str, str]


def get_page(engine: Engine, asked: Asked, *, limit: int, after: str | None) -> Page:
    """A page of recipients. Raises bad-cursor and what `find_wanted` raises."""
    begin = audience.NO_USER if after is None else cursor.decode_user(after)
    with history.snapshot(engine) as connection:
        wanted = find_wanted(connection, asked)
        walk = people.choose_walk(connection, wanted)
        ids = people.list_ids(connection, store.READ, wanted, walk, after=begin, limit=limit + 1)
        shown = store.get_recipients(connection, wanted, user_ids=ids[:limit])
    has_more = len(ids) > limit
    return Page(tuple(shown), has_more, cursor.encode_user(shown[-1].user_id) if has_more else None)


def find_wanted(connection: Connection, asked: Asked) -> people.Wanted:
    """Raises validation-failed for an unknown scope, or a status of dropped entries; not-found where the caller may not see it."""
    caller = asked.caller
    viewer = sent_messages.get_viewer(connection, user_id=caller.user_id, platform_id=caller.platform_id)
    filters = history.get_filters(connection, caller, asked.scopes)
    if not history_store.is_visible(connection, viewer=viewer, message_id=asked.message_id):
        raise errors.not_found("message")
    message = people.find_message(connection, message_id=asked.message_id)
    if message.entries_dropped and asked.status is not None:
        raise errors.validation_failed({"status": ["Not known any more: the message is past the retention."]})
    is_read = None if asked.status is None else asked.status == "read"
    return people.Wanted(message, viewer, tuple(one.scope_id for one in filters), is_read)


def export(engine: Engine, asked: Asked, origin: audit.Origin) -> Iterator[store.Recipient]:
    """All recipients; each page of them is read in a transaction of its own. What `find_wanted` raises is raised at once."""
    with history.snapshot(engine) as connection:
        wanted = find_wanted(connection, asked)
        walk = people.choose_walk(connection, wanted)
    what = exports.Export(asked.caller, asked.message_id, origin, "recipients")
    return exports.recorded(engine, what, _read_all(engine, wanted, walk))


def _read_all(engine: Engine, wanted: people.Wanted, walk: people.Walk) -> Iterator[store.Recipient]:
    after, is_complete = audience.NO_USER, False
    while not is_complete:
        with history.snapshot(engine) as connection:
            ids = people.list_ids(connection, store.READ, wanted, walk, after=after, limit=_PAGE)
            rows = store.get_recipients(connection, wanted, user_ids=ids)
        yield from rows
        is_complete = len(ids) < _PAGE
        after = ids[-1] if ids else after
