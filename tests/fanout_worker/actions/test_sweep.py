import dataclasses
import uuid
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy

from services.fanout_worker.actions import sweep
from shared import contracts
from tests import messages, threads
from tests.fanout_worker.conftest import Hub


@pytest.fixture
def large(hub: Hub) -> uuid.UUID:
    """A message to 25 people, cut into four batches whose tasks were published just now and lost."""
    return hub.cut()


def age_batches(hub: Hub, seconds: int, *, attempts: int = 0) -> None:
    hub.execute(
        "UPDATE fanout_batches SET published_at = clock_timestamp() - :age * interval '1 second', attempts = :attempts",
        age=seconds,
        attempts=attempts,
    )


def age_message(hub: Hub, message_id: uuid.UUID, seconds: int) -> None:
    hub.execute(
        "UPDATE messages SET created_at = created_at - :age * interval '1 second' WHERE id = :id",
        age=seconds,
        id=message_id,
    )


def published_batches(hub: Hub) -> list[int]:
    return sorted(task.seq for task in hub.published.contracts if isinstance(task, contracts.DeliverBatch))


def published_messages(hub: Hub) -> list[str]:
    return [task.message_id for task in hub.published.contracts if isinstance(task, contracts.ExpandMessage)]


@pytest.mark.parametrize(
    ("attempts", "not_yet", "due"),
    [(0, 28, 31), (1, 58, 61), (2, 118, 121), (3, 238, 241), (4, 298, 301), (40, 298, 301)],
)
def test_a_batch_is_published_again_after_30_seconds_doubling_up_to_5_minutes(
    hub: Hub, large: uuid.UUID, attempts: int, not_yet: int, due: int
) -> None:
    age_batches(hub, not_yet, attempts=attempts)
    sweep.sweep(hub.context)
    assert published_batches(hub) == []
    age_batches(hub, due, attempts=attempts)
    sweep.sweep(hub.context)
    assert published_batches(hub) == [1, 2, 3, 4]
    assert hub.one("SELECT max(attempts) FROM fanout_batches WHERE message_id = :id", large)[0] == attempts + 1
    assert {task.request_id for task in hub.published.contracts} == {"request-of-a-test"}  # type: ignore[union-attr]
    hub.published.contracts.clear()
    sweep.sweep(hub.context)
    assert published_batches(hub) == []


def test_a_batch_whose_task_merely_waits_in_the_queue_is_not_published_again(hub: Hub, large: uuid.UUID) -> None:
    age_batches(hub, 100)
    hub.broker.waiting[contracts.DELIVER_QUEUE] = datetime.now(UTC) - timedelta(seconds=200)
    sweep.sweep(hub.context)
    assert published_batches(hub) == []
    hub.broker.waiting[contracts.DELIVER_QUEUE] = datetime.now(UTC) - timedelta(seconds=50)
    sweep.sweep(hub.context)
    assert published_batches(hub) == [1, 2, 3, 4], (
        "what was published before the oldest waiting task is not in the queue"
    )


def test_a_batch_that_is_being_written_is_left_alone(hub: Hub, large: uuid.UUID) -> None:
    age_batches(hub, 100)
    with hub.engine.begin() as worker:
        worker.execute(sqlalchemy.text("SELECT FROM fanout_batches WHERE seq = 2 FOR UPDATE"))
        sweep.sweep(hub.context)
    assert published_batches(hub) == [1, 3, 4]


def test_everything_undelivered_is_published_at_once_when_the_broker_was_emptied(hub: Hub, large: uuid.UUID) -> None:
    hub.deliver(large, 2)
    waiting = hub.accept(messages.aimed_at(hub.clinics[0]))
    hub.broker.empty()
    sweep.sweep(hub.context)
    assert published_batches(hub) == [1, 3, 4]
    assert published_messages(hub) == [str(waiting)]
    hub.published.contracts.clear()
    sweep.sweep(hub.context)
    assert hub.published.contracts == []
    assert hub.one("SELECT max(attempts) FROM fanout_batches WHERE message_id = :id", large)[0] == 0


@pytest.mark.parametrize("emptied_before", [False, True])
def test_a_broker_emptied_in_the_middle_of_a_sweep_is_noticed_by_the_next(
    hub: Hub, large: uuid.UUID, monkeypatch: pytest.MonkeyPatch, emptied_before: bool
) -> None:
    if emptied_before:
        hub.broker.empty()
    with monkeypatch.context() as during:
        during.setattr(sweep, "_publish_due", lambda *_args, **_options: hub.broker.empty())
        sweep.sweep(hub.context)
    hub.published.contracts.clear()
    sweep.sweep(hub.context)
    assert published_batches(hub) == [1, 2, 3, 4]


