"""A hub without HTTP or Celery: a database of the test's own, accepted messages, and the worker's actions on it."""

import dataclasses
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

import celery
import pytest
import sqlalchemy
from sqlalchemy import Engine

from services.compose_api.store import backlog
from services.fanout_worker import settings, tasks
from services.fanout_worker.actions import deliver, expand
from services.fanout_worker.actions.context import Context
from shared import broker, contracts, db
from shared import settings as shared_settings
from shared.audience import ChosenScopes
from tests import conftest as base
from tests import factories, messages


class StillBroker:
    """A broker that says what the test tells it to say. Only for the sweep's decisions; queues.py is tested on Redis."""

    def __init__(self) -> None:
        self.emptied = False
        self.is_filling = False
        self.waiting: dict[str, datetime] = {}

    def was_emptied(self) -> bool:
        return self.emptied

    def empty(self) -> None:
        """As a Redis that was started again."""
        self.emptied, self.is_filling = True, False

    def mark_filling(self) -> None:
        self.is_filling = True

    def mark_filled(self) -> None:
        self.emptied = self.emptied and not self.is_filling

    def waiting_since(self, queue: str) -> datetime | None:
        return self.waiting.get(queue)


@dataclasses.dataclass
class Hub:
    """One platform with 3 organisations of 3 clinics; `context` is the worker's, with batches of 10 people."""

    engine: Engine
    compose: Engine
    context: Context
    published: base.Published
    broker: StillBroker
    platform: factories.Platform
    organisations: list[factories.Organisation]
    clinics: list[factories.Clinic]
    sender: factories.User

    def join(self, *scopes: factories.Scope, count: int = 1) -> list[factories.User]:
        """New users, members of all of `scopes`."""
        with self.engine.begin() as connection:
            return [factories.user(connection, self.platform, *scopes) for _ in range(count)]

    def accept(self, audience: ChosenScopes = messages.EVERYONE, **stated: Any) -> uuid.UUID:
        return messages.accept(self.compose, self.sender, self.platform, audience, **stated)

    def cut(self, *, people: int = 25) -> uuid.UUID:
        """A message to so many people, cut into batches of at most 7, of which none is written. No task waits any more."""
        self.join(count=people - 1)
        message_id = self.accept()
        self.expand(message_id)
        self.published.contracts.clear()
        return message_id

    def recall(self, message_id: uuid.UUID) -> None:
        messages.recall(self.compose, self.sender, self.platform, message_id)

    def recipients(self, message_id: uuid.UUID) -> list[int]:
        return messages.recipients(self.engine, message_id)

    def one(self, statement: str, message_id: uuid.UUID) -> sqlalchemy.Row[tuple[object, ...]]:
        """The one row of a statement about the message `:id`."""
        with self.engine.connect() as connection:
            return connection.execute(sqlalchemy.text(statement), {"id": message_id}).one()

    def message(self, message_id: uuid.UUID) -> sqlalchemy.Row[tuple[object, ...]]:
        return self.one("SELECT * FROM messages WHERE id = :id", message_id)

    def in_flight(self, message_id: uuid.UUID) -> int:
        return int(self.one("SELECT count(*) FROM inflight_targets WHERE message_id = :id", message_id)[0])

    def execute(self, statement: str, **parameters: object) -> None:
        with self.engine.begin() as connection:
            connection.execute(sqlalchemy.text(statement), parameters)

    def counters(self) -> dict[str, int]:
        with self.engine.connect() as connection:
            rows = connection.execute(sqlalchemy.text("SELECT name, value FROM fanout_counters"))
            return {str(name): int(value) for name, value in rows}

    def last_refused(self) -> str:
        """The task and the reason."""
        with self.engine.connect() as connection:
            found = backlog.find_refused(connection)
        assert found is not None
        return found.last

    def work(self) -> None:
        """Runs what was published, and what that publishes, to the end."""
        while self.published.contracts:
            self.run(self.published.contracts.pop(0))

    def run(self, task: contracts.Contract) -> None:
        if isinstance(task, contracts.ExpandMessage):
            expand.expand_message(self.context, message_id=uuid.UUID(task.message_id))
        elif isinstance(task, contracts.DeliverBatch):
            deliver.deliver_batch(self.context, message_id=uuid.UUID(task.message_id), seq=task.seq)

    def expand(self, message_id: uuid.UUID) -> None:
        expand.expand_message(self.context, message_id=message_id)

    def deliver(self, message_id: uuid.UUID, seq: int) -> None:
        deliver.deliver_batch(self.context, message_id=message_id, seq=seq)


def call(app: celery.Celery, contract: contracts.Contract, **more: object) -> None:
    """Runs the task's body as a worker does, with the arguments as they travel."""
    app.tasks[contract.task].run(**{**contracts.arguments(contract), **more})


def worker_settings(database_url: str, *, batch_size: int = 10) -> settings.Settings:
    return settings.Settings(
        database=base.database_settings(database_url),
        redis_url="redis://unused.invalid:1/0",
        log=shared_settings.Log(level="info", format="json"),
        batch_size=batch_size,
        expand_step_ms=10_000,
        sweep_seconds=5,
        retention_months=24,
        acknowledgement_months=84,
        heartbeat_file=None,
    )


@pytest.fixture
def hub(make_engine: Callable[..., Engine], owner_engine: Engine, database_url: str, published: base.Published) -> Hub:
    still = StillBroker()
    with owner_engine.begin() as connection:
        platform = factories.platform(connection)
        organisations = [factories.organisation(connection, platform) for _ in range(3)]
        clinics = [factories.clinic(connection, organisation) for organisation in organisations for _ in range(3)]
        sender = factories.user(connection, platform)
        factories.administrator(connection, sender, platform)
    return Hub(
        engine=owner_engine,
        compose=make_engine(db.COMPOSE_ROLE),
        context=Context(make_engine(db.WORKER_ROLE), published, still, worker_settings(database_url)),
        published=published,
        broker=still,
        platform=platform,
        organisations=organisations,
        clinics=clinics,
        sender=sender,
    )


@pytest.fixture
def app(hub: Hub) -> celery.Celery:
    """The worker's tasks, without a broker."""
    made = broker.make_celery("redis://nobody-listens.invalid:1/0")
    tasks.register(made, lambda: hub.context)
    return made
