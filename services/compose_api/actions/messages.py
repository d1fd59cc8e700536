"""Accepts and recalls messages. Called by the routes."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine

from services.compose_api import domain
from services.compose_api.actions import audiences
from services.compose_api.store import audiences as audience_store
from services.compose_api.store import follow_ups, recalls
from services.compose_api.store import messages as store
from shared import acknowledgements, audit, db, errors, logging, rate_limit
from shared.auth.store import Caller
from shared.sent_messages import store as sent_messages

# How often the choice is looked up again because the directory got another version in between.
_ATTEMPTS = 5
_logger = logging.get_logger(__name__)


@dataclass(frozen=True)
class Accepted:
    """The stored message. `replayed`: an earlier request with the same idempotency key stored it."""

    message: sent_messages.SentMessage
    replayed: bool


def accept_message(
    engine: Engine,
    *,
    caller: Caller,
    content: domain.Content,
    idempotency_key: str | None,
    origin: audit.Origin,
    rate: rate_limit.Verdict,
) -> Accepted:
    """Stores the message, or returns the one that was stored under the same key.

    When this returns, the message is committed. Raises `HubError` validation-failed for an unknown scope or category,
    audience-out-of-reach, not-found and recalled for the message that it follows, expires-too-early, no-recipients,
    idempotency-key-reused, and rate-limited where nothing else is wrong.
    """
    new = store.New(caller, content, origin, idempotency_key)
    try:
        accepted = _accept(engine, new, rate)
    except psycopg.errors.UniqueViolation:
        # Another request with this key has just committed: the second attempt finds its message.
        accepted = _accept(engine, new, rate)
    if isinstance(accepted, store.Earlier):
        with engine.connect() as connection:
            accepted = Accepted(_get_message(connection, caller, accepted.id), replayed=True)
    _logger.info("message accepted", message_id=str(accepted.message.id), replayed=accepted.replayed)
    return accepted


@dataclass(frozen=True)
class Recalled:
    """The recalled message. `repeated`: it was recalled before."""

    message: sent_messages.SentMessage
    repeated: bool


def recall_message(
    engine: Engine, *, caller: Caller, message_id: uuid.UUID, origin: audit.Origin, rate: rate_limit.Verdict
) -> Recalled:
    """The message, recalled: by its sender or an administrator above all its targets. Repeating it changes nothing.

    A sender who administers nothing any more can still recall. Raises `HubError` administrator-required, not-found where the caller may not
    see it, audience-out-of-reach where they may but not recall it, rate-limited.
    """
    with engine.begin() as connection:
        found = _find_recallable(db.driver(connection), caller, message_id)
        if not (caller.is_administrator or (found is not None and found.is_sender)):
            raise errors.administrator_required()
        found = _check_recallable(found)
        rate.check()
        is_first = False
        if not found.is_recalled:
            db.lock(connection, purpose="recall", key=caller.platform_id)
            is_first = recalls.mark_recalled(
                connection, platform_id=caller.platform_id, message_id=message_id, user_id=caller.user_id
            )
        if is_first:
            event = audit.Event("recall", "recalled", caller.platform_id, caller.user_id, origin, message_id)
            audit.insert(db.driver(connection), event)
            _logger.info("message recalled", message_id=str(message_id))
        return Recalled(_get_message(connection, caller, message_id), repeated=not is_first)


def _find_recallable(
    connection: psycopg.Connection[Any], caller: Caller, message_id: uuid.UUID
) -> recalls.Recallable | None:
    return recalls.find_recallable(
        connection, platform_id=caller.platform_id, message_id=message_id, user_id=caller.user_id
    )


def _check_recallable(found: recalls.Recallable | None) -> recalls.Recallable:
    """Raises `HubError` not-found where the caller may not see the message, audience-out-of-reach where they may not recall it."""
    if found is None or not found.is_visible:
        raise errors.not_found("message")
    if not found.is_within_reach:
        raise errors.HubError(
            "audience-out-of-reach",
            "Only its sender or an administrator above all its targets may recall or correct it.",
        )
    return found


def _accept(engine: Engine, new: store.New, rate: rate_limit.Verdict) -> Accepted | store.Earlier:
    with db.autocommit(engine) as connection:
        earlier = None
        if new.idempotency_key is not None:
            earlier = store.find_earlier(connection, sender_id=new.caller.user_id, idempotency_key=new.idempotency_key)
        if earlier is not None and earlier.request_hash == new.content.request_hash:
            rate.check()
            return earlier

        def check(choice: audience_store.Choice) -> audience_store.Choice:
            check_content(connection, new.caller, new.content, choice)
            if earlier is not None:
                raise errors.HubError(
                    "idempotency-key-reused",
                    "You have sent another message with this Idempotency-Key.",
                    message_id=str(earlier.id),
                )
            rate.check()
            return choice

        return Accepted(queued(new, store_message(connection, new=new, check=check)), replayed=False)


def check_content(
    connection: psycopg.Connection[Any],
    caller: Caller,
    content: domain.Content,
    choice: audience_store.Choice,
    *,
    at: datetime | None = None,
) -> None:
    """Raises `HubError` where the caller cannot send the content to this choice, now or `at` a later time.

    Validation-failed for what is unknown or not valid, audience-out-of-reach, not-found and recalled for the message that it follows or
    corrects, expires-too-early, and no-recipients where a follow-up would reach no one now.
    """
    at = at or choice.now
    audiences.check_choice(choice, invalid=content.find_invalid(categories=choice.categories, now=at))
    if content.is_expired(at):
        raise errors.HubError(
            "expires-too-early",
            "The message would have expired before it is sent.",
            errors={"expires_at": ["Must be after the message is sent."]},
        )
    if choice.follow_up is not None and not follow_ups.has_recipients(connection, choice=choice):
        done = "read" if content.only == "unread" else "acknowledged"
        raise errors.HubError(
            "no-recipients", f"Everyone who got the earlier message has {done} it, or is not active any more."
        )
    if content.supersedes is not None:
        earlier = _check_recallable(_find_recallable(connection, caller, content.supersedes))
        if earlier.is_recalled:
            raise errors.HubError("recalled", "The message that it corrects was recalled.")
        if earlier.is_superseded:
            raise _superseded()


def _superseded() -> errors.HubError:
    return errors.validation_failed({"supersedes": ["Another message corrects it already: correct that one."]})


def get_choice(connection: psycopg.Connection[Any], caller: Caller, content: domain.Content) -> audience_store.Choice:
    """What the content would be addressed to now."""
    return audiences.get_choice(
        connection, caller, audience=content.audience, follows=content.follows, only=content.only
    )


def store_message(
    connection: psycopg.Connection[Any],
    *,
    new: store.New,
    check: Callable[[audience_store.Choice], audience_store.Choice],
) -> store.Accepted:
    """Stores a message for the recipients that the directory has now; in a transaction of the caller's or in autocommit.

    `check` raises what stands against the choice, or returns it, perhaps without scopes that exist no more. Raises `HubError` unavailable
    where the directory changes all the time.
    """
    return store_chosen(connection, new=new, choose=lambda: check(get_choice(connection, new.caller, new.content)))


def store_chosen(
    connection: psycopg.Connection[Any], *, new: store.New, choose: Callable[[], audience_store.Choice]
) -> store.Accepted:
    """As `store_message`, for the choice that `choose` reads each time."""
    for _attempt in range(_ATTEMPTS):
        try:
            stored = store.insert_message(connection, new=new, choice=choose())
        except psycopg.errors.UniqueViolation as error:
            if error.diag.constraint_name != store.SUPERSEDED_ONCE:
                raise
            raise _superseded() from None
        if stored is not None:
            return stored
    raise errors.unavailable("The directory of this platform is being changed. Try again.")


def queued(new: store.New, stored: store.Accepted) -> sent_messages.SentMessage:
    """The message that was just stored."""
    asked = new.content.acknowledgement
    return sent_messages.SentMessage(
        id=stored.id,
        title=new.content.title,
        body=new.content.body,
        audience=stored.audience,
        category=new.content.category,
        priority=new.content.priority,
        pinned_until=new.content.pinned_until,
        expires_at=new.content.expires_at,
        sender=sent_messages.Person(id=new.caller.external_id, name=new.caller.name),
        status="queued",
        recipient_count=None,
        delivered_count=0,
        created_at=stored.created_at,
        sent_at=stored.sent_at,
        completed_at=None,
        recalled_at=None,
        recalled_by=None,
        expired=False,
        entries_dropped=False,
        follows=new.content.follows,
        only=new.content.only,
        acknowledgement=None
        if asked is None
        else sent_messages.AskedAcknowledgement(
            statement=asked.statement,
            due_at=stored.due_at,
            remind_days_before=stored.remind_days_before,
            content_hash=acknowledgements.format_hash(new.content.content_hash or b""),
        ),
        supersedes=new.content.supersedes,
        superseded_at=None,
        superseded_by=None,
        change_summary=new.content.change_summary,
    )


def _get_message(connection: Connection, caller: Caller, message_id: uuid.UUID) -> sent_messages.SentMessage:
    viewer = sent_messages.get_viewer(connection, user_id=caller.user_id, platform_id=caller.platform_id)
    (message,) = sent_messages.get_messages(connection, ids=[message_id], viewer=viewer)
    return message