def test_more_than_one_round_of_lost_batches_is_published_in_one_sweep(
    hub: Hub, large: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "_LIMIT", 2)
    age_batches(hub, 100)
    sweep.sweep(hub.context)
    assert published_batches(hub) == [1, 2, 3, 4]


def test_a_message_whose_first_task_was_never_published_is_published_within_seconds(hub: Hub) -> None:
    message_id = hub.accept()
    sweep.sweep(hub.context)
    assert hub.published.contracts == []
    age_message(hub, message_id, 6)
    sweep.sweep(hub.context)
    assert published_messages(hub) == [str(message_id)]
    hub.published.contracts.clear()
    sweep.sweep(hub.context)
    assert hub.published.contracts == []


def test_what_a_sweep_repairs_is_counted(hub: Hub, large: uuid.UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    assert hub.counters() == {}
    sweep.sweep(hub.context)
    assert hub.counters() == {"sweeps": 1}
    message_id = hub.accept()
    age_message(hub, message_id, 6)
    age_batches(hub, 31)
    sweep.sweep(hub.context)
    assert hub.counters() == {"sweeps": 2, "messages_published_again": 1, "batches_published_again": 4}
    with monkeypatch.context() as patch:
        patch.setattr("services.fanout_worker.actions.complete.complete_message", lambda *_args, **_kwargs: None)
        for seq in (1, 2, 3, 4):
            hub.deliver(large, seq)
    for _ in range(2):
        sweep.sweep(hub.context)
    assert hub.counters() == {
        "sweeps": 4, "messages_published_again": 1, "batches_published_again": 4, "messages_completed": 1,
    }  # fmt: skip


def test_a_message_whose_task_merely_waits_in_the_queue_is_not_published_again(hub: Hub) -> None:
    message_id = hub.accept()
    age_message(hub, message_id, 60)
    hub.broker.waiting[contracts.EXPAND_QUEUE] = datetime.now(UTC) - timedelta(seconds=120)
    sweep.sweep(hub.context)
    assert hub.published.contracts == []


def test_a_message_left_half_cut_is_taken_up_again(hub: Hub) -> None:
    hub.join(count=24)
    settings = dataclasses.replace(hub.context.settings, expand_step_ms=0)
    hub.context = dataclasses.replace(hub.context, settings=settings)
    message_id = hub.accept()
    hub.expand(message_id)
    hub.published.contracts.clear()
    hub.execute("UPDATE messages SET expand_published_at = clock_timestamp() - interval '29 seconds'")
    sweep.sweep(hub.context)
    assert published_messages(hub) == []
    hub.execute("UPDATE messages SET expand_published_at = clock_timestamp() - interval '31 seconds'")
    age_batches(hub, 31)
    sweep.sweep(hub.context)
    assert published_messages(hub) == [str(message_id)]
    hub.work()
    assert len(hub.recipients(message_id)) == 25


def test_a_message_whose_last_worker_died_before_saying_so_becomes_sent(
    hub: Hub, large: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("services.fanout_worker.actions.complete.complete_message", lambda *_args, **_kwargs: None)
        for seq in (1, 2, 3, 4):
            hub.deliver(large, seq)
    assert hub.message(large).status == "sending"
    sweep.sweep(hub.context)
    assert hub.message(large).status == "sent"
    assert hub.in_flight(large) == 0


def test_a_recalled_message_leaves_flight_and_is_never_published_again(hub: Hub, large: uuid.UUID) -> None:
    queued = hub.accept()
    hub.recall(large)
    hub.recall(queued)
    age_batches(hub, 1_000)
    age_message(hub, queued, 1_000)
    hub.broker.empty()
    sweep.sweep(hub.context)
    assert hub.published.contracts == []
    assert (hub.in_flight(large), hub.in_flight(queued)) == (0, 0)
    assert hub.message(large).status == "sending"


def test_a_broker_that_takes_nothing_costs_the_sweep_nothing_else(hub: Hub, large: uuid.UUID) -> None:
    age_batches(hub, 100)
    hub.published.error = ConnectionError("the broker is away")
    sweep.sweep(hub.context)
    assert hub.counters()["sweeps"] == 1


def test_sweeps_that_waited_together_are_one(hub: Hub, large: uuid.UUID) -> None:
    for _ in range(5):
        sweep.sweep_if_due(hub.context)
    assert hub.counters()["sweeps"] == 1


@pytest.mark.parametrize(
    "at", ["- interval '3 seconds'", "+ interval '1 hour'"], ids=["half a period ago", "in the future"]
)
def test_the_next_sweep_is_due_after_half_a_period_and_when_the_clock_was_set_back(hub: Hub, at: str) -> None:
    sweep.sweep_if_due(hub.context)
    hub.execute(f"UPDATE fanout_counters SET changed_at = clock_timestamp() {at} WHERE name = 'sweeps_begun'")
    sweep.sweep_if_due(hub.context)
    assert hub.counters()["sweeps"] == 2


def test_two_sweeps_at_once_publish_a_lost_batch_once(hub: Hub, large: uuid.UUID) -> None:
    age_batches(hub, 100)
    threads.together(*[lambda: sweep.sweep(hub.context)] * 2)
    assert published_batches(hub) == [1, 2, 3, 4]


def partitions(hub: Hub) -> set[str]:
    statement = """
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent IN ('inbox_entries'::regclass, 'inbox_states'::regclass, 'acknowledgements'::regclass)
    """
    with hub.engine.connect() as connection:
        return set(connection.execute(sqlalchemy.text(statement)).scalars())


def names(*months: str, tables: tuple[str, ...] = ("inbox_entries", "inbox_states", "acknowledgements")) -> set[str]:
    return {f"{table}_{month}" for table in tables for month in months}


def months_from_now(*ahead: int) -> list[str]:
    now = datetime.now(UTC)
    numbers = [now.year * 12 + now.month - 1 + months for months in ahead]
    return [f"{number // 12:04}_{number % 12 + 1:02}" for number in numbers]


def test_partitions_of_this_month_and_three_more_exist_at_any_time(hub: Hub) -> None:
    expected = names(*months_from_now(0, 1, 2, 3))
    assert partitions(hub) == expected, "the migration makes the first"
    hub.execute(f"DROP TABLE inbox_entries_{months_from_now(2)[0]}, inbox_states_{months_from_now(3)[0]}")
    sweep.sweep(hub.context)
    assert partitions(hub) == expected


def test_months_past_the_retention_are_dropped_and_their_messages_say_expired(hub: Hub, large: uuid.UUID) -> None:
    hub.execute("SELECT create_inbox_partitions((now() - m * interval '1 month')::date) FROM generate_series(1, 26) m")
    assert names(*months_from_now(-24, -25, -26)) <= partitions(hub)
    sweep.sweep(hub.context)
    kept = names(*months_from_now(-25, -26), tables=("acknowledgements",))
    assert names(*months_from_now(*range(-24, 4))) | kept == partitions(hub)
    expired = """SELECT m.sent_at < r.dropped_before, m.sent_at - interval '25 months' < r.dropped_before
                 FROM messages m, inbox_retention r WHERE m.id = :id"""
    assert tuple(hub.one(expired, large)) == (False, True)


@pytest.mark.parametrize(("months", "kept"), [(84, 84), (1, 24)], ids=["the default", "shorter than the inbox"])
def test_acknowledgements_are_kept_for_their_own_time_and_at_least_as_long_as_the_inbox(
    hub: Hub, months: int, kept: int
) -> None:
    hub.execute("SELECT create_inbox_partitions((now() - m * interval '1 month')::date) FROM generate_series(1, 86) m")
    settings = dataclasses.replace(hub.context.settings, acknowledgement_months=months)
    sweep.sweep(dataclasses.replace(hub.context, settings=settings))
    found = {name for name in partitions(hub) if name.startswith("acknowledgements")}
    assert found == names(*months_from_now(*range(-kept, 4)), tables=("acknowledgements",))
    dropped = "SELECT acknowledgements_dropped_before AS before FROM inbox_retention"
    with hub.engine.connect() as connection:
        before = connection.execute(sqlalchemy.text(dropped)).scalar_one()
    assert f"{before.astimezone(UTC):%Y_%m}" == months_from_now(-kept)[0]


def test_an_open_reader_is_not_waited_for_and_holds_up_nobody(hub: Hub) -> None:
    hub.execute("SELECT create_inbox_partitions((now() - interval '30 months')::date)")
    with hub.engine.connect() as reader:
        reader.execute(sqlalchemy.text("SELECT count(*) FROM inbox_entries"))
        began = datetime.now(UTC)
        sweep.sweep(hub.context)
        assert datetime.now(UTC) - began < timedelta(seconds=5)
        assert hub.counters()["sweeps"] == 1
    sweep.sweep(hub.context)
    assert not names(*months_from_now(-30), tables=("inbox_entries", "inbox_states")) & partitions(hub)


def test_the_worker_may_not_drop_the_running_month(hub: Hub) -> None:
    with (
        pytest.raises(sqlalchemy.exc.DBAPIError, match="the running month is never dropped"),
        hub.context.engine.begin() as connection,
    ):
        connection.execute(
            sqlalchemy.text("SELECT drop_inbox_partitions((now() + interval '1 month')::date, '-infinity')")
        )


def move_known_time(hub: Hub, by: str) -> datetime:
    """The known good time, after it was moved by `by`."""
    hub.execute(f"UPDATE known_time SET known_good = clock_timestamp() {by}")
    return known_good(hub)


def known_good(hub: Hub) -> datetime:
    with hub.engine.connect() as connection:
        found: datetime = connection.execute(sqlalchemy.text("SELECT known_good FROM known_time")).scalar_one()
    return found


@pytest.mark.parametrize(
    ("by", "follows"),
    [
        ("- interval '3 days'", True),
        ("- interval '1 year'", False),
        ("+ interval '1 hour'", False),
        ("+ interval '1 year'", False),
    ],
    ids=[
        "a long weekend",
        "the clock jumped a year",
        "the clock was set back an hour",
        "the clock was set back a year",
    ],
)
def test_a_sweep_notes_the_time_unless_the_clock_is_wrong(hub: Hub, by: str, follows: bool) -> None:
    before = move_known_time(hub, by)
    sweep.sweep(hub.context)
    assert (known_good(hub) > before) is follows
    if follows:
        assert abs(datetime.now(UTC) - known_good(hub)) < timedelta(minutes=1)


def test_a_clock_that_jumped_ahead_drops_no_month(hub: Hub) -> None:
    hub.execute("SELECT create_inbox_partitions((now() - m * interval '1 month')::date) FROM generate_series(25, 30) m")
    before = partitions(hub)
    move_known_time(hub, "- interval '1 year'")
    sweep.sweep(hub.context)
    assert before <= partitions(hub)


def test_a_message_in_a_month_without_a_partition_gets_one_and_is_delivered(hub: Hub) -> None:
    message_id = hub.accept()
    hub.execute("UPDATE messages SET sent_at = sent_at + interval '1 year'")
    with pytest.raises(sqlalchemy.exc.IntegrityError, match="no partition"):
        hub.expand(message_id)
    sweep.sweep(hub.context)
    assert names(*months_from_now(12)) <= partitions(hub)
    hub.expand(message_id)
    hub.work()
    assert hub.message(message_id).status == "sent"


@pytest.mark.parametrize("still_waiting", [False, True], ids=["an empty queue", "other tasks in the queue"])
def test_tasks_that_were_lost_before_the_clock_was_set_back_are_published_again_at_once(
    hub: Hub, large: uuid.UUID, still_waiting: bool
) -> None:
    small = hub.accept(messages.aimed_at(hub.clinics[0]))
    half_cut = hub.accept()
    hub.execute(
        """UPDATE messages SET sent_at = sent_at + interval '1 hour', created_at = created_at + interval '1 hour',
                               expand_published_at = expand_published_at + interval '1 hour'"""
    )
    hub.execute("UPDATE messages SET status = 'sending', expand_published_at = created_at WHERE id = :id", id=half_cut)
    age_batches(hub, -3_600)
    if still_waiting:
        for queue in contracts.QUEUES:
            hub.broker.waiting[queue] = datetime.now(UTC)
    sweep.sweep(hub.context)
    assert published_batches(hub) == [1, 2, 3, 4]
    assert published_messages(hub) == [str(small), str(half_cut)]
    hub.published.contracts.clear()
    sweep.sweep(hub.context)
    assert hub.published.contracts == [], "they count as published now"


@pytest.mark.parametrize("ahead", ["1 minute", "1 hour", "1 year"])
def test_a_message_whose_sent_at_is_ahead_of_the_clock_is_published_again_like_any_other(hub: Hub, ahead: str) -> None:
    message_id = hub.accept()
    hub.execute(f"UPDATE messages SET sent_at = sent_at + interval '{ahead}'")
    sweep.sweep(hub.context)
    assert published_messages(hub) == []
    age_message(hub, message_id, 6)
    sweep.sweep(hub.context)
    assert published_messages(hub) == [str(message_id)]


def test_what_is_published_carries_the_time_that_its_row_has(hub: Hub, large: uuid.UUID) -> None:
    """The sweep compares the two, so both are PostgreSQL's."""
    age_batches(hub, 100)
    sweep.sweep(hub.context)
    with hub.engine.connect() as connection:
        (in_row,) = connection.execute(sqlalchemy.text("SELECT DISTINCT published_at FROM fanout_batches")).scalars()
    assert {task.published_at for task in hub.published.contracts} == {in_row}
