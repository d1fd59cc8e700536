import uuid

import pytest
import sqlalchemy

from services.fanout_worker.actions import complete, deliver
from services.fanout_worker.domain import batching
from tests import factories, messages, statements, threads
from tests.fanout_worker.conftest import Hub


@pytest.fixture
def message_id(hub: Hub) -> uuid.UUID:
    """A message to 25 people, cut into batches of 7, 7, 7 and 4, none delivered."""
    return hub.cut()


def delivered(hub: Hub, message_id: uuid.UUID) -> int:
    statement = "SELECT count(delivered_at) FROM fanout_batches WHERE message_id = :id"
    return int(hub.one(statement, message_id)[0])


def test_a_batch_is_written_exactly_once_however_often_its_task_runs(hub: Hub, message_id: uuid.UUID) -> None:
    for _ in range(3):
        hub.deliver(message_id, 2)
    assert len(hub.recipients(message_id)) == 7
    assert delivered(hub, message_id) == 1
    assert hub.message(message_id).status == "sending"


def test_the_last_batch_makes_the_message_sent_and_takes_it_out_of_flight(hub: Hub, message_id: uuid.UUID) -> None:
    for seq in (3, 4, 1):
        hub.deliver(message_id, seq)
        assert hub.message(message_id).status == "sending"
        assert hub.in_flight(message_id) == 1
    hub.deliver(message_id, 2)
    message = hub.message(message_id)
    assert (message.status, message.recipient_count) == ("sent", 25)
    assert message.completed_at >= message.sent_at
    assert hub.in_flight(message_id) == 0
    assert len(set(hub.recipients(message_id))) == 25


def test_a_batch_that_another_worker_holds_is_left_to_it(hub: Hub, message_id: uuid.UUID) -> None:
    with hub.engine.begin() as other_worker:
        other_worker.execute(
            sqlalchemy.text("SELECT FROM fanout_batches WHERE message_id = :id AND seq = 1 FOR UPDATE"),
            {"id": message_id},
        )
        hub.deliver(message_id, 1)
        assert hub.recipients(message_id) == []
    hub.deliver(message_id, 1)
    assert len(hub.recipients(message_id)) == 7


def test_dying_after_writing_and_before_the_commit_leaves_nothing_and_the_next_run_writes_all(
    hub: Hub, message_id: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_args: object, **_kwargs: object) -> None:
        raise SystemExit("killed")

    with monkeypatch.context() as patch:
        patch.setattr("services.fanout_worker.store.batches.mark_delivered", die)
        with pytest.raises(SystemExit):
            hub.deliver(message_id, 1)
    assert hub.recipients(message_id) == []
    assert delivered(hub, message_id) == 0
    hub.deliver(message_id, 1)
    assert len(hub.recipients(message_id)) == 7


def test_dying_between_the_two_transactions_leaves_a_message_that_completing_finishes(
    hub: Hub, message_id: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seq in (1, 2, 3):
        hub.deliver(message_id, seq)
    with monkeypatch.context() as patch:
        patch.setattr(complete, "complete_message", lambda *_args, **_kwargs: None)
        hub.deliver(message_id, 4)
    assert hub.message(message_id).status == "sending"
    hub.deliver(message_id, 4)
    assert hub.message(message_id).status == "sent"


def test_two_last_batches_at_the_same_time_still_complete_the_message(hub: Hub, message_id: uuid.UUID) -> None:
    hub.deliver(message_id, 1)
    hub.deliver(message_id, 2)
    threads.together(lambda: hub.deliver(message_id, 3), lambda: hub.deliver(message_id, 4))
    assert hub.message(message_id).status == "sent"
    assert len(hub.recipients(message_id)) == 25


def test_a_batch_that_would_reach_others_than_were_counted_is_not_committed(hub: Hub, message_id: uuid.UUID) -> None:
    hub.execute("UPDATE fanout_batches SET recipient_count = 9 WHERE seq = 1")
    with pytest.raises(batching.WrongCountError):
        deliver.deliver_batch(hub.context, message_id=message_id, seq=1)
    assert hub.recipients(message_id) == []


def test_of_a_recalled_message_nothing_more_is_written(hub: Hub, message_id: uuid.UUID) -> None:
    hub.deliver(message_id, 1)
    hub.recall(message_id)
    hub.deliver(message_id, 2)
    assert len(hub.recipients(message_id)) == 7
    assert delivered(hub, message_id) == 1


def test_a_batch_that_does_not_exist_is_no_error(hub: Hub, message_id: uuid.UUID) -> None:
    hub.deliver(message_id, 99)
    hub.deliver(uuid.uuid4(), 1)
    assert hub.recipients(message_id) == []


def test_joining_leaving_moving_and_being_disabled_change_nothing_about_an_accepted_message(hub: Hub) -> None:
    people = hub.join(hub.clinics[0], count=25)
    message_id = hub.accept(messages.aimed_at(hub.organisations[0]))
    expected = sorted(person.id for person in people)
    churn = iter(people)

    def change() -> None:
        with hub.engine.begin() as connection:
            factories.leave(connection, next(churn), hub.clinics[0])
            factories.set_status(connection, next(churn), "disabled")
            mover = next(churn)
            factories.leave(connection, mover, hub.clinics[0])
            factories.member(connection, mover, hub.clinics[4])
            factories.user(connection, hub.platform, hub.clinics[0])

    change()
    hub.expand(message_id)
    for seq in range(1, 1 + int(hub.one("SELECT count(*) FROM fanout_batches WHERE message_id = :id", message_id)[0])):
        change()
        hub.deliver(message_id, seq)
    change()
    assert hub.recipients(message_id) == expected
    message = hub.message(message_id)
    assert (message.status, message.recipient_count) == ("sent", 25)


def test_a_batch_costs_a_fixed_number_of_statements(hub: Hub, message_id: uuid.UUID) -> None:
    with statements.counted() as sent:
        hub.deliver(message_id, 1)
    # claim, message, entries, delivered; then whether any is left
    assert len(sent) == 5, sent
