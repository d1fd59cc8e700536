import dataclasses

import pytest
import sqlalchemy

from shared import contracts, db
from tests import messages, threads
from tests.fanout_worker.conftest import Hub


def ids(*users: object) -> list[int]:
    return sorted({user.id for user in users})  # type: ignore[attr-defined]


def test_a_small_audience_is_delivered_in_one_transaction_with_nothing_published(hub: Hub) -> None:
    people = hub.join(hub.clinics[0], count=3)
    hub.join(hub.clinics[1], count=2)
    message_id = hub.accept(messages.aimed_at(hub.clinics[0]))
    hub.expand(message_id)
    assert hub.recipients(message_id) == ids(*people)
    message = hub.message(message_id)
    assert (message.status, message.recipient_count, message.completed_at is not None) == ("sent", 3, True)
    assert hub.in_flight(message_id) == 0
    assert hub.published.contracts == []


def test_everyone_means_every_active_user_of_the_platform_and_of_no_other(hub: Hub) -> None:
    people = hub.join(count=4) + hub.join(hub.clinics[0], hub.organisations[1], count=2)
    with hub.engine.begin() as connection:
        other = messages.factories.platform(connection)
        messages.factories.user(connection, other)
        messages.factories.user(connection, hub.platform, status="pending")
        messages.factories.user(connection, hub.platform, status="disabled")
    message_id = hub.accept()
    hub.expand(message_id)
    assert hub.recipients(message_id) == ids(hub.sender, *people)


def test_an_organisation_means_its_members_and_those_of_its_clinics(hub: Hub) -> None:
    direct = hub.join(hub.organisations[0], count=2)
    through_clinics = hub.join(hub.clinics[0], count=2) + hub.join(hub.clinics[2], count=1)
    hub.join(hub.clinics[3], hub.organisations[1], count=3)
    message_id = hub.accept(messages.aimed_at(hub.organisations[0]))
    hub.expand(message_id)
    assert hub.recipients(message_id) == ids(*direct, *through_clinics)


def test_who_is_reached_through_several_scopes_gets_it_once(hub: Hub) -> None:
    both = hub.join(hub.clinics[0], hub.clinics[1], hub.organisations[1], count=4)
    message_id = hub.accept(
        messages.aimed_at(hub.organisations[0], hub.organisations[1], hub.clinics[0], hub.clinics[1])
    )
    hub.expand(message_id)
    assert hub.recipients(message_id) == ids(*both)


def test_an_empty_audience_is_sent_at_once_to_nobody(hub: Hub) -> None:
    message_id = hub.accept(messages.aimed_at(hub.clinics[8]))
    hub.expand(message_id)
    message = hub.message(message_id)
    assert (message.status, message.recipient_count) == ("sent", 0)
    assert hub.recipients(message_id) == []
    assert hub.in_flight(message_id) == 0


def test_an_audience_whose_only_batch_was_cut_in_an_earlier_step_is_sent_once_that_batch_is_written(hub: Hub) -> None:
    people = hub.join(hub.clinics[0], count=3)
    hub.join(hub.clinics[1], count=40)  # ids above theirs, where the next steps find nobody
    settings = dataclasses.replace(hub.context.settings, expand_step_ms=0)
    hub.context = dataclasses.replace(hub.context, settings=settings)
    message_id = hub.accept(messages.aimed_at(hub.clinics[0]))
    for _ in range(10):
        hub.expand(message_id)
    message = hub.message(message_id)
    assert (message.status, message.recipient_count, hub.recipients(message_id)) == ("sending", 3, [])
    hub.work()
    message = hub.message(message_id)
    assert (message.status, message.recipient_count, hub.recipients(message_id)) == ("sent", 3, ids(*people))


def test_a_large_audience_is_cut_into_batches_that_together_reach_everybody(hub: Hub) -> None:
    people = hub.join(hub.organisations[0], count=34)
    message_id = hub.accept(messages.aimed_at(hub.organisations[0]))
    hub.expand(message_id)
    message = hub.message(message_id)
    assert (message.status, message.recipient_count) == ("sending", 34)
    assert hub.published.contracts == [
        contracts.DeliverBatch(message_id=str(message_id), seq=seq, request_id="request-of-a-test")
        for seq in (1, 2, 3, 4)
    ]
    (published_at,) = hub.one("SELECT DISTINCT published_at FROM fanout_batches WHERE message_id = :id", message_id)
    assert {task.published_at for task in hub.published.contracts} == {published_at}
    assert hub.recipients(message_id) == []
    hub.work()
    assert hub.recipients(message_id) == ids(*people)
    assert hub.message(message_id).status == "sent"


