"""Drafts: messages that are prepared now and sent later. Called by the routes."""

import dataclasses
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
from sqlalchemy import Engine

from services.compose_api import domain
from services.compose_api.actions import audiences, messages
from services.compose_api.store import audiences as audience_store
from services.compose_api.store import drafts as store
from services.compose_api.store import messages as message_store
from shared import audit, db, errors, logging, rate_limit
from shared.auth.store import Caller
from shared.sent_messages.store import SentMessage

# The message that a draft's content is. Raises `HubError` draft-incomplete, validation-failed.
Read = Callable[[dict[str, Any]], domain.Content]
# As send_at is in a cursor, in UTC.
_TIME = "%Y%m%dT%H%M%S.%f"
_logger = logging.get_logger(__name__)


@dataclass(frozen=True)
class Created:
    """The new draft. `replayed`: an earlier request with the same idempotency key made it."""

    draft: store.Draft
    replayed: bool


@dataclass(frozen=True)
class Page:
    data: tuple[store.Draft, ...]
    has_more: bool
    next_cursor: str | None


@dataclass(frozen=True)
class Edit:
    """Who changes which draft. `is_current`: whether a draft is the version that the client means."""

    caller: Caller
    draft_id: uuid.UUID
    origin: audit.Origin
    rate: rate_limit.Verdict
    is_current: Callable[[store.Draft], bool] = lambda _draft: True


def create_draft(
    engine: Engine,
    *,
    caller: Caller,
    changes: domain.Changes,
    idempotency_key: str | None,
    rate: rate_limit.Verdict,
) -> Created:
    """A new draft, or the one that was made with the same key.

    Raises `HubError` validation-failed, also for one draft too many, audience-out-of-reach, not-found and recalled for the message that it
    follows, idempotency-key-reused with the draft's id, and rate-limited where nothing else is wrong.
    """
    new = store.New(_reader(caller), changes.apply({}), idempotency_key, changes.request_hash)
    try:
        return _create(engine, caller, changes, new, rate)
    except psycopg.errors.UniqueViolation:
        # Another request with this key has just committed: the second attempt finds its draft.
        return _create(engine, caller, changes, new, rate)


def _create(
    engine: Engine, caller: Caller, changes: domain.Changes, new: store.New, rate: rate_limit.Verdict
) -> Created:
    with engine.begin() as transaction:
        connection = db.driver(transaction)
        earlier = store.find_earlier(connection, new=new)
        if earlier is not None and earlier.request_hash == new.request_hash:
            rate.check()
            return Created(_get(connection, caller, earlier.id), replayed=True)
        scope_ids = _resolve(connection, caller, changes)
        if earlier is not None:
            raise errors.HubError(
                "idempotency-key-reused",
                "You have made another draft with this Idempotency-Key.",
                message_id=str(earlier.id),
            )
        rate.check()
        draft_id = store.insert(connection, new=new, scope_ids=scope_ids or ())
        if draft_id is None:
            raise errors.validation_failed(
                {"request": [f"You have {store.MAX_DRAFTS} drafts. Send or delete some of them first."]}
            )
        return Created(_get(connection, caller, draft_id), replayed=False)


def list_drafts(
    engine: Engine, *, caller: Caller, limit: int, state: store.State | None = None, after: str | None = None
) -> Page:
    """A page of the drafts that the caller may see, newest first; of scheduled ones the next first. Raises `HubError` bad-cursor."""
    is_by_time = state == "scheduled"
    begin = None if after is None else _decode(after, is_by_time=is_by_time)
    with db.autocommit(engine) as connection:
        found = store.list_(connection, reader=_reader(caller), state=state, after=begin, limit=limit + 1)
    has_more = len(found) > limit
    return Page(tuple(found[:limit]), has_more, _encode(found[limit - 1], is_by_time=is_by_time) if has_more else None)


def get_draft(engine: Engine, *, caller: Caller, draft_id: uuid.UUID) -> store.Draft:
    """Raises `HubError` not-found where the caller may not see it."""
    with db.autocommit(engine) as connection:
        return _get(connection, caller, draft_id)


