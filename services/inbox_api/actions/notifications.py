"""Reads a user's inbox. Each action is one statement, hence one snapshot."""

import uuid
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Engine

from services.inbox_api import cursor
from services.inbox_api.store import counts, inbox, readers, single
from services.inbox_api.store.notifications import Notification
from shared import db, errors
from shared.auth import store as auth

STATUSES = inbox.STATUSES
ALL = inbox.ALL
MAX_PINNED = inbox.MAX_PINNED
MAX_TO_ACKNOWLEDGE = inbox.MAX_TO_ACKNOWLEDGE


@dataclass(frozen=True)
class Feed:
    """`pinned`, `to_acknowledge` and the counts are of the whole inbox."""

    data: tuple[Notification, ...]
    pinned: tuple[Notification, ...]
    to_acknowledge: tuple[Notification, ...]
    has_more: bool
    next_cursor: str | None
    unread_count: int
    unseen_count: int
    to_acknowledge_count: int


def find_reader(engine: Engine, platform: str, user: str) -> readers.Reader | None:
    """The user who polls, by the platform's key and the user's external id, with the version of their inbox."""
    with db.autocommit(engine) as connection:
        return readers.find_reader(connection, platform=platform, user=user)


def get_feed(
    engine: Engine,
    *,
    caller: readers.Reader,
    limit: int,
    after: str | None = None,
    **wanted: Any,
) -> Feed:
    """A page of the caller's inbox; `wanted`: status, category, to_acknowledge of `inbox.Wanted`. Raises bad-cursor."""
    asked = inbox.Wanted(limit=limit + 1, before=None if after is None else cursor.decode(after), **wanted)
    with db.autocommit(engine) as connection:
        page = inbox.list_page(
            connection, user_id=caller.user_id, platform_id=caller.platform_id, wanted=asked, asks=caller.asks
        )
    shown = page.notifications[:limit]
    has_more = len(page.notifications) > limit
    next_cursor = cursor.of_last(shown) if has_more else None
    return Feed(shown, page.pinned, page.to_acknowledge, has_more, next_cursor, **asdict(page.counts))


def get_counts(engine: Engine, *, caller: readers.Reader) -> counts.Counts:
    with db.autocommit(engine) as connection:
        return counts.get(connection, user_id=caller.user_id, platform_id=caller.platform_id, asks=caller.asks)


def get_notification(engine: Engine, *, caller: auth.Caller, message_id: uuid.UUID) -> Notification:
    """An expired one too. Raises not-found where the caller never got it or it was recalled."""
    with db.autocommit(engine) as connection:
        found = single.find_notification(
            connection, user_id=caller.user_id, platform_id=caller.platform_id, message_id=message_id
        )
    if found is None:
        raise errors.not_found("notification in your inbox")
    return found
