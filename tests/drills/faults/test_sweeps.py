"""Drill 6: several sweeps at once, as two beats and many workers make them."""

import uuid

import pytest
import sqlalchemy

from services.fanout_worker.actions import sweep
from services.fanout_worker.store import sweep as store
from shared import contracts
from tests import messages, threads
from tests.drills.faults.conftest import Hub

SWEEPS = 4


def together(hub: Hub, count: int = SWEEPS) -> None:
    """So many sweeps that begin in the same moment."""
    threads.together(*[lambda: sweep.sweep(hub.context)] * count)


def age(hub: Hub, seconds: int) -> None:
    hub.execute("UPDATE fanout_batches SET published_at = published_at - :age * interval '1 second'", age=seconds)
    hub.execute(
        "UPDATE messages SET expand_published_at = expand_published_at - :age * interval '1 second'", age=seconds
    )


def test_what_was_lost_is_published_once_however_many_sweep(hub: Hub) -> None:
    message_id = hub.cut(people=60)
    waiting = [hub.accept(messages.aimed_at(hub.clinics[0])) for _ in range(3)]
    hub.execute("UPDATE messages SET created_at = created_at - interval '1 minute' WHERE status = 'queued'")
    age(hub, 100)
    together(hub)
    tasks = hub.published.contracts
    batches = hub.one("SELECT count(*) FROM fanout_batches WHERE message_id = :id", message_id)[0]
    assert sorted(one.seq for one in tasks if isinstance(one, contracts.DeliverBatch)) == [*range(1, int(batches) + 1)]
    assert sorted(one.message_id for one in tasks if isinstance(one, contracts.ExpandMessage)) == sorted(
        map(str, waiting)
    )
    hub.work()
    assert len(hub.recipients(message_id)) == 60


def test_a_sweep_beside_another_that_has_claimed_and_not_committed_passes_it_by(hub: Hub) -> None:
    """Neither waits for the other, and nothing is published by both."""
    message_id = hub.cut()
    age(hub, 100)
    with hub.engine.begin() as other:
        now = other.execute(sqlalchemy.text("SELECT clock_timestamp()")).scalar_one()
        claimed = store.claim_due_batches(other, now=now, waiting_since=None, at_once=False, limit=2)
        sweep.sweep(hub.context)
    mine = {one.seq for one in hub.published.contracts if isinstance(one, contracts.DeliverBatch)}
    assert len(claimed) == 2
    assert mine | {one.seq for one in claimed} == {1, 2, 3, 4}
    assert not mine & {one.seq for one in claimed}
    attempts = "SELECT min(attempts), max(attempts) FROM fanout_batches WHERE message_id = :id"
    assert tuple(hub.one(attempts, message_id)) == (1, 1)


def test_after_the_broker_was_emptied_several_sweeps_bring_everything_back_and_nothing_is_written_twice(
    hub: Hub,
) -> None:
    message_id = hub.cut()
    small = hub.accept(messages.aimed_at(hub.clinics[0]))
    hub.broker.emptied = True
    together(hub)
    seqs = [one.seq for one in hub.published.contracts if isinstance(one, contracts.DeliverBatch)]
    assert set(seqs) == {1, 2, 3, 4}
    hub.work()
    assert hub.recipients(message_id) == sorted(set(hub.recipients(message_id)))
    assert (len(hub.recipients(message_id)), hub.message(message_id).status) == (25, "sent")
    assert hub.message(small).status == "sent"


def test_several_sweeps_finish_the_same_message_once(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    finished = _finished(hub, monkeypatch)
    together(hub)
    message = hub.message(finished)
    assert (message.status, hub.in_flight(finished)) == ("sent", 0)
    together(hub)
    assert hub.message(finished).completed_at == message.completed_at


def _finished(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> uuid.UUID:
    """A message all of whose entries are written, by workers that died before they could say so."""
    message_id = hub.cut()
    with monkeypatch.context() as patch:
        patch.setattr("services.fanout_worker.actions.complete.complete_message", lambda *_args, **_kwargs: None)
        for seq in (1, 2, 3, 4):
            hub.deliver(message_id, seq)
    assert hub.message(message_id).status == "sending"
    return message_id


def test_several_sweeps_make_and_drop_partitions_once(hub: Hub) -> None:
    hub.execute("SELECT create_inbox_partitions((now() - m * interval '1 month')::date) FROM generate_series(25, 27) m")
    months = "SELECT count(*) FROM pg_inherits WHERE inhparent IN ('inbox_entries'::regclass, 'inbox_states'::regclass)"
    hub.execute("DROP TABLE " + _tables(hub, 2) + ", " + _tables(hub, 3))
    together(hub)
    together(hub, 1)
    with hub.engine.connect() as connection:
        assert connection.execute(sqlalchemy.text(months)).scalar_one() == 8, (
            "this month and three more, of both tables"
        )


def _tables(hub: Hub, ahead: int) -> str:
    """Both partitions of a month, as names in SQL."""
    with hub.engine.connect() as connection:
        statement = sqlalchemy.text("SELECT to_char((now() AT TIME ZONE 'UTC') + :n * interval '1 month', '_YYYY_MM')")
        month = connection.execute(statement, {"n": ahead}).scalar_one()
    return f"inbox_entries{month}, inbox_states{month}"


def test_a_sweep_that_cannot_look_after_partitions_now_does_everything_else(hub: Hub) -> None:
    message_id = hub.cut()
    age(hub, 100)
    with hub.engine.begin() as other_sweep:
        other_sweep.execute(sqlalchemy.text("SELECT pg_advisory_xact_lock(hashtextextended('partitions', 0))"))
        sweep.sweep(hub.context)
    assert hub.counters()["sweeps"] == 1
    hub.work()
    assert len(hub.recipients(message_id)) == 25
