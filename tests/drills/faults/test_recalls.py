"""Drill 9: a recall at every step of a fan-out.

What is promised: from the commit of the recall on, nobody is shown the message, and no batch is begun. A batch whose entries were
being written in that moment is written whole or not at all, never in part, and is not shown either. Nothing is left in flight.
"""

import dataclasses
import uuid
from collections.abc import Callable

import pytest
import sqlalchemy

from drills import triggers
from services.fanout_worker.actions import sweep
from services.inbox_api.store import counts, inbox
from shared import contracts, db
from shared.sent_messages import store as sent_messages
from tests.drills.faults.conftest import Hub, delivery, expansion
from tests.threads import beside

# The sizes of the batches that `cut` makes of 25 people.
SIZES = (7, 7, 7, 4)


def shown(hub: Hub, user_id: int) -> tuple[list[uuid.UUID], counts.Counts]:
    with db.autocommit(hub.engine) as connection:
        page = inbox.list_page(
            connection, user_id=user_id, platform_id=hub.platform.id, wanted=inbox.Wanted(inbox.ALL, 50)
        )
    return [one.id for one in page.notifications], page.counts


def people(hub: Hub) -> list[int]:
    with hub.engine.connect() as connection:
        return list(connection.execute(sqlalchemy.text("SELECT id FROM users ORDER BY id")).scalars())


def check_gone(hub: Hub, message_id: uuid.UUID) -> None:
    for person in people(hub):
        assert shown(hub, person) == ([], counts.Counts(0, 0, 0)), person
    with hub.engine.connect() as connection:
        viewer = sent_messages.get_viewer(connection, user_id=hub.sender.id, platform_id=hub.platform.id)
        (told,) = sent_messages.get_messages(connection, ids=[message_id], viewer=viewer)
    assert (told.status, told.recalled_by) == (
        "recalled",
        sent_messages.Person(hub.sender.external_id, hub.sender.name),
    )
    assert told.delivered_count == len(hub.recipients(message_id)), "counters equal rows for a recalled message too"


def check_over(hub: Hub, message_id: uuid.UUID, *, written: int) -> None:
    """Sweeps, and every task that may still come, change nothing any more."""
    hub.published.contracts.clear()
    hub.execute("UPDATE fanout_batches SET published_at = published_at - interval '1 hour'")
    hub.execute("UPDATE messages SET expand_published_at = now() - interval '1 hour'")
    for emptied in (False, True):
        hub.broker.emptied = emptied
        sweep.sweep(hub.context)
        assert hub.published.contracts == []
    assert hub.in_flight(message_id) == 0
    for task in (expansion(message_id), *(delivery(message_id, seq) for seq in range(1, 6))):
        hub.run(task)
    assert hub.published.contracts == []
    assert len(hub.recipients(message_id)) == written
    assert hub.in_flight(message_id) == 0
    check_gone(hub, message_id)
    unfinished = "SELECT count(*) FROM messages WHERE status <> 'sent' AND recalled_at IS NULL"
    with hub.engine.connect() as connection:
        assert connection.execute(sqlalchemy.text(unfinished)).scalar_one() == 0


def recall(hub: Hub, message_id: uuid.UUID) -> None:
    hub.recall(message_id)
    check_gone(hub, message_id)


def queued(hub: Hub) -> tuple[uuid.UUID, int]:
    hub.join(count=24)
    message_id = hub.accept()
    recall(hub, message_id)
    return message_id, 0


def between_two_steps_of_the_cutting(hub: Hub) -> tuple[uuid.UUID, int]:
    hub.join(count=24)
    settings = dataclasses.replace(hub.context.settings, expand_step_ms=0)
    hub.context = dataclasses.replace(hub.context, settings=settings)
    message_id = hub.accept()
    hub.expand(message_id)
    assert hub.message(message_id).recipient_count is None
    recall(hub, message_id)
    batches = "SELECT count(*) FROM fanout_batches WHERE message_id = :id"
    before = hub.one(batches, message_id)
    hub.work()
    assert hub.one(batches, message_id) == before
    return message_id, 0


