"""Reminds those who have not acknowledged a message. Called by the route."""

import math
import uuid

from sqlalchemy import Engine

from services.compose_api import notices
from services.compose_api.actions import messages
from services.compose_api.store import audiences as audience_store
from services.compose_api.store import messages as message_store
from services.compose_api.store import reminders as store
from shared import audit, db, errors, logging, rate_limit
from shared.auth.store import Caller
from shared.sent_messages.store import SentMessage

_logger = logging.get_logger(__name__)


def remind(
    engine: Engine,
    *,
    caller: Caller,
    message_id: uuid.UUID,
    note: str | None,
    origin: audit.Origin,
    rate: rate_limit.Verdict,
) -> SentMessage:
    """A follow-up in the caller's name to those within their reach who have not acknowledged the message, at most one in 24 hours.

    Raises `HubError` as sending a follow-up does, message-expired, reminder-too-soon.
    """
    with engine.begin() as transaction:
        connection = db.driver(transaction)
        db.lock(transaction, purpose="remind", key=f"{message_id}:{caller.user_id}")
        earlier = store.find(connection, message_id=message_id, platform_id=caller.platform_id, user_id=caller.user_id)
        if earlier is None:
            raise errors.not_found("message")
        content = notices.reminder(earlier, note=note)
        new = message_store.New(caller, content, origin, detail="reminder")

        def check(choice: audience_store.Choice) -> audience_store.Choice:
            messages.check_content(connection, caller, content, choice)
            if earlier.is_expired:
                raise errors.HubError("message-expired", "The message has expired: nobody can acknowledge it any more.")
            if earlier.wait_s is not None:
                raise errors.HubError(
                    "reminder-too-soon",
                    "You have reminded of this message less than 24 hours ago.",
                    headers={"Retry-After": str(max(1, math.ceil(earlier.wait_s)))},
                )
            rate.check()
            return choice

        stored = messages.store_message(connection, new=new, check=check)
    _logger.info("reminder sent", message_id=str(stored.id))
    return messages.queued(new, stored)
