"""`message-hub retry`: what failed is tried at the next sweep, without its wait."""

import json
import uuid

import pytest
from click.testing import CliRunner, Result

from cli import main, operator
from services.fanout_worker.actions import sweep
from shared import contracts
from tests import factories, messages
from tests.fanout_worker.conftest import Hub, hub  # noqa: F401 (a fixture)


class Retry:
    """Runs the command on the hub's database."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url

    def __call__(self, *arguments: object) -> Result:
        return CliRunner().invoke(main.commands, ["retry", *map(str, arguments)], env={"HUB_DATABASE_URL": self._url})


@pytest.fixture
def command(database_url: str) -> Retry:
    return Retry(database_url)


def fail_batch(hub: Hub, message_id: uuid.UUID, seq: int) -> None:
    """As after many attempts, the last just now."""
    hub.execute(
        "UPDATE fanout_batches SET attempts = 9, last_error = 'DiskFull', published_at = clock_timestamp()"
        " WHERE message_id = :id AND seq = :seq",
        id=message_id,
        seq=seq,
    )


def fail_cutting(hub: Hub, message_id: uuid.UUID) -> None:
    hub.execute(
        "UPDATE messages SET expand_attempts = 9, last_error = 'DiskFull', expand_published_at = clock_timestamp()"
        " WHERE id = :id",
        id=message_id,
    )


def swept(hub: Hub) -> list[contracts.Contract]:
    hub.published.contracts.clear()
    sweep.sweep(hub.context)
    return hub.published.contracts


def test_what_failed_is_tried_at_the_next_sweep_and_what_waits_for_its_first_attempt_is_left(
    hub: Hub, command: Retry
) -> None:
    message_id = hub.cut()
    fail_batch(hub, message_id, 2)
    assert swept(hub) == [], "its wait is five minutes by now"
    shown = command(message_id)
    assert shown.exit_code == 0, shown.output
    assert f"{message_id}  1 batch" in shown.stdout
    assert "The next sweep publishes it" in shown.stdout
    assert [(task.message_id, task.seq) for task in swept(hub) if isinstance(task, contracts.DeliverBatch)] == [
        (str(message_id), 2)
    ]
    assert hub.one("SELECT attempts FROM fanout_batches WHERE message_id = :id AND seq = 2", message_id)[0] == 1
    assert swept(hub) == [], "it was published once"
    hub.work()


def test_a_message_whose_audience_could_not_be_cut_is_tried_too(hub: Hub, command: Retry) -> None:
    message_id = hub.accept()
    fail_cutting(hub, message_id)
    assert swept(hub) == []
    facts = json.loads(command("--all", "--json").stdout)
    assert facts["due"] == [{"message_id": str(message_id), "batches": 0, "is_cutting": True}]
    assert [task.message_id for task in swept(hub) if isinstance(task, contracts.ExpandMessage)] == [str(message_id)]
    hub.work()
    assert hub.message(message_id).status == "sent"


def test_a_retry_keeps_to_the_platform_that_it_was_given(hub: Hub, command: Retry) -> None:
    with hub.engine.begin() as connection:
        other = factories.platform(connection)
        sender = factories.user(connection, other)
        factories.administrator(connection, sender, other)
    theirs, ours = messages.accept(hub.compose, sender, other, messages.EVERYONE), hub.accept()
    for message_id in (theirs, ours):
        fail_cutting(hub, message_id)
    shown = command("--all", "--platform", other.key)
    assert str(theirs) in shown.stdout
    assert str(ours) not in shown.stdout
    assert command("--all", "--platform", "nowhere").exit_code == 1


def test_a_batch_that_is_being_delivered_and_what_is_done_or_recalled_are_left(hub: Hub, command: Retry) -> None:
    delivering, recalled, sent = hub.cut(), hub.cut(), hub.accept()
    hub.expand(sent)
    hub.work()
    fail_batch(hub, delivering, 1)
    fail_batch(hub, recalled, 1)
    hub.recall(recalled)
    with hub.engine.begin() as connection:
        connection.exec_driver_sql("SELECT FROM fanout_batches WHERE message_id = %s FOR UPDATE", (delivering,))
        shown = command(delivering, recalled, sent)
    assert shown.exit_code == 0
    assert shown.stdout == "Nothing of that failed: there is nothing to retry.\n"


def test_the_audit_trail_names_who_retried_what(hub: Hub, command: Retry) -> None:
    message_id = hub.cut()
    for seq in (1, 3):
        fail_batch(hub, message_id, seq)
    command(message_id)
    event = hub.one("SELECT * FROM audit_events WHERE message_id = :id AND action = 'retry'", message_id)
    assert (event.outcome, event.operator, event.detail) == ("changed", operator.name(), "2 batches")
    assert event.platform_id == hub.platform.id


def test_a_retry_without_sweeps_says_that_nothing_will_happen(hub: Hub, command: Retry) -> None:
    fail_cutting(hub, hub.accept())
    assert "But no sweep runs (none has ended yet): start workers and beat" in command("--all").stdout
    hub.execute("INSERT INTO fanout_counters VALUES ('sweeps', 1, clock_timestamp() - interval '10 min')")
    message_id = hub.accept()
    fail_cutting(hub, message_id)
    assert "But no sweep runs (the last ended 10 min ago)" in command(message_id).stdout


@pytest.mark.parametrize(
    ("arguments", "exit_code", "said"),
    [
        ([], 2, "Name messages, or say --all."),
        (["--platform", "acme"], 2, "Name messages, or say --all."),
        ([uuid.UUID(int=7), "--all"], 2, "Name messages, or say --all."),
        ([uuid.UUID(int=7), "--platform", "acme"], 2, "--platform goes with --all."),
        ([uuid.UUID(int=7)], 1, f"There is no message {uuid.UUID(int=7)}."),
    ],
)
def test_a_retry_of_nothing_in_particular_or_of_an_unknown_message_is_refused(
    command: Retry, arguments: list[object], exit_code: int, said: str
) -> None:
    shown = command(*arguments)
    assert shown.exit_code == exit_code
    assert said in shown.output