def while_a_step_of_the_cutting_commits(hub: Hub) -> tuple[uuid.UUID, int]:
    hub.join(count=24)
    message_id = hub.accept()
    with triggers.holding(hub.engine, at="cut") as hold, beside(lambda: hub.expand(message_id)):
        hold.wait()
        with beside(lambda: recall(hub, message_id)):  # waits for the message's row
            hold.release()
    hub.work()
    return message_id, 0


def while_a_small_message_is_written(hub: Hub) -> tuple[uuid.UUID, int]:
    """Expanded and delivered in one transaction, which writes the whole of it."""
    hub.join(count=5)
    message_id = hub.accept()
    with triggers.holding(hub.engine, at="written") as hold, beside(lambda: hub.expand(message_id)):
        hold.wait()
        recall(hub, message_id)
        hold.release()
    return message_id, 6


def with_nothing_written(hub: Hub) -> tuple[uuid.UUID, int]:
    message_id = hub.cut()
    recall(hub, message_id)
    return message_id, 0


def while_a_worker_holds_a_batch_and_then_dies(hub: Hub) -> tuple[uuid.UUID, int]:
    message_id = hub.cut()
    hub.deliver(message_id, 1)
    with hub.engine.connect() as worker:
        worker.execute(
            sqlalchemy.text("SELECT FROM fanout_batches WHERE message_id = :id AND seq = 2 FOR UPDATE"),
            {"id": message_id},
        )
        recall(hub, message_id)
        hub.deliver(message_id, 2)
        worker.rollback()
    return message_id, SIZES[0]


def while_a_batch_is_being_written(hub: Hub) -> tuple[uuid.UUID, int]:
    message_id = hub.cut()
    with triggers.holding(hub.engine, at="written") as hold, beside(lambda: hub.deliver(message_id, 2)):
        hold.wait()
        recall(hub, message_id)
        hub.deliver(message_id, 3)
        assert hub.recipients(message_id) == []
        hold.release()
    return message_id, SIZES[1]


def while_the_last_batch_commits(hub: Hub) -> tuple[uuid.UUID, int]:
    message_id = hub.cut()
    for seq in (1, 2, 3):
        hub.deliver(message_id, seq)
    with triggers.holding(hub.engine, at="delivered") as hold, beside(lambda: hub.deliver(message_id, 4)):
        hold.wait()
        recall(hub, message_id)
        hold.release()
    assert hub.message(message_id).status == "sending", "it was recalled before it was sent"
    return message_id, sum(SIZES)


def while_it_becomes_sent(hub: Hub) -> tuple[uuid.UUID, int]:
    message_id = hub.cut()
    for seq in (1, 2, 3):
        hub.deliver(message_id, seq)
    with triggers.holding(hub.engine, at="sent") as hold, beside(lambda: hub.deliver(message_id, 4)):
        hold.wait()
        with beside(lambda: recall(hub, message_id)):  # waits for the message's row
            hold.release()
    return message_id, sum(SIZES)


def after_it_was_sent(hub: Hub) -> tuple[uuid.UUID, int]:
    message_id = hub.cut()
    for seq in (1, 2, 3, 4):
        hub.deliver(message_id, seq)
    assert hub.message(message_id).status == "sent"
    recall(hub, message_id)
    return message_id, sum(SIZES)


@pytest.mark.parametrize(
    "step",
    [
        queued,
        between_two_steps_of_the_cutting,
        while_a_step_of_the_cutting_commits,
        while_a_small_message_is_written,
        with_nothing_written,
        while_a_worker_holds_a_batch_and_then_dies,
        while_a_batch_is_being_written,
        while_the_last_batch_commits,
        while_it_becomes_sent,
        after_it_was_sent,
    ],
    ids=lambda step: step.__name__,
)
def test_recalled_at_any_step_it_is_gone_from_every_bell_at_once_and_nothing_more_is_begun(
    hub: Hub, step: Callable[[Hub], tuple[uuid.UUID, int]]
) -> None:
    message_id, written = step(hub)
    check_gone(hub, message_id)
    check_over(hub, message_id, written=written)
    other = hub.accept()
    hub.published.contracts.append(contracts.ExpandMessage(message_id=str(other), request_id="request"))
    hub.work()
    assert hub.message(other).status == "sent", "what comes afterwards is as ever"
