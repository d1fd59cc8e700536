"""Counting acknowledgements: each once, whatever runs twice, dies or comes meanwhile; tests/inbox_api/test_acknowledgements.py has the
numbers that administrators see.
"""

import uuid
from collections.abc import Callable
from unittest import mock

import pytest

from services.fanout_worker.actions import count, sweep
from services.fanout_worker.store import acknowledgements as store
from tests import factories
from tests.fanout_worker.conftest import Hub


@pytest.fixture
def people(hub: Hub) -> list[factories.User]:
    return [user for clinic in hub.clinics for user in hub.join(clinic, count=2)]


def asking(hub: Hub) -> uuid.UUID:
    """A message in flight that asks for an acknowledgement."""
    message_id = hub.accept()
    with hub.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE messages SET statement = 'Read.', content_hash = sha256('it') WHERE id = %s", (message_id,)
        )
    return message_id


def acknowledge(hub: Hub, message_id: uuid.UUID, *users: factories.User) -> None:
    with hub.engine.begin() as connection:
        connection.exec_driver_sql(
            """
            INSERT INTO acknowledgements (message_id, user_id, sent_at, acknowledged_at, content_hash, authentication, request_id)
            SELECT m.id, u, m.sent_at, m.sent_at, m.content_hash, 'shared-secret', 'request'
            FROM messages m, unnest(%s::bigint[]) AS u WHERE m.id = %s
            """,
            ([one.id for one in users], message_id),
        )


def counts(hub: Hub, message_id: uuid.UUID) -> dict[int, tuple[int, int]]:
    """Recipients and acknowledged by scope."""
    with hub.engine.begin() as connection:
        rows = connection.exec_driver_sql(
            "SELECT scope_id, recipients, acknowledged FROM acknowledgement_counts WHERE message_id = %s", (message_id,)
        )
        return {row.scope_id: (row.recipients, row.acknowledged) for row in rows}


def waiting(hub: Hub) -> int:
    with hub.engine.begin() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM uncounted_acknowledgements").scalar_one())


def test_a_sweep_counts_a_message_once_it_is_written_and_each_acknowledgement_once(
    hub: Hub, people: list[factories.User]
) -> None:
    message_id = asking(hub)
    acknowledge(hub, message_id, *people[:3])
    sweep.sweep(hub.context)
    assert (counts(hub, message_id), waiting(hub)) == ({}, 3)
    hub.expand(message_id)
    hub.work()
    for _ in range(2):
        sweep.sweep(hub.context)
        found = counts(hub, message_id)
        assert waiting(hub) == 0
        assert found[hub.platform.id] == (len(people) + 1, 3)
        assert [found[clinic.id] for clinic in hub.clinics[:3]] == [(2, 2), (2, 1), (2, 0)]
    acknowledge(hub, message_id, *people[3:5])
    sweep.sweep(hub.context)
    assert counts(hub, message_id)[hub.platform.id] == (len(people) + 1, 5)


def test_a_worker_that_dies_between_counting_and_its_commit_has_counted_nothing(
    hub: Hub, people: list[factories.User]
) -> None:
    message_id = asking(hub)
    hub.expand(message_id)
    hub.work()
    acknowledge(hub, message_id, *people)

    for name in ("count_recipients", "add_acknowledgements"):
        work = getattr(store, name)

        def work_and_die(*arguments: object, work: Callable[..., object] = work, **named: object) -> None:
            work(*arguments, **named)
            raise SystemExit

        with mock.patch.object(store, name, work_and_die), pytest.raises(SystemExit):
            count.count_acknowledgements(hub.context)
        assert waiting(hub) == len(people)
        assert counts(hub, message_id).get(hub.platform.id) == (
            None if name == "count_recipients" else (len(people) + 1, 0)
        )
    count.count_acknowledgements(hub.context)
    assert counts(hub, message_id)[hub.platform.id] == (len(people) + 1, len(people))


def test_two_workers_do_not_count_at_once(hub: Hub, people: list[factories.User]) -> None:
    message_id = asking(hub)
    hub.expand(message_id)
    hub.work()
    acknowledge(hub, message_id, *people)
    with hub.engine.begin() as other:
        assert store.claim_counting(other)
        count.count_acknowledgements(hub.context)
        assert (counts(hub, message_id), waiting(hub)) == ({}, len(people))
    count.count_acknowledgements(hub.context)
    assert (counts(hub, message_id)[hub.platform.id][1], waiting(hub)) == (len(people), 0)


def test_a_large_queue_is_counted_in_several_transactions(hub: Hub, people: list[factories.User]) -> None:
    messages = [asking(hub) for _ in range(2)]
    for message_id in messages:
        hub.expand(message_id)
    hub.work()
    for message_id in messages:
        acknowledge(hub, message_id, *people)
    with mock.patch.object(count, "_ACKNOWLEDGEMENTS", 10):
        count.count_acknowledgements(hub.context)
    assert [counts(hub, one)[hub.platform.id][1] for one in messages] == [len(people)] * 2


def test_a_recalled_message_is_counted_although_it_is_never_written(hub: Hub, people: list[factories.User]) -> None:
    message_id = asking(hub)
    acknowledge(hub, message_id, people[0])
    hub.recall(message_id)
    count.count_acknowledgements(hub.context)
    assert (counts(hub, message_id)[hub.platform.id], waiting(hub)) == ((len(people) + 1, 1), 0)


def test_a_message_that_asks_for_nothing_is_not_counted(hub: Hub) -> None:
    message_id = hub.accept()
    hub.expand(message_id)
    hub.work()
    count.count_acknowledgements(hub.context)
    assert counts(hub, message_id) == {}


def test_counts_are_dropped_with_the_acknowledgements(hub: Hub, people: list[factories.User]) -> None:
    message_id = asking(hub)
    hub.expand(message_id)
    hub.work()
    acknowledge(hub, message_id, *people)
    count.count_acknowledgements(hub.context)
    with hub.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE messages SET sent_at = '2010-01-15' WHERE id = %s", (message_id,))
    sweep.keep_partitions(hub.context)
    assert counts(hub, message_id) == {}
