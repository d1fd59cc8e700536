"""Drill 10: a full disk, or any other statement that fails in the middle of a batch."""

import contextlib
import dataclasses
import uuid

import celery
import pytest
import sqlalchemy
import sqlalchemy.exc
from sqlalchemy import Engine

from cli.store import messages as operator
from drills import triggers
from drills.processes import wait_until
from services.compose_api import metrics
from services.fanout_worker import tasks
from services.fanout_worker.actions import sweep
from shared import contracts, db
from tests import conftest as base
from tests import messages
from tests.drills.faults.conftest import Hub, call, delivery, expansion
from tests.threads import beside

ERRORS = {
    triggers.DISK_FULL: "DiskFull",
    triggers.OUT_OF_MEMORY: "OutOfMemory",
    triggers.QUERY_CANCELED: "QueryCanceled",
    triggers.LOCK_NOT_AVAILABLE: "LockNotAvailable",
    triggers.SERIALIZATION_FAILURE: "SerializationFailure",
    triggers.DEADLOCK_DETECTED: "DeadlockDetected",
}


def middle(hub: Hub, message_id: uuid.UUID, seq: int) -> str:
    """The fourth entry of a batch, as a condition of a trigger on entries: three are written before it."""
    row = hub.one(
        f"SELECT after_user_id AS start FROM fanout_batches WHERE message_id = :id AND seq = {seq}", message_id
    )
    return f"NEW.user_id = {int(str(row.start)) + 4}"


def gauges(hub: Hub) -> dict[str, float]:
    return {one.name: one.samples[0].value for one in metrics.Backlog(hub.compose).collect()}


def shown(hub: Hub) -> list[operator.Batch]:
    with hub.engine.connect() as connection:
        return operator.list_undelivered(connection, limit=20, only_failing=True)


def due(hub: Hub, seconds: int = 31) -> None:
    hub.execute("UPDATE fanout_batches SET published_at = clock_timestamp() - :age * interval '1 second'", age=seconds)
    hub.published.contracts.clear()
    sweep.sweep(hub.context)


@pytest.mark.parametrize("sqlstate", ERRORS, ids=ERRORS.get)
def test_a_batch_that_fails_in_its_middle_leaves_nothing_tells_why_and_is_delivered_once_the_cause_is_gone(
    app: celery.Celery,
    hub: Hub,
    sqlstate: str,
) -> None:
    message_id = hub.cut()
    reason = "No space left on device"
    with triggers.raising(hub.engine, at="row", when=middle(hub, message_id, 2), sqlstate=sqlstate, text=reason):
        for attempt in range(1, 4):
            with pytest.raises(tasks.TRANSIENT) as caught:
                call(app, delivery(message_id, 2))
            assert type(caught.value.orig).__name__ == ERRORS[sqlstate]
            assert hub.recipients(message_id) == []
            (batch,) = shown(hub)
            assert (batch.seq, batch.attempts) == (2, attempt - 1)
            assert ERRORS[sqlstate] in str(batch.last_error)
            assert reason in str(batch.last_error)
            assert gauges(hub)["message_hub_batches_failing"] == 1
            due(hub, 31 * 2**attempt)
            assert delivery(message_id, 2).seq in [
                one.seq for one in hub.published.contracts if isinstance(one, contracts.DeliverBatch)
            ]
        for seq in (1, 3, 4):
            call(app, delivery(message_id, seq))
        assert hub.message(message_id).status == "sending"
        assert hub.in_flight(message_id) == 1, "until it is written, it stays in the bells without an entry"
    call(app, delivery(message_id, 2))
    call(app, delivery(message_id, 2))
    entries = hub.recipients(message_id)
    assert len(entries) == len(set(entries)) == 25
    assert hub.message(message_id).status == "sent"
    assert shown(hub) == []
    assert gauges(hub)["message_hub_batches_failing"] == 0


def test_a_small_message_that_cannot_be_written_tells_why_and_is_sent_once_the_cause_is_gone(
    app: celery.Celery,
    hub: Hub,
) -> None:
    hub.join(hub.clinics[0], count=5)
    message_id = hub.accept(messages.aimed_at(hub.clinics[0]))
    with triggers.raising(hub.engine, at="written"):
        for _ in range(2):
            with pytest.raises(tasks.TRANSIENT):
                call(app, expansion(message_id))
            assert (hub.message(message_id).status, hub.recipients(message_id)) == ("queued", [])
            assert "DiskFull" in str(hub.message(message_id).last_error)
            assert gauges(hub)["message_hub_messages_failing"] == 1
            hub.execute("UPDATE messages SET created_at = created_at - interval '5 minutes'")
            hub.published.contracts.clear()
            sweep.sweep(hub.context)
            hub.execute("UPDATE messages SET expand_published_at = clock_timestamp() - interval '6 minutes'")
            assert [one.message_id for one in hub.published.contracts] == [str(message_id)]  # type: ignore[union-attr]
    hub.work()
    assert len(hub.recipients(message_id)) == 5
    message = hub.message(message_id)
    assert (message.status, message.last_error) == ("sent", None)
    assert gauges(hub)["message_hub_messages_failing"] == 0


