"""Reads the sent history. Each action is several statements in one REPEATABLE READ transaction."""

import contextlib
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine

from services.inbox_api import cursor
from services.inbox_api.actions import acknowledgement_numbers
from services.inbox_api.kept_counts import KeptCounts
from services.inbox_api.store import history as store
from services.inbox_api.store import search, visibility
from shared import errors
from shared.auth import store as auth
from shared.sent_messages import store as sent_messages
from shared.sent_messages.words import Search


@dataclass(frozen=True)
class Listed(sent_messages.SentMessage):
    """A message in a list. `read_count` may be up to a minute old; None once its entries are past the retention."""

    read_count: int | None
    acknowledgements: acknowledgement_numbers.Numbers | None


# A message, who sees it, and a hash of what they administer, which decides whose acknowledgements they see.
_Seen = tuple[uuid.UUID, int, int]


@dataclass(frozen=True)
class ListCounts:
    """What one process has counted for lists."""

    read: KeptCounts[uuid.UUID, int] = field(default_factory=KeptCounts)
    acknowledged: KeptCounts[_Seen, acknowledgement_numbers.Numbers | None] = field(default_factory=KeptCounts)


@dataclass(frozen=True)
class History:
    data: tuple[Listed, ...]
    has_more: bool
    next_cursor: str | None


@dataclass(frozen=True)
class Followed:
    """A message, how many recipients have seen and read it, None once its entries are past the retention, and have acknowledged it."""

    message: sent_messages.SentMessage
    engagement: store.Engagement | None
    acknowledgements: acknowledgement_numbers.Numbers | None


def get_history(
    engine: Engine,
    kept: ListCounts,
    *,
    caller: auth.Caller,
    limit: int,
    after: str | None = None,
    q: str | None = None,
    category: str | None = None,
    **scopes: str,
) -> History:
    """A page of the sent messages that the caller may see, that fit `q` and `category` and reached the `scopes` (external ids by level).

    Raises validation-failed for an unknown scope, bad-cursor.
    """
    before = None if after is None else cursor.decode(after)
    with snapshot(engine) as connection:
        viewer = sent_messages.get_viewer(connection, user_id=caller.user_id, platform_id=caller.platform_id)
        filters = get_filters(connection, caller, scopes)
        wanted = Search.parse(q, category)
        page = visibility.Page(viewer, limit + 1, before, wanted)
        found = None if wanted.is_empty else search.find(connection, platform_id=caller.platform_id, search=wanted)
        if found is not None:
            ids = search.list_found(connection, page, found=found, filters=filters)
        elif filters:
            ids = store.list_reached(connection, page, filters=filters)
        else:
            ids = store.list_visible(connection, page)
        found_messages = sent_messages.get_messages(connection, ids=ids[:limit], viewer=viewer)
        counted = [message.id for message in found_messages if not message.entries_dropped]
        counts = kept.read.get(counted, lambda due: store.count_readers(connection, ids=due))
        reach = (viewer.user_id, hash(viewer.administered))
        asking = [(message.id, *reach) for message in found_messages if message.acknowledgement is not None]
        numbers = kept.acknowledged.get(asking, lambda due: _count_acknowledged(connection, viewer, due))
    shown = tuple(
        Listed(**vars(message), read_count=counts.get(message.id), acknowledgements=numbers.get((message.id, *reach)))
        for message in found_messages
    )
    has_more = len(ids) > limit
    return History(shown, has_more, cursor.of_last(shown) if has_more else None)


def _count_acknowledged(
    connection: Connection, viewer: sent_messages.Viewer, due: Sequence[_Seen]
) -> dict[_Seen, acknowledgement_numbers.Numbers | None]:
    return {key: acknowledgement_numbers.get_totals(connection, message_id=key[0], viewer=viewer) for key in due}


def get_sent_message(engine: Engine, *, caller: auth.Caller, message_id: uuid.UUID) -> Followed:
    """Raises not-found where the caller may not see it."""
    with snapshot(engine) as connection:
        viewer = sent_messages.get_viewer(connection, user_id=caller.user_id, platform_id=caller.platform_id)
        if not store.is_visible(connection, viewer=viewer, message_id=message_id):
            raise errors.not_found("message")
        (message,) = sent_messages.get_messages(connection, ids=[message_id], viewer=viewer)
        engagement = None if message.entries_dropped else store.count_engagement(connection, message_id=message_id)
        numbers = acknowledgement_numbers.get_totals(connection, message_id=message_id, viewer=viewer)
    return Followed(message, engagement, numbers)


def get_filters(connection: Connection, caller: auth.Caller, wanted: Mapping[str, str]) -> list[store.Filter]:
    """The scopes that are `wanted` by level and external id; a clinic comes first."""
    filters, unknown = [], {}
    for level, external_id in sorted(wanted.items()):
        found = store.find_filter(connection, platform_id=caller.platform_id, level=level, external_id=external_id)
        if found is None:
            unknown[level] = [f"There is no {level} {external_id!r}."]
        else:
            filters.append(found)
    if unknown:
        raise errors.validation_failed(unknown)
    return filters


@contextlib.contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """A connection on which all statements read the same moment."""
    with engine.connect() as connection:
        connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with connection.begin():
            yield connection