def change_draft(engine: Engine, edit: Edit, *, changes: domain.Changes, read: Read) -> store.Draft:
    """The draft with these changes. A scheduled one stays scheduled, and the caller becomes its sender.

    Raises `HubError` as `create_draft` and `_lock`; of a scheduled draft also what `send_draft` would raise at that time.
    """
    with engine.begin() as transaction:
        connection = db.driver(transaction)
        scope_ids = _resolve(connection, edit.caller, changes)
        draft = _lock(connection, edit)
        content = changes.apply(draft.content)
        if content == draft.content:
            return draft
        sender_id = draft.sender_id
        if draft.state == "scheduled":
            _check_sendable(connection, edit.caller, read(content), at=draft.send_at)
            sender_id = edit.caller.user_id
            _audit(connection, edit, "changed")
        store.set_content(
            connection,
            draft=draft,
            content=content,
            scope_ids=scope_ids,
            sender_id=sender_id,
            now=store.get_time(connection),
        )
        return _get(connection, edit.caller, draft.id)


def schedule_draft(engine: Engine, edit: Edit, *, schedule: domain.Schedule, read: Read) -> store.Draft:
    """The draft, scheduled in the caller's name, whether it was before, or was cancelled, missed or failed.

    Raises `HubError` as `_lock` and `send_draft`, as of that time; time-in-past, time-too-far; validation-failed for not_after.
    """
    with engine.begin() as transaction:
        connection = db.driver(transaction)
        draft = _lock(connection, edit, checks_rate=False)
        now = store.get_time(connection)
        schedule = _check_schedule(schedule, now)
        _check_sendable(connection, edit.caller, read(draft.content), at=schedule.send_at)
        edit.rate.check()
        store.set_schedule(connection, draft=draft, schedule=schedule, sender_id=edit.caller.user_id, now=now)
        _audit(connection, edit, "scheduled", f"for {schedule.send_at.isoformat()}")
        return _get(connection, edit.caller, draft.id)


def unschedule_draft(engine: Engine, edit: Edit) -> store.Draft:
    """The draft without its schedule, its author's again. Raises `HubError` as `_lock`."""
    with engine.begin() as transaction:
        connection = db.driver(transaction)
        draft = _lock(connection, edit)
        if draft.state == "draft":
            return draft
        store.set_schedule(
            connection, draft=draft, schedule=None, sender_id=draft.author_id, now=store.get_time(connection)
        )
        if draft.state == "scheduled":
            _audit(connection, edit, "unscheduled")
        return _get(connection, edit.caller, draft.id)


def send_draft(engine: Engine, edit: Edit, *, read: Read) -> SentMessage:
    """Sends the draft as the caller's message. Raises `HubError` as `_lock`, `read` and sending do."""
    with engine.begin() as transaction:
        connection = db.driver(transaction)
        draft = _lock(connection, edit, checks_rate=False)
        content = read(draft.content)
        new = message_store.New(edit.caller, content, edit.origin, message_id=draft.id)

        def check(choice: audience_store.Choice) -> audience_store.Choice:
            messages.check_content(connection, edit.caller, content, choice)
            edit.rate.check()
            return choice

        stored = messages.store_message(connection, new=new, check=check)
        store.end(
            connection,
            draft_id=draft.id,
            ending=store.Ending("released"),
            sender_id=edit.caller.user_id,
            now=store.get_time(connection),
        )
    _logger.info("draft sent", message_id=str(draft.id))
    return messages.queued(new, stored)


def delete_draft(engine: Engine, edit: Edit) -> None:
    """Deletes a draft; cancels a scheduled one, which stays visible as cancelled. Raises `HubError` as `_lock`."""
    with engine.begin() as transaction:
        connection = db.driver(transaction)
        draft = _lock(connection, edit)
        if draft.state != "scheduled":
            store.delete(connection, draft_id=draft.id)
            return
        store.end(
            connection,
            draft_id=draft.id,
            ending=store.Ending("cancelled"),
            sender_id=draft.sender_id,
            now=store.get_time(connection),
        )
        _audit(connection, edit, "cancelled")


