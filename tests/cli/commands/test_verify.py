"""`message-hub verify`: what it says, with which exit code, and that what it repairs is seen by those who poll."""

import json
import re
import uuid
from pathlib import Path

import pytest
import sqlalchemy
from click.testing import CliRunner, Result

from cli import main, operator
from cli.commands import verify_repair
from services.fanout_worker.actions import verify
from services.fanout_worker.store import batches, messages
from shared import db
from tests import factories, threads
from tests.conftest import MakeEngine
from tests.fanout_worker.conftest import Hub, hub  # noqa: F401 (a fixture)
from tests.inbox_api.hub import Hub as InboxHub

DAILY = (Path(__file__).parents[3] / "docs" / "operations" / "daily.md").read_text(encoding="utf-8")


class Verify:
    """Runs the command on the hub's database."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url

    def __call__(self, *arguments: object) -> Result:
        return CliRunner().invoke(main.commands, ["verify", *map(str, arguments)], env={"HUB_DATABASE_URL": self._url})

    def facts(self, *arguments: object) -> dict[str, object]:
        shown = self(*arguments, "--json")
        assert shown.exit_code in (0, 3), shown.output
        facts: dict[str, object] = json.loads(shown.stdout)
        return facts


@pytest.fixture
def command(database_url: str) -> Verify:
    return Verify(database_url)


@pytest.fixture
def message_id(hub: Hub) -> uuid.UUID:
    """A message that is written to 25 people in four batches."""
    hub.join(count=24)
    made = hub.accept()
    hub.expand(made)
    hub.work()
    return made


def lose(hub: Hub, message_id: uuid.UUID, *users: int) -> None:
    hub.execute(
        "DELETE FROM inbox_entries WHERE message_id = :id AND user_id = ANY(:users)", id=message_id, users=list(users)
    )


def give(hub: Hub, message_id: uuid.UUID, user_id: int) -> None:
    hub.execute(
        "INSERT INTO inbox_entries SELECT :user_id, sent_at, id FROM messages WHERE id = :id",
        user_id=user_id,
        id=message_id,
    )


def test_a_message_that_reached_everyone_holds(command: Verify, message_id: uuid.UUID) -> None:
    shown = command(message_id)
    assert shown.exit_code == 0
    assert "Planned     25" in shown.output
    assert "Verdict     holds" in shown.output
    facts = command.facts(message_id)
    assert {name: facts[name] for name in ("verdict", "planned", "delivered", "missing", "unexpected", "repaired")} == {
        "verdict": "holds", "planned": 25, "delivered": 25, "missing": 0, "unexpected": 0, "repaired": None,
    }  # fmt: skip


def test_whoever_polls_is_told_what_a_repair_wrote(
    hub: Hub, command: Verify, message_id: uuid.UUID, make_engine: MakeEngine, owner_engine: sqlalchemy.Engine
) -> None:
    inbox = InboxHub(owner=owner_engine, inbox=make_engine(db.INBOX_ROLE))
    inbox.platforms[hub.platform.id] = hub.platform
    lose(hub, message_id, hub.sender.id)
    before = inbox.ask(hub.sender, "/v1/notifications")
    assert (before.status_code, before.get_json()["data"]) == (200, [])
    known = {"If-None-Match": before.headers["ETag"]}
    assert inbox.ask(hub.sender, "/v1/notifications", headers=known).status_code == 304

    shown = command(message_id)
    assert shown.exit_code == 3
    assert (
        f"Missing      1  of them do not have it, and no worker will write it: {hub.sender.external_id}" in shown.output
    )
    assert "--repair` delivers what is missing" in shown.output
    assert inbox.ask(hub.sender, "/v1/notifications", headers=known).status_code == 304

    shown = command(message_id, "--repair")
    assert shown.exit_code == 0, shown.output
    assert "Repaired    1 entries were written just now" in shown.output
    assert "Verdict     holds" in shown.output
    after = inbox.ask(hub.sender, "/v1/notifications", headers=known)
    assert after.status_code == 200, "a stamp that had not risen would have answered 304"
    assert [one["id"] for one in after.get_json()["data"]] == [str(message_id)]
    assert after.get_json()["unread_count"] == 1


def test_repairing_twice_writes_once_and_leaves_other_inboxes_as_they_were(
    hub: Hub, command: Verify, message_id: uuid.UUID, owner_engine: sqlalchemy.Engine
) -> None:
    lost = hub.recipients(message_id)[::5]
    lose(hub, message_id, *lost)
    assert command.facts(message_id, "--repair")["repaired"] == len(lost)
    assert command.facts(message_id, "--repair")["repaired"] == 0
    with owner_engine.connect() as connection:
        revised = connection.execute(sqlalchemy.text("SELECT user_id, revision FROM inbox_revisions ORDER BY 1")).all()
        events = connection.execute(
            sqlalchemy.text("SELECT operator, detail FROM audit_events WHERE action = 'repair' AND message_id = :id"),
            {"id": message_id},
        ).all()
    assert [tuple(row) for row in revised] == [(user_id, 1) for user_id in lost]
    assert {row.operator for row in events} == {operator.name()}
    assert sum(int(row.detail.split()[0]) for row in events) == len(lost), "and nothing of what found nothing to do"
    assert len(hub.recipients(message_id)) == 25


def test_two_repairs_at_once_write_each_entry_once(
    hub: Hub, message_id: uuid.UUID, make_engine: MakeEngine, owner_engine: sqlalchemy.Engine
) -> None:
    everyone = hub.recipients(message_id)
    lose(hub, message_id, *everyone)
    report = verify.verify_message(hub.engine, message_id=message_id, limit=0)
    assert report is not None
    written: list[int] = []
    engines = [make_engine(None) for _ in range(2)]

    def repair() -> None:
        engine = engines.pop()
        written.append(verify_repair.repair_message(engine, report=report))

    threads.together(repair, repair)
    assert sum(written) == 25
    assert hub.recipients(message_id) == everyone


def test_what_workers_will_still_write_is_left_to_them(hub: Hub, command: Verify) -> None:
    hub.join(count=24)
    message_id = hub.accept()
    hub.expand(message_id)
    hub.deliver(message_id, 1)
    (lost, *others) = hub.recipients(message_id)
    lose(hub, message_id, lost)
    facts = command.facts(message_id, "--repair")
    assert (facts["verdict"], facts["repaired"], facts["pending"]) == ("pending", 1, 25 - 1 - len(others))
    assert hub.recipients(message_id) == [lost, *others]
    hub.work()
    assert len(hub.recipients(message_id)) == 25
    assert command(message_id).exit_code == 0


def test_a_batch_in_the_hands_of_a_worker_is_neither_waited_for_nor_written_twice(hub: Hub, command: Verify) -> None:
    hub.join(count=24)
    message_id = hub.accept()
    hub.expand(message_id)
    message = hub.message(message_id)
    with hub.context.engine.begin() as worker:
        batch = batches.claim_batch(worker, message_id=message_id, seq=1)
        found = messages.find_message(worker, message_id=message_id)
        assert batch is not None
        assert found is not None
        batches.insert_entries(worker, message_id=message_id, sent_at=message.sent_at, of=found.audience, batch=batch)
        facts = command.facts(message_id, "--repair")
        assert (facts["verdict"], facts["repaired"], facts["pending"]) == ("pending", 0, 25)
        batches.mark_delivered(worker, message_id=message_id, seq=1)
    facts = command.facts(message_id, "--repair")
    assert (facts["verdict"], facts["repaired"], facts["delivered"]) == ("pending", 0, batch.recipient_count)
    hub.work()
    assert command.facts(message_id)["verdict"] == "holds"


def test_pending_is_said_and_is_no_failure(hub: Hub, command: Verify) -> None:
    shown = command(hub.accept())
    assert shown.exit_code == 0
    assert "Pending     1  of them are in batches that workers still write" in shown.output
    assert "Verdict     pending" in shown.output


def test_who_has_it_wrongly_is_told_and_keeps_it(hub: Hub, command: Verify, message_id: uuid.UUID) -> None:
    with hub.engine.begin() as connection:
        late = factories.user(connection, hub.platform, external_id="late")
        stranger = factories.user(connection, factories.platform(connection, key="other"), external_id="stranger")
    for user_id in (late.id, stranger.id, 2**40):
        give(hub, message_id, user_id)
    shown = command(message_id, "--repair")
    assert shown.exit_code == 3
    assert "Unexpected   3" in shown.output
    assert f"late, stranger of platform other, user number {2**40}, who does not exist" in shown.output
    assert "docs/operations/daily.md" in shown.output
    assert len(hub.recipients(message_id)) == 28


@pytest.mark.parametrize("is_second", [False, True])
def test_an_entry_that_is_removed_as_documented_leaves_no_state_and_no_old_etag(
    hub: Hub, command: Verify, message_id: uuid.UUID, is_second: bool
) -> None:
    if is_second:
        who = hub.sender
        hub.execute("INSERT INTO inbox_entries SELECT :id, sent_at + interval '1 s', id FROM messages", id=who.id)
    else:
        with hub.engine.begin() as connection:
            who = factories.user(connection, hub.platform, external_id="late")
        give(hub, message_id, who.id)
    hub.execute(
        "INSERT INTO inbox_states (user_id, sent_at, message_id, seen_at)"
        " SELECT user_id, sent_at, message_id, now() FROM inbox_entries WHERE user_id = :id",
        id=who.id,
    )
    assert command.facts(message_id)["unexpected"] == 1
    statement = re.findall(r"```sql\n(WITH wrong.*?)```", DAILY, re.DOTALL)[0].replace("MESSAGE_ID", str(message_id))
    statement = statement.replace("PLATFORM", hub.platform.key).replace("USER", who.external_id)
    hub.execute(statement.replace("= w.sent_at", "<> w.sent_at") if is_second else statement)
    facts = command.facts(message_id)
    assert (facts["verdict"], facts["delivered"], facts["unexpected"]) == ("holds", 25, 0)
    with hub.engine.connect() as connection:
        assert connection.execute(sqlalchemy.text("SELECT count(*) FROM inbox_states")).scalar_one() == int(is_second)
        revised = connection.execute(sqlalchemy.text("SELECT user_id, revision FROM inbox_revisions")).all()
    assert revised == [(who.id, 1)]


def test_no_more_people_are_named_than_asked_for(hub: Hub, command: Verify, message_id: uuid.UUID) -> None:
    lose(hub, message_id, *hub.recipients(message_id))
    assert "and 23 more" in command(message_id, "--limit", 2).output
    assert len(command.facts(message_id, "--limit", 100)["missing_users"]) == 25  # type: ignore[arg-type]
    assert command.facts(message_id, "--limit", 0)["missing_users"] == []


def test_nothing_that_somebody_is_called_moves_or_colours_a_terminal(
    hub: Hub, command: Verify, message_id: uuid.UUID
) -> None:
    lose(hub, message_id, hub.sender.id)
    hub.execute("UPDATE users SET external_id = :name WHERE id = :id", name="\x1b[31mred", id=hub.sender.id)
    assert "write it: \\x1b[31mred" in command(message_id).output


def test_a_recalled_message_is_not_repaired(hub: Hub, command: Verify, message_id: uuid.UUID) -> None:
    lose(hub, message_id, hub.sender.id)
    hub.recall(message_id)
    shown = command(message_id)
    assert shown.exit_code == 0
    assert "Withheld     1" in shown.output
    refused = command(message_id, "--repair")
    assert refused.exit_code == 1
    assert f"Error: Message {message_id} is not repaired: it was recalled" in refused.output
    assert len(hub.recipients(message_id)) == 24


def test_a_message_recalled_between_looking_and_repairing_is_not_repaired(
    hub: Hub, message_id: uuid.UUID, owner_engine: sqlalchemy.Engine
) -> None:
    lose(hub, message_id, hub.sender.id)
    report = verify.verify_message(hub.engine, message_id=message_id, limit=0)
    assert report is not None
    hub.recall(message_id)
    with pytest.raises(verify.NotRepairableError, match="recalled just now"):
        verify_repair.repair_message(owner_engine, report=report)
    assert len(hub.recipients(message_id)) == 24


def test_a_message_whose_entries_were_dropped_is_not_repaired(hub: Hub, command: Verify, message_id: uuid.UUID) -> None:
    hub.execute("DELETE FROM inbox_entries")
    hub.execute("UPDATE messages SET sent_at = sent_at - interval '30 months'")
    hub.execute("UPDATE inbox_retention SET dropped_before = now() - interval '29 months'")
    shown = command(message_id)
    assert shown.exit_code == 0
    assert "Verdict     dropped" in shown.output
    refused = command(message_id, "--repair")
    assert refused.exit_code == 1
    assert "past the retention" in refused.output


def test_after_an_incident_every_message_since_is_told_in_a_line(
    hub: Hub, command: Verify, message_id: uuid.UUID
) -> None:
    old = message_id
    hub.execute("SELECT create_inbox_partitions((now() - interval '3 days')::date)")
    hub.execute("UPDATE messages SET sent_at = sent_at - interval '3 days' WHERE id = :id", id=old)
    hub.execute("UPDATE inbox_entries SET sent_at = sent_at - interval '3 days' WHERE message_id = :id", id=old)
    waiting, whole = hub.accept(), hub.accept()
    hub.expand(whole)
    hub.work()
    lose(hub, whole, hub.sender.id)
    shown = command("--since", "2d")
    assert shown.exit_code == 3
    first, second, total = shown.stdout.splitlines()
    assert first.startswith(f"pending   {waiting}")
    assert second.startswith(f"fails     {whole}")
    assert "24 of 25 delivered; 1 missing" in second
    assert total == "2 messages: fails 1, pending 1."

    mended = command("--since", "2d", "--repair")
    assert mended.exit_code == 0
    assert "1 repaired just now" in mended.output
    verdicts = [json.loads(line)["verdict"] for line in command("--all", "--json").stdout.splitlines()]
    assert verdicts == ["holds", "pending", "holds"]
    assert command("--all", "--platform", "other").output == "There are no such messages.\n"
    assert command("--all", "--platform", hub.platform.key).stdout.splitlines()[-1] == "3 messages: holds 2, pending 1."


def test_a_recalled_message_among_many_is_passed_by(hub: Hub, command: Verify, message_id: uuid.UUID) -> None:
    lose(hub, message_id, hub.sender.id)
    hub.recall(message_id)
    shown = command("--since", "2020-01-01", "--repair")
    assert shown.exit_code == 0
    assert "recalled" in shown.output
    assert len(hub.recipients(message_id)) == 24


@pytest.mark.parametrize(
    "since", ["90m", "12h", "7d", "2w", "2026-11-22", "2026-11-22T14:30", "2026-11-22T14:30:00+02:00"]
)
def test_since_is_a_length_of_time_or_a_time(command: Verify, since: str) -> None:
    assert (command("--since", since).exit_code) == 0


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["nonsense"], 1, "nonsense is not the id of a message: those look like"),
        (["01890f5f-6f43-7d84-8f6c-0e1a5c2a3b4d"], 1, "There is no message 01890f5f-6f43-7d84-8f6c-0e1a5c2a3b4d."),
        ([], 2, "Name a message, or say --since WHEN or --all."),
        (["01890f5f-6f43-7d84-8f6c-0e1a5c2a3b4d", "--all"], 2, "Name a message, or say"),
        (["01890f5f-6f43-7d84-8f6c-0e1a5c2a3b4d", "--platform", "x"], 2, "--platform goes with"),
        (["--since", "yesterday"], 2, "yesterday is neither like 90m"),
        (["--since", "99999999999999d"], 2, "is neither like 90m"),
        (["--all", "--limit", "-1"], 2, "--limit"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_reason(
    command: Verify, arguments: list[str], code: int, sentence: str
) -> None:
    shown = command(*arguments)
    assert shown.exit_code == code
    assert sentence in shown.output
