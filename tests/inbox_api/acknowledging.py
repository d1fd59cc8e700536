"""Messages that ask for an acknowledgement, people who acknowledge them, and the worker that counts."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import Engine

from services.fanout_worker.actions import count
from services.fanout_worker.actions.context import Context
from shared import acknowledgements
from tests import factories
from tests.inbox_api.hub import Hub, Sent

STATEMENT = "I have read and understood this."


def ask(hub: Hub, sender: factories.User, *targets: factories.Scope, due_at: datetime | None = None) -> Sent:
    """A message in flight that asks for an acknowledgement."""
    sent = hub.send(sender, *targets)
    content_hash = acknowledgements.content_hash(title="A notice", body="Read it.", statement=STATEMENT)
    hub.execute(
        "UPDATE messages SET statement = :asked, content_hash = :hash, due_at = :due_at WHERE id = :id",
        asked=STATEMENT,
        hash=content_hash,
        due_at=due_at,
        id=sent.id,
    )
    return sent


def acknowledge(hub: Hub, sent: Sent, users: Iterable[int], *, after: timedelta = timedelta(hours=1)) -> None:
    """These users acknowledge it so long after it was sent."""
    hub.execute(
        """
        INSERT INTO acknowledgements (message_id, user_id, sent_at, acknowledged_at, content_hash, authentication, request_id)
        SELECT m.id, u, m.sent_at, m.sent_at + :after, m.content_hash, 'shared-secret', 'request-' || u
        FROM messages m, unnest(CAST(:users AS bigint[])) AS u WHERE m.id = :id
        """,
        id=sent.id,
        users=sorted(users),
        after=after,
    )


def supersede(hub: Hub, sent: Sent) -> None:
    hub.execute("UPDATE messages SET superseded_at = now() WHERE id = :id", id=sent.id)


@dataclass(frozen=True)
class _Context:
    """As much of a worker's context as counting takes."""

    engine: Engine


def counting(worker: Engine) -> Callable[[], None]:
    """What a sweep does about acknowledgements. `worker` acts as the worker's role."""
    return lambda: count.count_acknowledgements(cast(Context, _Context(worker)))
