"""Reminds of acknowledgements by itself, and gives notice when they are due. Called by the releaser.

A step's row changes in the transaction that stores its messages. So each reminder, and each clinic's notice, is sent once, whenever
processes end. The sender gave the authority when the message was accepted: their reach today does not matter.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, Engine

from services.compose_api import notices
from services.compose_api.actions import messages
from services.compose_api.store import follow_ups
from services.compose_api.store import messages as message_store
from services.compose_api.store import steps as store
from shared import audit, database_errors, db, errors, logging, request_ids
from shared.auth import store as auth_store
from shared.auth.store import Caller
from shared.sent_messages.store import SentMessage

MAX_LATENESS = timedelta(hours=24)
# In one transaction, which holds the platform's lock for as long as their inserts take.
CLINICS = 10
_logger = logging.get_logger(__name__)


@dataclass(frozen=True)
class Sent:
    """A message that a step sent."""

    message: SentMessage
    sender: Caller
    origin: audit.Origin


@dataclass(frozen=True)
class Taken:
    """A part of a step, with what it sent. `is_postponed`: it could not be done for a reason that passes."""

    message_id: uuid.UUID
    sent: tuple[Sent, ...] = ()
    is_postponed: bool = False


def take_next(engine: Engine, *, public_url: str | None, skipped: Sequence[uuid.UUID] = ()) -> Taken | None:
    """Does the first step that is due, or the next part of it; None where none is. Steps of the `skipped` messages are left out."""
    with engine.begin() as transaction:
        due = store.claim(db.driver(transaction), skipped=skipped)
        if due is None:
            return None
        if reason := _why_skipped(due):
            return _skip(transaction, due, reason)
        try:
            with transaction.begin_nested():
                sent = _remind(transaction, due) if due.kind == "remind" else _give_notice(transaction, due, public_url)
        except Exception as error:
            is_passing = (
                error.code == "unavailable" if isinstance(error, errors.HubError) else database_errors.is_passing(error)
            )
            if is_passing:
                _logger.warning(
                    "a reminder is sent later", message_id=str(due.message_id), reason=database_errors.reason(error)
                )
                return Taken(due.message_id, is_postponed=True)
            # It would fail again each second.
            _logger.error("a reminder could not be sent", message_id=str(due.message_id), exc_info=error)
            return _skip(transaction, due, "internal-error")
        return Taken(due.message_id, sent)


def _why_skipped(due: store.Due) -> str | None:
    """Of an expired message nobody is reminded, but its clinics learn how many had not acknowledged it."""
    if due.is_recalled:
        return "recalled"
    if due.is_superseded:
        return "superseded"
    if due.entries_dropped:
        return "past-retention"
    if due.is_expired and due.kind == "remind":
        return "expired"
    return "too-late" if due.now > due.at + MAX_LATENESS else None


def _skip(transaction: Connection, due: store.Due, reason: str) -> Taken:
    store.end(db.driver(transaction), due=due, reason=reason)
    _logger.warning("a reminder is skipped", message_id=str(due.message_id), kind=due.kind, reason=reason)
    return Taken(due.message_id)


def _remind(transaction: Connection, due: store.Due) -> tuple[Sent, ...]:
    """One follow-up to all who have not acknowledged; none where everybody has."""
    connection = db.driver(transaction)
    store.end(connection, due=due)
    if not follow_ups.has_recipients(connection, choice=store.get_choice(connection, due=due)):
        return ()
    sender, origin = _get_sender(transaction, due), audit.Origin(request_ids.accept(""))
    new = message_store.New(
        sender, notices.reminder(due.message), origin, detail="automatic reminder", notice_of=due.message_id
    )
    stored = messages.store_chosen(connection, new=new, choose=lambda: store.get_choice(connection, due=due))
    _logger.info("reminder sent", message_id=str(stored.id), request_id=origin.request_id)
    return (Sent(messages.queued(new, stored), sender, origin),)


def _give_notice(transaction: Connection, due: store.Due, public_url: str | None) -> tuple[Sent, ...]:
    """A notice to the administrators of each of the next clinics where somebody has not acknowledged."""
    connection = db.driver(transaction)
    clinics = store.list_clinics(connection, due=due, limit=CLINICS)
    if len(clinics) < CLINICS:
        store.end(connection, due=due)
    if clinics:
        store.move(connection, due=due, after_scope_id=clinics[-1].target.scope_id)
    concerned = [one for one in clinics if one.outstanding and one.has_administrators]
    sender = _get_sender(transaction, due)
    return tuple(_notify(transaction, due, sender, clinic, public_url) for clinic in concerned)


def _notify(
    transaction: Connection, due: store.Due, sender: Caller, clinic: store.Clinic, public_url: str | None
) -> Sent:
    connection, origin = db.driver(transaction), audit.Origin(request_ids.accept(""))
    content = notices.due_notice(
        due.message,
        clinic=clinic.target.external_id,
        clinic_name=clinic.name,
        outstanding=clinic.outstanding,
        public_url=public_url,
    )
    new = message_store.New(
        sender,
        content,
        origin,
        detail=f"notice of {due.message_id}",
        notice_of=due.message_id,
        recipient_role="administrator",
    )
    stored = messages.store_chosen(
        connection, new=new, choose=lambda: store.get_clinic_choice(connection, due=due, clinic=clinic)
    )
    return Sent(messages.queued(new, stored), sender, origin)


def _get_sender(transaction: Connection, due: store.Due) -> Caller:
    sender = auth_store.find_caller(db.driver(transaction), platform=due.platform, user=due.sender)
    assert sender is not None  # noqa: S101 (the message refers to them)
    return sender
