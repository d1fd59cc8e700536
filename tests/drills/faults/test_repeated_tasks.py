"""Drill 5: every task twice, late and in any order."""

import dataclasses
import random
import uuid

import pytest

from drills import triggers
from shared import contracts
from tests import messages
from tests.drills.faults.conftest import Hub, delivery, expansion
from tests.threads import beside


def whole(hub: Hub, message_id: uuid.UUID) -> tuple[object, ...]:
    """All that a fan-out leaves behind."""
    batches = """SELECT count(*), count(delivered_at), max(delivered_at) FROM fanout_batches WHERE message_id = :id"""
    return (
        hub.recipients(message_id),
        *hub.message(message_id),
        *hub.one(batches, message_id),
        hub.in_flight(message_id),
    )


@pytest.mark.parametrize("seed", range(2))
def test_tasks_that_come_two_or_three_times_in_any_order_write_everything_once(hub: Hub, seed: int) -> None:
    chance = random.Random(seed)
    people = [hub.sender, *(one for clinic in hub.clinics for one in hub.join(clinic, count=3))]
    small_steps = dataclasses.replace(hub.context.settings, expand_step_ms=0, batch_size=5)
    hub.context = dataclasses.replace(hub.context, settings=small_steps)
    audiences = [
        messages.EVERYONE,
        messages.aimed_at(hub.organisations[0]),
        messages.aimed_at(hub.clinics[4], hub.clinics[5]),
    ]
    expected = {hub.accept(one): None for one in audiences}
    reached = [people, people[1:10], people[13:19]]
    waiting: list[contracts.Contract] = [expansion(one) for one in expected for _ in range(2)]
    done: list[contracts.Contract] = []
    while waiting:
        task = waiting.pop(chance.randrange(len(waiting)))
        hub.run(task)
        done.append(task)
        for published in hub.published.contracts:
            waiting += [published] * chance.choice((2, 3))
        hub.published.contracts.clear()
        if chance.random() < 0.3:
            waiting.append(chance.choice(done))
    for message_id, its in zip(expected, reached, strict=True):
        assert hub.recipients(message_id) == sorted(one.id for one in its)
        assert (hub.message(message_id).status, hub.message(message_id).recipient_count) == ("sent", len(its))
        assert hub.in_flight(message_id) == 0
    before = [whole(hub, message_id) for message_id in expected]
    for task in chance.sample(done, len(done)):
        hub.run(task)
    assert [whole(hub, message_id) for message_id in expected] == before, (
        "a task that comes after the end changes nothing"
    )
    assert hub.published.contracts == []


def test_the_same_delivery_twice_at_once_is_done_by_the_first_and_left_by_the_second(hub: Hub) -> None:
    message_id = hub.cut()
    with (
        triggers.holding(hub.engine, at="written") as hold,
        beside(lambda: hub.run(delivery(message_id, 2))),
    ):
        hold.wait()
        hub.run(
            delivery(message_id, 2)
        )  # answers at once, while the first has written everything and committed nothing
        assert hub.recipients(message_id) == []
        hold.release()
    assert len(hub.recipients(message_id)) == 7
    hub.run(delivery(message_id, 2))
    assert len(hub.recipients(message_id)) == 7


def test_the_same_expansion_twice_at_once_cuts_once(hub: Hub) -> None:
    hub.join(count=24)
    message_id = hub.accept()
    with (
        triggers.holding(hub.engine, at="cut") as hold,
        beside(lambda: hub.run(expansion(message_id))),
    ):
        hold.wait()
        hub.run(expansion(message_id))
        assert hub.published.contracts == []
        hold.release()
    assert hub.one("SELECT sum(recipient_count) FROM fanout_batches WHERE message_id = :id", message_id)[0] == 25
    hub.run(expansion(message_id))
    hub.work()
    assert len(set(hub.recipients(message_id))) == len(hub.recipients(message_id)) == 25


def test_a_small_message_that_is_expanded_twice_at_once_is_written_once(hub: Hub) -> None:
    hub.join(hub.clinics[0], count=5)
    message_id = hub.accept(messages.aimed_at(hub.clinics[0]))
    with (
        triggers.holding(hub.engine, at="written") as hold,
        beside(lambda: hub.run(expansion(message_id))),
    ):
        hold.wait()
        hub.run(expansion(message_id))
        hold.release()
    assert len(hub.recipients(message_id)) == 5
    hub.run(expansion(message_id))
    hub.run(delivery(message_id, 1))
    assert len(hub.recipients(message_id)) == 5


def test_two_last_batches_that_commit_in_the_same_moment_still_make_the_message_sent_once(hub: Hub) -> None:
    message_id = hub.cut()
    hub.deliver(message_id, 1)
    hub.deliver(message_id, 2)
    with (
        triggers.holding(hub.engine, at="delivered") as hold,
        beside(lambda: hub.deliver(message_id, 3), lambda: hub.deliver(message_id, 4)),
    ):
        hold.wait(2)  # each has written and marked its own, and sees the other's as undelivered
        assert hub.message(message_id).status == "sending"
        hold.release()
    message = hub.message(message_id)
    assert (message.status, message.recipient_count, hub.in_flight(message_id)) == ("sent", 25, 0)


def test_a_message_that_two_workers_complete_at_once_is_completed_by_one(hub: Hub) -> None:
    message_id = hub.cut()
    for seq in (1, 2, 3):
        hub.deliver(message_id, seq)
    with triggers.holding(hub.engine, at="sent") as hold, beside(lambda: hub.deliver(message_id, 4)):
        hold.wait()
        # The same task once more waits for the message's row, then has nothing to do.
        with beside(lambda: hub.deliver(message_id, 4)):
            hold.release()
    first = hub.message(message_id)
    assert (first.status, hub.in_flight(message_id)) == ("sent", 0)
    hub.deliver(message_id, 4)
    assert hub.message(message_id) == first
