"""Accepts messages as compose_api does, for tests of what comes after."""

import uuid
from typing import Any

from sqlalchemy import Engine, text

from services.compose_api import domain
from services.compose_api.actions import messages
from services.inbox_api.store import readers
from shared import audit, db, rate_limit
from shared.audience import ChosenScopes
from shared.auth import store as auth
from tests import factories

ORIGIN = audit.Origin(request_id="request-of-a-test")
EVERYONE = ChosenScopes(everyone=True)


def aimed_at(*scopes: factories.Scope) -> ChosenScopes:
    """The audience of these organisations and clinics."""
    return ChosenScopes(
        everyone=False,
        organisations=tuple(scope.external_id for scope in scopes if isinstance(scope, factories.Organisation)),
        clinics=tuple(scope.external_id for scope in scopes if isinstance(scope, factories.Clinic)),
    )


def caller(engine: Engine, who: factories.User, of: factories.Platform) -> auth.Caller:
    with engine.connect() as connection:
        found = auth.find_caller(db.driver(connection), platform=of.key, user=who.external_id)
    assert found is not None
    return found


def reader(engine: Engine, who: factories.User, of: factories.Platform) -> readers.Reader:
    """The same, as inbox_api knows them."""
    with engine.connect() as connection:
        found = readers.find_reader(db.driver(connection), platform=of.key, user=who.external_id)
    assert found is not None
    return found


def accept(
    engine: Engine,
    who: factories.User,
    of: factories.Platform,
    audience: ChosenScopes,
    *,
    title: str = "Notice",
    **stated: Any,
) -> uuid.UUID:
    """The id of a message that is accepted and not yet expanded; `stated` is more of its content."""
    content = domain.Content(title=title, body="What it is about", audience=audience, **stated)
    accepted = messages.accept_message(
        engine,
        caller=caller(engine, who, of),
        content=content,
        idempotency_key=None,
        origin=ORIGIN,
        rate=rate_limit.Verdict(),
    )
    return accepted.message.id


def follow(
    engine: Engine, who: factories.User, of: factories.Platform, message_id: uuid.UUID, only: str = "unread"
) -> uuid.UUID:
    """The id of a follow-up, accepted and not yet expanded."""
    return accept(engine, who, of, domain.NO_SCOPES, follows=message_id, only=only)


def recall(engine: Engine, who: factories.User, of: factories.Platform, message_id: uuid.UUID) -> None:
    messages.recall_message(
        engine, caller=caller(engine, who, of), message_id=message_id, origin=ORIGIN, rate=rate_limit.Verdict()
    )


def recipients(engine: Engine, message_id: uuid.UUID) -> list[int]:
    """The user ids of a message's entries, sorted; somebody who has two stands there twice."""
    statement = text("SELECT user_id FROM inbox_entries WHERE message_id = :id ORDER BY user_id")
    with engine.connect() as connection:
        return list(connection.execute(statement, {"id": message_id}).scalars())
