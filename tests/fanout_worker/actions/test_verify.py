"""Who should have a message against who has, tests/cli/commands/test_verify.py repairs."""

import uuid

import pytest

from services.fanout_worker.actions import count, verify
from services.fanout_worker.domain import proof
from tests import factories, messages
from tests.fanout_worker.conftest import Hub


@pytest.fixture
def people(hub: Hub) -> list[factories.User]:
    """24 people beside the sender: batches of 10 make four of them."""
    return hub.join(count=24)


def look(hub: Hub, message_id: uuid.UUID) -> proof.Report:
    report = verify.verify_message(hub.engine, message_id=message_id, limit=3)
    assert report is not None
    return report


def counts(report: proof.Report) -> tuple[int, int, int, int, int, int]:
    return (
        report.planned,
        report.delivered,
        report.pending,
        report.missing,
        report.withheld,
        report.unexpected,
    )


def sent(hub: Hub) -> uuid.UUID:
    message_id = hub.accept()
    hub.expand(message_id)
    hub.work()
    return message_id


def test_an_unknown_message_has_no_report(hub: Hub) -> None:
    assert verify.verify_message(hub.engine, message_id=uuid.uuid4(), limit=3) is None


@pytest.mark.usefixtures("people")
def test_at_every_step_of_its_life_what_is_not_written_yet_is_pending_and_never_missing(hub: Hub) -> None:
    message_id = hub.accept()
    assert (look(hub, message_id).verdict, counts(look(hub, message_id))) == ("pending", (25, 0, 25, 0, 0, 0))
    hub.expand(message_id)
    assert (look(hub, message_id).verdict, counts(look(hub, message_id))) == ("pending", (25, 0, 25, 0, 0, 0))
    hub.deliver(message_id, 2)
    report = look(hub, message_id)
    assert report.verdict == "pending"
    assert report.delivered + report.pending == 25
    assert 0 < report.delivered < 25
    hub.work()
    assert (look(hub, message_id).verdict, counts(look(hub, message_id))) == ("holds", (25, 25, 0, 0, 0, 0))


@pytest.mark.usefixtures("people")
def test_what_is_cut_in_part_is_pending_to_the_end(hub: Hub) -> None:
    message_id = hub.accept()
    hub.expand(message_id)
    hub.execute("DELETE FROM fanout_batches WHERE message_id = :id AND seq > 1", id=message_id)
    hub.execute("UPDATE messages SET recipient_count = NULL WHERE id = :id", id=message_id)
    hub.deliver(message_id, 1)
    report = look(hub, message_id)
    assert (report.verdict, report.missing) == ("pending", 0)
    assert report.delivered + report.pending == 25
    assert report.delivered > 0


def test_a_choice_of_scopes_is_recomputed_as_of_its_version_whatever_the_directory_does_later(hub: Hub) -> None:
    both = hub.join(hub.clinics[0], hub.organisations[1])
    inside = hub.join(hub.clinics[0], count=3)
    hub.join(hub.clinics[8], count=3)
    message_id = hub.accept(messages.aimed_at(hub.organisations[1], hub.clinics[0]))
    hub.expand(message_id)
    hub.work()
    with hub.engine.begin() as connection:
        factories.set_status(connection, inside[0], "disabled")
        factories.leave(connection, both[0], hub.clinics[0])
        factories.user(connection, hub.platform, hub.clinics[0])
    report = look(hub, message_id)
    assert (report.verdict, counts(report)) == ("holds", (4, 4, 0, 0, 0, 0))


def test_who_lacks_it_and_who_has_it_wrongly_are_found_one_by_one(hub: Hub, people: list[factories.User]) -> None:
    message_id = sent(hub)
    with hub.engine.begin() as connection:
        late = factories.user(connection, hub.platform)
        stranger = factories.user(connection, factories.platform(connection))
    lost = [people[number].id for number in (0, 7, 8, 20)]
    hub.execute("DELETE FROM inbox_entries WHERE user_id = ANY(:lost)", lost=lost)
    hub.execute(
        "INSERT INTO inbox_entries SELECT unnest(CAST(:ids AS bigint[])), sent_at, id FROM messages WHERE id = :id",
        ids=[late.id, stranger.id, 2**62],
        id=message_id,
    )
    report = look(hub, message_id)
    assert counts(report) == (25, 21, 0, 4, 0, 3)
    assert list(report.missing_ids) == lost[:3]
    assert list(report.unexpected_ids) == [late.id, stranger.id, 2**62]
    assert not report.disagreements, "its counters are what they should be"
    assert report.verdict == "fails"