def test_cutting_goes_on_in_steps_and_publishes_as_it_goes(hub: Hub) -> None:
    people = hub.join(count=34)
    hub.context = dataclasses.replace(hub.context, settings=dataclasses.replace(hub.context.settings, expand_step_ms=0))
    message_id = hub.accept()
    hub.expand(message_id)
    first_batch, onwards = hub.published.contracts
    assert isinstance(first_batch, contracts.DeliverBatch)
    assert isinstance(onwards, contracts.ExpandMessage)
    assert hub.message(message_id).recipient_count is None, "nobody may be told a count before it is one"
    hub.work()
    assert hub.recipients(message_id) == ids(hub.sender, *people)
    message = hub.message(message_id)
    assert (message.status, message.recipient_count) == ("sent", 35)


def test_running_twice_changes_nothing(hub: Hub) -> None:
    hub.join(count=24)
    small = hub.accept(messages.aimed_at(hub.clinics[0]))
    large = hub.accept()
    for message_id in (small, small, large, large):
        hub.expand(message_id)
    hub.work()
    hub.expand(large)
    assert hub.published.contracts == []
    assert len(hub.recipients(large)) == 25
    assert hub.one("SELECT count(*) FROM fanout_batches WHERE message_id = :id", large)[0] == 4


def test_of_two_at_once_the_second_leaves_it_to_the_first(hub: Hub) -> None:
    hub.join(count=24)
    message_id = hub.accept()
    with hub.engine.begin() as other_worker:
        assert db.try_lock(other_worker, purpose="expand", key=message_id)
        hub.expand(message_id)
        assert hub.message(message_id).status == "queued"
    hub.expand(message_id)
    assert hub.message(message_id).status == "sending"


def test_many_at_once_cut_it_once(hub: Hub) -> None:
    hub.join(count=44)
    message_id = hub.accept()
    threads.together(*[lambda: hub.expand(message_id)] * 4)
    hub.work()
    assert len(hub.recipients(message_id)) == 45
    assert hub.one("SELECT count(*) FROM fanout_batches WHERE message_id = :id", message_id)[0] == 8


def test_dying_before_the_commit_leaves_everything_as_it_was(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.join(count=24)
    message_id = hub.accept()

    def die(*_args: object, **_kwargs: object) -> None:
        raise SystemExit("killed")

    with monkeypatch.context() as patch:
        patch.setattr("services.fanout_worker.store.messages.mark_sending", die)
        with pytest.raises(SystemExit):
            hub.expand(message_id)
    assert hub.message(message_id).status == "queued"
    assert hub.one("SELECT count(*) FROM fanout_batches WHERE message_id = :id", message_id)[0] == 0
    hub.expand(message_id)
    hub.work()
    assert len(hub.recipients(message_id)) == 25


def test_a_broker_that_is_away_does_not_undo_the_cutting(hub: Hub) -> None:
    hub.join(count=24)
    message_id = hub.accept()
    hub.published.error = ConnectionError("the broker is away")
    hub.expand(message_id)
    assert hub.message(message_id).status == "sending"
    assert hub.one("SELECT count(*) FROM fanout_batches WHERE message_id = :id", message_id)[0] == 4


def test_a_recalled_message_is_not_cut(hub: Hub) -> None:
    hub.join(count=24)
    message_id = hub.accept()
    hub.recall(message_id)
    hub.expand(message_id)
    assert hub.message(message_id).status == "queued"
    assert hub.recipients(message_id) == []


def test_a_message_that_does_not_exist_is_no_error(hub: Hub) -> None:
    message_id = hub.accept()
    hub.execute("DELETE FROM message_targets; DELETE FROM messages")
    hub.expand(message_id)
    assert hub.published.contracts == []


def test_a_small_message_costs_a_fixed_number_of_statements(hub: Hub) -> None:
    hub.join(hub.clinics[0], count=5)
    message_id = hub.accept(messages.aimed_at(hub.clinics[0]))
    statements: list[str] = []
    sqlalchemy.event.listen(
        hub.context.engine, "before_cursor_execute", lambda _c, _u, statement, *_: statements.append(statement)
    )
    hub.expand(message_id)
    # lock, message, progress, last user, measure, time, entries, batch, in-flight targets, sent
    assert len(statements) == 11
