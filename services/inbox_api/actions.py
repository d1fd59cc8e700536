"""What inbox_api does. Called by the routes; owns connections and transactions; raises `HubError`.

Reading the inbox is one statement, hence one snapshot. The sent history takes several, in one REPEATABLE READ transaction.
A change to the inbox is one READ COMMITTED transaction whose last statement reads the answer: two tabs at once wait for
each other's row at most, and nobody is told to try again.
"""

import contextlib
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection, Engine

from services.inbox_api import cursor
from services.inbox_api.store import history, inbox, readers, states
from shared import db, errors
from shared.auth import store as auth
from shared.sent_messages import store as sent_messages

NOTIFICATION_STATUSES = inbox.STATUSES
ALL = inbox.ALL

_NOTIFICATION = "notification in your inbox"
_MESSAGE = "message"


@dataclass(frozen=True)
class Feed:
    data: tuple[inbox.Notification, ...]
    has_more: bool
    next_cursor: str | None
    unread_count: int
    unseen_count: int


@dataclass(frozen=True)
class Changed:
    """A notification as it stands after a change, and the counts of the same moment."""

    notification: inbox.Notification
    unread_count: int
    unseen_count: int


@dataclass(frozen=True)
class History:
    data: tuple[sent_messages.SentMessage, ...]
    has_more: bool
    next_cursor: str | None


@dataclass(frozen=True)
class Progress:
    """A message and how far it got with people; `engagement` is None once its entries are past the retention."""

    message: sent_messages.SentMessage
    engagement: history.Engagement | None


class _WriteThrough(Protocol):
    def __call__(self, connection: Connection, /, *, key: states.Key, platform_id: int, at: datetime) -> int: ...


class _Listed(Protocol):
    @property
    def id(self) -> uuid.UUID: ...
    @property
    def sent_at(self) -> datetime: ...


def find_reader(engine: Engine, platform: str, user: str) -> readers.Reader | None:
    """Who polls, by the platform's key and the user's external id, and the stamp of their inbox."""
    with db.reading(engine) as connection:
        return readers.find_reader(connection, platform=platform, user=user)


def get_feed(engine: Engine, *, caller: auth.Caller, status: str, limit: int, after: str | None = None) -> Feed:
    """A page of the caller's inbox. Raises bad-cursor."""
    before = _position(after)
    with db.reading(engine) as connection:
        page = inbox.list_page(
            connection,
            user_id=caller.user_id,
            platform_id=caller.platform_id,
            status=status,
            before=before,
            limit=limit + 1,
        )
    shown = page.notifications[:limit]
    has_more = len(page.notifications) > limit
    counts = page.counts
    return Feed(shown, has_more, _next_cursor(shown, has_more), counts.unread_count, counts.unseen_count)


def get_counts(engine: Engine, *, caller: auth.Caller) -> inbox.Counts:
    with db.reading(engine) as connection:
        return inbox.get_counts(connection, user_id=caller.user_id, platform_id=caller.platform_id)


def get_notification(engine: Engine, *, caller: auth.Caller, message_id: uuid.UUID) -> inbox.Notification:
    """Raises not-found where it is not in the caller's inbox, recalled ones included."""
    with db.reading(engine) as connection:
        found = inbox.find_notification(
            connection, user_id=caller.user_id, platform_id=caller.platform_id, message_id=message_id
        )
    if found is None:
        raise errors.not_found(_NOTIFICATION)
    return found


def mark_read(engine: Engine, *, caller: auth.Caller, message_id: uuid.UUID) -> Changed:
    """Raises not-found, and recalled where the caller had the message before its recall; so do the next three."""
    return _change(
        engine, caller, message_id, lambda connection, key, now: states.mark_read(connection, key=key, at=now)
    )


def clear_read(engine: Engine, *, caller: auth.Caller, message_id: uuid.UUID) -> Changed:
    return _change(engine, caller, message_id, lambda connection, key, _now: states.clear_read(connection, key=key))


def mark_archived(engine: Engine, *, caller: auth.Caller, message_id: uuid.UUID) -> Changed:
    return _change(
        engine, caller, message_id, lambda connection, key, now: states.mark_archived(connection, key=key, at=now)
    )


def clear_archived(engine: Engine, *, caller: auth.Caller, message_id: uuid.UUID) -> Changed:
    return _change(engine, caller, message_id, lambda connection, key, _now: states.clear_archived(connection, key=key))


def mark_seen_through(engine: Engine, *, caller: auth.Caller, through: uuid.UUID) -> inbox.Counts:
    """Marks `through` and everything older. Raises not-found where it never was in the caller's inbox."""
    return _change_through(engine, caller, through, states.mark_seen_through)