def test_a_second_entry_under_another_time_is_found(hub: Hub, people: list[factories.User]) -> None:
    message_id = sent(hub)
    twice, moved = people[3].id, people[9].id
    hub.execute(
        """INSERT INTO inbox_entries SELECT user_id, sent_at + number * interval '1 us', message_id
           FROM inbox_entries, generate_series(1, 2) AS number WHERE user_id = :id""",
        id=twice,
    )
    hub.execute("UPDATE inbox_entries SET sent_at = sent_at - interval '1 us' WHERE user_id = :id", id=moved)
    report = look(hub, message_id)
    assert counts(report) == (25, 24, 0, 1, 0, 3)
    assert (list(report.missing_ids), list(report.unexpected_ids)) == ([moved], [twice, moved])


@pytest.mark.parametrize("is_counted_before", [True, False])
def test_a_second_entry_in_another_month_is_found(
    hub: Hub, people: list[factories.User], is_counted_before: bool
) -> None:
    message_id, twice = sent(hub), people[3].id
    hub.execute(
        """INSERT INTO inbox_entries SELECT user_id, sent_at + interval '31 days', message_id FROM inbox_entries
           WHERE user_id = :id""",
        id=twice,
    )
    row_counts = verify.count_rows(hub.engine) if is_counted_before else None
    report = verify.verify_message(hub.engine, message_id=message_id, limit=3, row_counts=row_counts)
    assert report is not None
    assert (report.verdict, report.unexpected, list(report.unexpected_ids)) == ("fails", 1, [twice])


@pytest.mark.usefixtures("people")
def test_a_state_without_an_entry_is_found_once_everything_is_written(hub: Hub) -> None:
    message_id = hub.accept()
    hub.expand(message_id)
    hub.execute(
        "INSERT INTO inbox_states (user_id, sent_at, message_id) SELECT :user_id, sent_at, id FROM messages",
        user_id=hub.sender.id,
    )
    assert look(hub, message_id).verdict == "pending", "they saw it in their bell before it was written"
    hub.work()
    assert look(hub, message_id).verdict == "holds"
    hub.execute("DELETE FROM inbox_entries WHERE user_id = :user_id", user_id=hub.sender.id)
    report = look(hub, message_id)
    assert report.missing == 1
    assert "1 states belong to no entry, so counts are wrong" in report.disagreements


@pytest.mark.usefixtures("people")
def test_one_entry_too_many_beside_one_too_few_is_found(hub: Hub) -> None:
    message_id = sent(hub)
    with hub.engine.begin() as connection:
        late = factories.user(connection, hub.platform)
    hub.execute("UPDATE inbox_entries SET user_id = :late WHERE user_id = :id", late=late.id, id=hub.sender.id)
    report = look(hub, message_id)
    assert (list(report.missing_ids), list(report.unexpected_ids)) == ([hub.sender.id], [late.id])


@pytest.mark.usefixtures("people")
def test_missing_beside_pending_is_told_apart(hub: Hub) -> None:
    message_id = hub.accept()
    hub.expand(message_id)
    hub.deliver(message_id, 1)
    first = hub.recipients(message_id)
    hub.execute("DELETE FROM inbox_entries WHERE user_id = :lost", lost=first[0])
    report = look(hub, message_id)
    assert (report.missing, list(report.missing_ids)) == (1, [first[0]])
    assert report.pending == 25 - len(first)
    assert report.verdict == "fails"


@pytest.mark.usefixtures("people")
def test_a_message_that_lost_its_batches_is_found_out(hub: Hub) -> None:
    message_id = sent(hub)
    hub.execute("DELETE FROM fanout_batches WHERE message_id = :id AND seq = 2", id=message_id)
    report = look(hub, message_id)
    assert (report.missing, report.unexpected) == (0, 0), "the batches are not what is believed"
    assert any("its batches" in one for one in report.disagreements)
    assert any("no batch covers" in one for one in report.disagreements)


@pytest.mark.usefixtures("people")
def test_an_entry_in_the_way_of_a_worker_is_told(hub: Hub) -> None:
    message_id = hub.accept()
    hub.expand(message_id)
    hub.execute(
        "INSERT INTO inbox_entries SELECT :user_id, sent_at, id FROM messages WHERE id = :id",
        user_id=hub.sender.id,
        id=message_id,
    )
    report = look(hub, message_id)
    assert any("1 entries of batch 1 are written before" in one for one in report.disagreements)