def _lock(connection: psycopg.Connection[Any], edit: Edit, *, checks_rate: bool = True) -> store.Draft:
    """The draft, locked until the transaction ends.

    Raises `HubError` not-found, already-released, version-mismatch, and rate-limited where nothing else is wrong.
    """
    draft = store.find(connection, reader=_reader(edit.caller), draft_id=edit.draft_id, is_locked=True)
    if draft is None or not draft.may_see:
        raise errors.not_found("draft")
    if draft.state == "released":
        raise errors.HubError(
            "already-released", "This draft was sent. What is sent can only be recalled.", message_id=str(draft.id)
        )
    if not edit.is_current(draft):
        raise errors.HubError(
            "version-mismatch", "This draft has changed meanwhile. Get it again, then repeat the request."
        )
    if checks_rate:
        edit.rate.check()
    return draft


def _check_schedule(schedule: domain.Schedule, now: datetime) -> domain.Schedule:
    """The schedule with its end. Raises `HubError` time-in-past, time-too-far, validation-failed."""
    send_at = schedule.send_at
    if send_at <= now:
        raise errors.HubError("time-in-past", "Choose a time in the future, or send the draft now.")
    if send_at > now + domain.MAX_AHEAD:
        raise errors.HubError("time-too-far", "Choose a time within a year.")
    not_after = schedule.not_after or send_at + domain.DEFAULT_LATENESS
    if not send_at <= not_after <= send_at + domain.MAX_LATENESS:
        raise errors.validation_failed(
            {"not_after": [f"Must be within {domain.MAX_LATENESS.days} days after the time of sending."]}
        )
    return dataclasses.replace(schedule, not_after=not_after)


def _check_sendable(
    connection: psycopg.Connection[Any], caller: Caller, content: domain.Content, *, at: datetime | None
) -> None:
    """Raises `HubError` where the caller could not send it at that time, as the directory is now."""
    choice = messages.get_choice(connection, caller, content)
    messages.check_content(connection, caller, content, choice, at=at)


def _audit(connection: psycopg.Connection[Any], edit: Edit, outcome: audit.Outcome, detail: str | None = None) -> None:
    caller = edit.caller
    event = audit.Event("draft", outcome, caller.platform_id, caller.user_id, edit.origin, edit.draft_id, detail=detail)
    audit.insert(connection, event)


def _get(connection: psycopg.Connection[Any], caller: Caller, draft_id: uuid.UUID) -> store.Draft:
    draft = store.find(connection, reader=_reader(caller), draft_id=draft_id)
    if draft is None or not draft.may_see:
        raise errors.not_found("draft")
    return draft


def _resolve(connection: psycopg.Connection[Any], caller: Caller, changes: domain.Changes) -> tuple[int, ...] | None:
    """The ids of the scopes that it would go to, none where they are removed; None where they stay. Raises as sending to them would."""
    if changes.audience is None and changes.follows is None:
        return () if changes.fields.keys() & {"audience", "follows"} else None
    choice = audiences.get_choice(
        connection,
        caller,
        audience=changes.audience or domain.NO_SCOPES,
        follows=changes.follows,
        only=changes.fields.get("only"),
    )
    audiences.check_choice(choice)
    return tuple(target.scope_id for target in choice.targets)


def _reader(caller: Caller) -> store.Reader:
    return store.Reader(caller.user_id, caller.platform_id)


def _encode(last: store.Draft, *, is_by_time: bool) -> str:
    """The cursor of a page that ends with this draft."""
    return f"{last.id}_{last.send_at:{_TIME}}" if is_by_time else str(last.id)


def _decode(cursor: str, *, is_by_time: bool) -> store.Position:
    draft_id, separator, time = cursor.partition("_")
    try:
        if bool(separator) != is_by_time:
            raise ValueError("of another list")
        send_at = datetime.strptime(time, _TIME).replace(tzinfo=UTC) if is_by_time else None
        return store.Position(uuid.UUID(draft_id), send_at)
    except ValueError:
        raise errors.bad_cursor() from None