def test_a_cutting_that_fails_is_taken_up_where_it_stands(app: celery.Celery, hub: Hub) -> None:
    hub.join(count=24)
    settings = dataclasses.replace(hub.context.settings, expand_step_ms=0)
    hub.context = dataclasses.replace(hub.context, settings=settings)
    message_id = hub.accept()
    hub.expand(message_id)
    with triggers.raising(hub.engine, at="cut", sqlstate=triggers.OUT_OF_MEMORY, text="out of memory"):
        with pytest.raises(tasks.TRANSIENT):
            call(app, expansion(message_id))
        assert "OutOfMemory" in str(hub.message(message_id).last_error)
    hub.published.contracts.append(expansion(message_id))
    hub.work()
    entries = hub.recipients(message_id)
    assert len(entries) == len(set(entries)) == 25
    assert (hub.message(message_id).status, hub.message(message_id).last_error) == ("sent", None)


def test_a_commit_that_fails_leaves_nothing_behind(app: celery.Celery, hub: Hub) -> None:
    message_id = hub.cut()
    with triggers.raising(hub.engine, at="delivered"):
        for seq in (1, 2, 3, 4):
            with pytest.raises(tasks.TRANSIENT):
                call(app, delivery(message_id, seq))
    assert hub.recipients(message_id) == []
    assert len(shown(hub)) == 4
    for seq in (1, 2, 3, 4):
        call(app, delivery(message_id, seq))
    assert (len(hub.recipients(message_id)), hub.message(message_id).status) == (25, "sent")


def test_a_message_whose_entries_stand_but_that_cannot_be_called_sent_becomes_so_later(
    app: celery.Celery, hub: Hub
) -> None:
    message_id = hub.cut()
    for seq in (1, 2, 3):
        call(app, delivery(message_id, seq))
    with triggers.raising(hub.engine, at="sent"):
        with pytest.raises(tasks.TRANSIENT):
            call(app, delivery(message_id, 4))
        assert len(hub.recipients(message_id)) == 25
        assert (hub.message(message_id).status, hub.in_flight(message_id)) == ("sending", 1)
    sweep.sweep(hub.context)
    assert (hub.message(message_id).status, hub.in_flight(message_id)) == ("sent", 0)


@pytest.mark.parametrize("limit", ["statement", "lock"])
def test_a_batch_that_waits_too_long_gives_up_by_its_own_limits(hub: Hub, limit: str, database_url: str) -> None:
    """No fault but a reader's or an operator's lock; the limits are the worker's own, shortened."""
    message_id = hub.cut()
    short = dataclasses.replace(
        base.database_settings(database_url),
        statement_timeout_ms=300 if limit == "statement" else 30_000,
        lock_timeout_ms=300 if limit == "lock" else 30_000,
    )
    engine = db.make_engine(short, role=db.WORKER_ROLE, name="tests")
    try:
        _check_gives_up(hub, engine, message_id, "QueryCanceled" if limit == "statement" else "LockNotAvailable")
    finally:
        engine.dispose()


def _check_gives_up(hub: Hub, engine: Engine, message_id: uuid.UUID, error: str) -> None:
    own = dataclasses.replace(hub.context, engine=engine)
    made = celery.Celery("tests", set_as_current=False)
    tasks.register(made, lambda: own)
    with hub.engine.begin() as other:
        other.execute(sqlalchemy.text("LOCK TABLE inbox_entries IN SHARE MODE"))
        with pytest.raises(tasks.TRANSIENT):
            call(made, delivery(message_id, 1))
        (batch,) = shown(hub)
        assert error in str(batch.last_error)
    call(made, delivery(message_id, 1))
    assert len(hub.recipients(message_id)) == 7
    assert shown(hub) == []


def test_a_real_deadlock_costs_one_attempt_and_nothing_else(app: celery.Celery, hub: Hub) -> None:
    message_id = hub.cut()
    failed: list[BaseException] = []

    def deliver() -> None:
        try:
            call(app, delivery(message_id, 2))
        except tasks.TRANSIENT as error:
            failed.append(error)

    _look_for_deadlocks_after(hub, "3s")
    with contextlib.ExitStack() as stack:
        other = stack.enter_context(hub.engine.begin())
        # Whoever looks for the deadlock first gives way: the worker.
        other.execute(sqlalchemy.text("SET LOCAL deadlock_timeout = '20s'"))
        other.execute(sqlalchemy.text("LOCK TABLE inbox_entries IN SHARE MODE"))
        with beside(deliver):
            _wait_blocked(hub)
            row = sqlalchemy.text("SELECT FROM fanout_batches WHERE message_id = :id AND seq = 2 FOR UPDATE")
            other.execute(row, {"id": message_id})
            stack.close()
    (batch,) = shown(hub)
    assert "DeadlockDetected" in str(batch.last_error)
    assert [type(error.orig).__name__ for error in failed] == ["DeadlockDetected"]  # type: ignore[attr-defined]
    assert hub.recipients(message_id) == []
    call(app, delivery(message_id, 2))
    assert len(hub.recipients(message_id)) == 7


def _look_for_deadlocks_after(hub: Hub, wait: str) -> None:
    """Whoever waits looks once, after so long; until then the other one must wait too."""
    with hub.engine.begin() as connection:
        name = connection.execute(sqlalchemy.text("SELECT current_database()")).scalar_one()
        connection.exec_driver_sql(f"ALTER DATABASE {name} SET deadlock_timeout = '{wait}'")
    hub.context.engine.dispose()


def _wait_blocked(hub: Hub) -> None:
    """Returns once somebody waits for the table of entries."""
    statement = sqlalchemy.text("""
        SELECT count(*) > 0 FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
        WHERE c.relname LIKE 'inbox_entries%' AND NOT l.granted
    """)

    def is_blocked() -> bool:
        with hub.engine.connect() as connection:
            return bool(connection.execute(statement).scalar_one())

    wait_until(is_blocked, what="the worker waits for the table", seconds=10)