@pytest.mark.usefixtures("people")
def test_a_recalled_message_lacks_nothing(hub: Hub) -> None:
    message_id = hub.accept()
    hub.expand(message_id)
    hub.deliver(message_id, 1)
    hub.recall(message_id)
    report = look(hub, message_id)
    assert report.verdict == "recalled"
    assert (report.pending, report.missing) == (0, 0)
    assert report.delivered + report.withheld == 25
    with pytest.raises(verify.NotRepairableError, match="recalled"):
        verify.check_repairable(report.message)


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("written", [0, 1, 4])
def test_a_message_that_expires_in_the_middle_of_its_fan_out_is_written_to_everybody(hub: Hub, written: int) -> None:
    message_id = hub.accept()
    hub.expand(message_id)
    for seq in range(1, written + 1):
        hub.deliver(message_id, seq)
    hub.execute("UPDATE messages SET expires_at = now()")
    if written < 4:
        assert look(hub, message_id).verdict == "pending"
    hub.work()
    report = look(hub, message_id)
    assert (report.verdict, counts(report)) == ("holds", (25, 25, 0, 0, 0, 0))
    assert (report.message.recipient_count, report.message.delivered_count) == (25, 25)
    assert (report.message.is_expired, report.message.status) == (True, "sent")
    assert hub.in_flight(message_id) == 0


@pytest.mark.usefixtures("people")
def test_a_message_whose_entries_were_dropped_lacks_nothing(hub: Hub) -> None:
    message_id = sent(hub)
    hub.execute("UPDATE messages SET sent_at = sent_at - interval '30 months' WHERE id = :id", id=message_id)
    hub.execute("DELETE FROM inbox_entries")
    hub.execute("UPDATE inbox_retention SET dropped_before = now() - interval '29 months'")
    report = look(hub, message_id)
    assert (report.verdict, counts(report)) == ("dropped", (25, 0, 0, 0, 25, 0))
    with pytest.raises(verify.NotRepairableError, match="retention"):
        verify.check_repairable(report.message)


def test_what_workers_do_meanwhile_makes_nobody_missing(hub: Hub) -> None:
    """Each window is one snapshot: after every one of them a worker goes a step further."""
    hub.join(count=60)
    message_id = hub.accept()
    hub.expand(message_id)
    reports = []

    def step(_done: int, _total: int) -> None:
        if hub.published.contracts:
            hub.run(hub.published.contracts.pop())

    while hub.published.contracts:
        report = verify.verify_message(hub.engine, message_id=message_id, limit=3, progress=step)
        assert report is not None
        reports.append(report)
    assert reports
    assert {(report.missing, report.unexpected, tuple(report.disagreements)) for report in reports} == {(0, 0, ())}
    assert look(hub, message_id).verdict == "holds"


_ACKNOWLEDGE = """
    INSERT INTO acknowledgements (message_id, user_id, sent_at, acknowledged_at, content_hash, authentication, request_id)
    SELECT id, %s, sent_at, sent_at + CAST(%s AS interval), coalesce(%s, content_hash), 'shared-secret', 'request'
    FROM messages WHERE id = %s
"""


def asking(hub: Hub) -> uuid.UUID:
    message_id = sent(hub)
    with hub.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE messages SET statement = 'Read.', content_hash = sha256('it') WHERE id = %s", (message_id,)
        )
    return message_id


def acknowledge(
    hub: Hub, message_id: uuid.UUID, user: factories.User, after: str = "1 h", content: bytes | None = None
) -> None:
    with hub.engine.begin() as connection:
        connection.exec_driver_sql(_ACKNOWLEDGE, (user.id, after, content, message_id))


def test_acknowledgements_are_those_of_recipients_of_the_text_and_counted(
    hub: Hub, people: list[factories.User]
) -> None:
    message_id = asking(hub)
    for number, user in enumerate(people[:4]):
        acknowledge(hub, message_id, user)
        assert look(hub, message_id).verdict == "holds"
        if number in (1, 2):
            count.count_acknowledgements(hub.context)
    assert look(hub, message_id).verdict == "holds"
    (late,) = hub.join()
    acknowledge(hub, message_id, late)
    acknowledge(hub, message_id, people[5], after="-1 h")
    acknowledge(hub, message_id, people[6], content=b"o" * 32)
    with hub.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM uncounted_acknowledgements WHERE user_id = %s", (late.id,))
        connection.exec_driver_sql("UPDATE acknowledgement_counts SET recipients = recipients - 1")
    report = look(hub, message_id)
    assert (report.verdict, list(report.disagreements)) == (
        "fails",
        [
            "1 acknowledgements are of people who are no recipients",
            "1 acknowledgements are of another text than the message's",
            "1 acknowledgements are older than the message",
            "6 acknowledgements are counted, there are 7",
            "acknowledgements are counted of 24 recipients, the directory has 25",
        ],
    )


def test_acknowledgements_that_nobody_asked_for_are_named(hub: Hub, people: list[factories.User]) -> None:
    message_id = sent(hub)
    acknowledge(hub, message_id, people[0], content=b"o" * 32)
    assert "1 acknowledgements, yet the message asks for none" in look(hub, message_id).disagreements