def mark_read_through(engine: Engine, *, caller: auth.Caller, through: uuid.UUID) -> inbox.Counts:
    """Marks `through` and everything older. Raises not-found where it never was in the caller's inbox."""
    return _change_through(engine, caller, through, states.mark_read_through)


def get_history(
    engine: Engine,
    *,
    caller: auth.Caller,
    limit: int,
    after: str | None = None,
    organisation: str | None = None,
    clinic: str | None = None,
) -> History:
    """A page of what the caller may see of what was sent. Raises validation-failed for an unknown scope, bad-cursor."""
    before = _position(after)
    with _snapshot(engine) as connection:
        viewer = sent_messages.get_viewer(connection, user_id=caller.user_id, platform_id=caller.platform_id)
        if organisation is None and clinic is None:
            ids = history.list_visible(connection, viewer=viewer, before=before, limit=limit + 1)
        else:
            filters = _find_filters(connection, caller, {"clinic": clinic, "organisation": organisation})
            ids = history.list_reached(connection, viewer=viewer, filters=filters, before=before, limit=limit + 1)
        shown = tuple(sent_messages.get_messages(connection, ids=ids[:limit], viewer=viewer))
    has_more = len(ids) > limit
    return History(shown, has_more, _next_cursor(shown, has_more))


def get_sent_message(engine: Engine, *, caller: auth.Caller, message_id: uuid.UUID) -> Progress:
    """Raises not-found where the caller may not see it."""
    with _snapshot(engine) as connection:
        viewer = sent_messages.get_viewer(connection, user_id=caller.user_id, platform_id=caller.platform_id)
        if not history.may_see(connection, viewer=viewer, message_id=message_id):
            raise errors.not_found(_MESSAGE)
        (message,) = sent_messages.get_messages(connection, ids=[message_id], viewer=viewer)
        engagement = None if message.expired else history.count_engagement(connection, message_id=message_id)
    return Progress(message, engagement)


def _change(
    engine: Engine,
    caller: auth.Caller,
    message_id: uuid.UUID,
    write: Callable[[Connection, states.Key, datetime], int],
) -> Changed:
    with engine.begin() as connection:
        place = _find_place(connection, caller, message_id)
        if not place.is_recalled and write(
            connection, states.Key(caller.user_id, place.sent_at, message_id), place.now
        ):
            states.raise_revision(connection, user_id=caller.user_id)
        after = inbox.get_with_counts(
            db.driver(connection), user_id=caller.user_id, platform_id=caller.platform_id, message_id=message_id
        )
        # Nothing is found either when the recall came between; what was written then is rolled back.
        if not after.notifications:
            raise errors.HubError("recalled", "This message was recalled; it is no longer in your inbox.")
    return Changed(after.notifications[0], **asdict(after.counts))


def _change_through(engine: Engine, caller: auth.Caller, through: uuid.UUID, write: _WriteThrough) -> inbox.Counts:
    with engine.begin() as connection:
        place = _find_place(connection, caller, through)
        key = states.Key(caller.user_id, place.sent_at, through)
        if write(connection, key=key, platform_id=caller.platform_id, at=place.now):
            states.raise_revision(connection, user_id=caller.user_id)
        return inbox.get_counts(db.driver(connection), user_id=caller.user_id, platform_id=caller.platform_id)


def _find_place(connection: Connection, caller: auth.Caller, message_id: uuid.UUID) -> inbox.Place:
    place = inbox.find_place(
        db.driver(connection), user_id=caller.user_id, platform_id=caller.platform_id, message_id=message_id
    )
    if place is None:
        raise errors.not_found(_NOTIFICATION)
    return place


def _find_filters(
    connection: Connection, caller: auth.Caller, wanted: Mapping[str, str | None]
) -> list[history.Filter]:
    """The scopes that are `wanted` by level and external id."""
    filters, unknown = [], {}
    for level, external_id in wanted.items():
        if external_id is None:
            continue
        found = history.find_filter(connection, platform_id=caller.platform_id, level=level, external_id=external_id)
        if found is None:
            unknown[level] = [f"There is no {level} {external_id!r}."]
        else:
            filters.append(found)
    if unknown:
        raise errors.validation_failed(unknown)
    return filters


def _position(after: str | None) -> tuple[datetime, uuid.UUID] | None:
    if after is None:
        return None
    position = cursor.decode(after)
    return position.sent_at, position.message_id


def _next_cursor(shown: Sequence[_Listed], has_more: bool) -> str | None:
    return cursor.encode(cursor.Position(shown[-1].sent_at, shown[-1].id)) if has_more else None


@contextlib.contextmanager
def _snapshot(engine: Engine) -> Iterator[Connection]:
    """For several statements that read: all see the same moment."""
    with engine.connect() as connection:
        connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with connection.begin():
            yield connection
