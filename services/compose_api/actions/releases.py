"""Releases scheduled drafts: each becomes a message in the ordinary accepting transaction. Called by the releaser and by operators."""

import dataclasses
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, Engine

from services.compose_api import local_times
from services.compose_api.actions import messages
from services.compose_api.actions.drafts import Read
from services.compose_api.store import audiences as audience_store
from services.compose_api.store import drafts as draft_store
from services.compose_api.store import messages as message_store
from services.compose_api.store import releases as store
from shared import audit, database_errors, db, errors, logging, request_ids
from shared.auth import authenticator
from shared.auth import store as auth_store
from shared.auth.store import Caller
from shared.sent_messages.store import SentMessage

_logger = logging.get_logger(__name__)


@dataclass(frozen=True)
class Released:
    """The message that came of a draft, and how late it was sent."""

    message: SentMessage
    sender: Caller
    origin: audit.Origin
    lateness_s: float


@dataclass(frozen=True)
class Postponed:
    """The draft could not be released for a reason that passes, which may hold for its whole platform."""

    platform_id: int


Outcome = Released | Postponed | draft_store.Ending


def get_wait(engine: Engine) -> float | None:
    """Seconds until the next scheduled draft is due, negative where it is late; None where none is scheduled or all are held."""
    with db.autocommit(engine) as connection:
        return store.get_wait(connection)


def release_next(engine: Engine, *, read: Read, skipped_platforms: Sequence[int] = ()) -> Outcome | None:
    """What became of the first draft that is due; None where none is, or while another process releases one.

    The lock lets one process release at a time, so drafts are released in the order of their times.
    """
    with engine.begin() as transaction:
        if not db.try_lock(transaction, purpose="release", key="drafts"):
            return None
        due = store.claim(db.driver(transaction), skipped_platforms=skipped_platforms)
        if due is None:
            return None
        if due.now > due.not_after:
            return _end(transaction, due, "missed", "too-late", "The hub did not release it in time.")
        return _release(transaction, due, read)


def release_draft(engine: Engine, draft_id: uuid.UUID, *, read: Read) -> Outcome | None:
    """Releases a draft that is scheduled, was missed or failed: early, late and while releases are on hold. None if there is none."""
    with engine.begin() as transaction:
        due = store.claim_one(db.driver(transaction), draft_id=draft_id)
        return None if due is None else _release(transaction, due, read)


def resolve_again(engine: Engine) -> None:
    """Corrects the times of scheduled drafts where another release of tzdata says otherwise about their local times."""
    with db.autocommit(engine) as connection:
        drafts = store.list_local(connection)
    for draft in drafts:
        resolved = local_times.resolve(draft.local, draft.time_zone)
        if resolved.at == draft.send_at:
            continue
        with engine.begin() as transaction:
            connection = db.driver(transaction)
            if store.move(connection, draft=draft, send_at=resolved.at, adjusted=resolved.adjusted):
                detail = f"for {resolved.at.isoformat()}, by new rules of {draft.time_zone}"
                origin = audit.Origin(request_ids.accept(""))
                event = audit.Event(
                    "draft", "changed", draft.platform_id, draft.sender_id, origin, draft.id, detail=detail
                )
                audit.insert(connection, event)
                _logger.warning("draft moved by new rules of its time zone", draft_id=str(draft.id))


def _release(transaction: Connection, due: store.Due, read: Read) -> Outcome:
    try:
        with transaction.begin_nested():
            return _accept(transaction, due, read)
    except errors.HubError as error:
        if error.code == "unavailable":
            return Postponed(due.platform_id)
        state: Literal["missed", "failed"] = "missed" if error.code == "expires-too-early" else "failed"
        return _end(transaction, due, state, error.code, error.in_words())
    except Exception as error:
        if database_errors.is_passing(error):
            _logger.warning("a draft is released later", draft_id=str(due.id), reason=database_errors.reason(error))
            return Postponed(due.platform_id)
        # It would fail again each second, and keep those behind it waiting.
        _logger.error("a draft could not be released", draft_id=str(due.id), exc_info=error)
        return _end(
            transaction, due, "failed", "internal-error", "Something went wrong on our side; the logs say what."
        )


def _accept(transaction: Connection, due: store.Due, read: Read) -> Released:
    """Raises `HubError` as the same request of its sender would now."""
    connection = db.driver(transaction)
    sender = auth_store.find_caller(connection, platform=due.platform, user=due.sender)
    assert sender is not None  # noqa: S101 (the draft refers to them)
    authenticator.check_active(sender)
    authenticator.check_plan(sender)
    authenticator.check_administrator(sender)
    content = read(due.content)
    origin = audit.Origin(request_ids.accept(""))
    left_out: list[str] = []

    def check(choice: audience_store.Choice) -> audience_store.Choice:
        """Scopes that were closed since are left out, unless they are all."""
        if choice.targets:
            left_out[:] = [external_id for _level, external_id in choice.unknown]
            choice = dataclasses.replace(choice, unknown=())
        messages.check_content(connection, sender, content, choice)
        return choice

    new = message_store.New(
        sender, content, origin, message_id=due.id, detail=f"draft scheduled for {due.send_at.isoformat()}"
    )
    stored = messages.store_message(connection, new=new, check=check)
    note = f"Left out, because they were closed: {errors.listed(left_out)}." if left_out else None
    _set_end(transaction, due, draft_store.Ending("released", detail=note))
    lateness_s = (stored.sent_at - due.send_at).total_seconds()
    _logger.info(
        "draft released", message_id=str(due.id), request_id=origin.request_id, lateness_s=round(lateness_s, 3)
    )
    return Released(messages.queued(new, stored), sender, origin, lateness_s)


def _end(
    transaction: Connection, due: store.Due, state: Literal["missed", "failed"], reason: str, detail: str
) -> draft_store.Ending:
    ending = draft_store.Ending(state, reason, detail)
    _set_end(transaction, due, ending)
    origin = audit.Origin(request_ids.accept(""))
    event = audit.Event("draft", state, due.platform_id, due.sender_id, origin, due.id, reason)
    audit.insert(db.driver(transaction), event)
    _logger.warning(f"draft {state}", draft_id=str(due.id), reason=reason)
    return ending


def _set_end(transaction: Connection, due: store.Due, ending: draft_store.Ending) -> None:
    draft_store.end(db.driver(transaction), draft_id=due.id, ending=ending, sender_id=due.sender_id, now=due.now)
