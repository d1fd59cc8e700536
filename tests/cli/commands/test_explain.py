"""`message-hub explain`: each reason why somebody has a message or has it not."""

import json
import uuid

import pytest
from click.testing import CliRunner, Result

from cli import main
from cli.output import moment
from services.compose_api import domain
from services.compose_api.actions import messages as message_actions
from services.compose_api.store import messages as message_store
from services.inbox_api.actions import states
from shared import db, rate_limit
from tests import factories, messages
from tests.conftest import MakeEngine
from tests.fanout_worker.conftest import Hub, hub  # noqa: F401 (a fixture)


class Explain:
    """Asks the command about the hub's database."""

    def __init__(self, hub: Hub, database_url: str) -> None:
        self.hub = hub
        self._url = database_url

    def run(self, *arguments: object) -> Result:
        return CliRunner().invoke(main.commands, ["explain", *map(str, arguments)], env={"HUB_DATABASE_URL": self._url})

    def __call__(self, message_id: uuid.UUID, who: factories.User, *, code: int = 0) -> tuple[str, str]:
        """The outcome and the sentence, which is what people are shown."""
        told = self.run(message_id, who.external_id, "--json")
        shown = self.run(message_id, who.external_id)
        assert (told.exit_code, shown.exit_code) == (code, code), told.output
        facts = json.loads(told.stdout)
        assert shown.stdout == facts["sentence"] + "\n"
        assert facts["sentence"].endswith(".")
        assert ". " not in facts["sentence"], "one sentence"
        assert who.external_id in facts["sentence"]
        assert (facts["user"], facts["message_id"]) == (who.external_id, str(message_id))
        return facts["outcome"], facts["sentence"]


@pytest.fixture
def explain(hub: Hub, database_url: str) -> Explain:
    return Explain(hub, database_url)


def send(hub: Hub, *scopes: factories.Scope) -> uuid.UUID:
    """A message that is written, to these scopes or to everyone."""
    message_id = hub.accept(messages.aimed_at(*scopes) if scopes else messages.EVERYONE)
    hub.expand(message_id)
    hub.work()
    return message_id


def move(hub: Hub, clinic: factories.Clinic, to: factories.Organisation) -> None:
    with hub.engine.begin() as connection:
        factories.move(connection, clinic, to)


def test_who_has_it_is_told_through_what_and_what_they_did_with_it(hub: Hub, explain: Explain) -> None:
    clinic, organisation = hub.clinics[0], hub.organisations[0]
    (who,) = hub.join(clinic)
    message_id = send(hub, organisation)
    assert explain(message_id, who) == (
        "delivered",
        f"{who.external_id} has it in their inbox, as a member of clinic {clinic.external_id} of organisation "
        f"{organisation.external_id} (the sender chose organisation {organisation.external_id}); not seen yet.",
    )
    hub.execute(
        """INSERT INTO inbox_states (user_id, sent_at, message_id, seen_at, read_at, first_read_at, archived_at)
           SELECT :user_id, sent_at, id, '2026-11-22T10:00Z', '2026-11-22T11:00Z', '2026-11-22T11:00Z', '2026-11-22T12:00Z'
           FROM messages""",
        user_id=who.id,
    )
    _, sentence = explain(message_id, who)
    assert (
        "seen at 2026-11-22 10:00:00.000 UTC, read at 2026-11-22 11:00:00.000 UTC, archived at 2026-11-22 12:00:00.000 UTC"
        in sentence
    )
    told = json.loads(explain.run(message_id, who.external_id, "--json").stdout)
    assert (told["seen_at"], told["is_written"], len(told["through"])) == ("2026-11-22T10:00:00Z", True, 1)


def test_every_way_in_which_somebody_was_reached_is_told(hub: Hub, explain: Explain) -> None:
    (who,) = hub.join(hub.clinics[0], hub.clinics[1])
    with hub.engine.begin() as connection:
        factories.administrator(connection, who, hub.organisations[0])
    _, sentence = explain(send(hub, hub.organisations[0], hub.clinics[0]), who)
    assert f"as an administrator of organisation {hub.organisations[0].external_id}" in sentence
    assert sentence.count("as a member of clinic") == 2
    assert "and 1 more" in sentence
    _, sentence = explain(send(hub), who)
    assert f"like everyone on platform {hub.platform.key}" in sentence


def test_in_flight_it_is_in_the_bell_though_not_written(hub: Hub, explain: Explain) -> None:
    (who, *_) = hub.join(count=24)
    message_id = hub.accept()
    outcome, sentence = explain(message_id, who)
    assert outcome == "in-flight"
    assert "has it in their bell" in sentence
    assert "the audience is not cut into batches yet" in sentence
    hub.expand(message_id)
    hub.execute("UPDATE fanout_batches SET attempts = 3, last_error = 'DiskFull: no space\nleft' WHERE seq = 1")
    outcome, sentence = explain(message_id, who)
    assert outcome == "in-flight"
    hub.execute("UPDATE fanout_batches SET attempts = 1 WHERE seq = 1")
    assert "(1 retry, last error:" in explain(message_id, who)[1]
    assert "batch 1 is not delivered yet (3 retries, last error: DiskFull: no space left)" in sentence


def test_another_target_in_flight_does_not_put_it_in_their_bell(hub: Hub, explain: Explain) -> None:
    (who,) = hub.join(hub.clinics[0])
    message_id = hub.accept(messages.aimed_at(hub.clinics[0], hub.clinics[3]))
    hub.execute("DELETE FROM inflight_targets WHERE scope_id = :id", id=hub.clinics[0].id)
    outcome, sentence = explain(message_id, who, code=3)
    assert outcome == "missing"
    assert "and has not: the audience is not cut into batches yet, and a worker will write it" in sentence
    assert "--repair" not in sentence, "which would leave it to the worker"


def test_what_a_worker_will_write_is_not_left_to_a_repair(hub: Hub, explain: Explain) -> None:
    message_id = hub.accept()
    hub.expand(message_id)
    hub.execute("UPDATE fanout_batches SET delivered_at = NULL")
    hub.execute("DELETE FROM inbox_entries")
    hub.execute("DELETE FROM inflight_targets")
    outcome, sentence = explain(message_id, hub.sender, code=3)
    assert outcome == "missing"
    assert "is not delivered yet (0 retries), and a worker will write it" in sentence
    assert "--repair" not in sentence


def test_recalled_and_dropped_it_was_written_all_the_same(hub: Hub, explain: Explain) -> None:
    message_id = send(hub)
    hub.recall(message_id)
    hub.execute("DELETE FROM inbox_entries")
    hub.execute("UPDATE inbox_retention SET dropped_before = now() + interval '1 minute'")
    assert "had it in their inbox until then" in explain(message_id, hub.sender)[1]
    assert json.loads(explain.run(message_id, hub.sender.external_id, "--json").stdout)["is_written"] is True


def test_who_should_have_it_and_has_not_is_told_how_to_get_it(hub: Hub, explain: Explain) -> None:
    message_id = send(hub)
    hub.execute("DELETE FROM inbox_entries")
    outcome, sentence = explain(message_id, hub.sender, code=3)
    assert outcome == "missing"
    assert f"should have it, like everyone on platform {hub.platform.key}, and has not" in sentence
    assert f"`message-hub verify {message_id} --repair` delivers it" in sentence


def test_who_has_it_wrongly_is_told_why_it_is_wrong(hub: Hub, explain: Explain) -> None:
    message_id = send(hub, hub.clinics[0])
    hub.execute("INSERT INTO inbox_entries SELECT :user_id, sent_at, id FROM messages", user_id=hub.sender.id)
    outcome, sentence = explain(message_id, hub.sender, code=3)
    assert outcome == "unexpected"
    assert "has it in their inbox, which is wrong" in sentence
    assert f"the sender chose clinic {hub.clinics[0].external_id}" in sentence
    assert "docs/operations/daily.md says how to remove it" in sentence


def test_who_has_it_twice_is_told_so(hub: Hub, explain: Explain) -> None:
    message_id = send(hub)
    hub.execute("INSERT INTO inbox_entries SELECT user_id, sent_at + interval '1 s', message_id FROM inbox_entries")
    outcome, sentence = explain(message_id, hub.sender, code=3)
    assert outcome == "unexpected"
    assert f"like everyone on platform {hub.platform.key}, and once more as of 20" in sentence
    hub.execute("DELETE FROM inbox_entries e USING messages m WHERE e.sent_at = m.sent_at")
    assert explain(message_id, hub.sender, code=3)[0] == "missing", "where bells and workers look there is none"


@pytest.mark.parametrize("is_written", [True, False])
def test_recalled_it_is_told_by_whom_and_whether_they_had_it(hub: Hub, explain: Explain, is_written: bool) -> None:
    message_id = hub.accept()
    if is_written:
        hub.expand(message_id)
        hub.work()
    hub.recall(message_id)
    outcome, sentence = explain(message_id, hub.sender)
    assert outcome == "recalled"
    assert f"but {hub.sender.external_id} recalled it at 20" in sentence
    assert (
        "had it in their inbox until then;"
        if is_written
        else "had it in their bell until then, and it was never written;"
    ) in sentence
    assert "not seen yet" in sentence


def test_past_the_retention_it_is_told_since_when(hub: Hub, explain: Explain) -> None:
    message_id = send(hub)
    hub.execute("DELETE FROM inbox_entries")
    hub.execute("UPDATE messages SET sent_at = sent_at - interval '30 months'")
    hub.execute("UPDATE inbox_retention SET dropped_before = '2026-01-01T00:00Z'")
    outcome, sentence = explain(message_id, hub.sender)
    assert outcome == "dropped"
    assert "what was sent before 2026-01-01 00:00:00.000 UTC is past the retention" in sentence


@pytest.mark.parametrize("is_written", [True, False])
def test_expired_it_is_told_since_when_written_or_not(hub: Hub, explain: Explain, is_written: bool) -> None:
    message_id = send(hub) if is_written else hub.accept()
    hub.execute("UPDATE messages SET expires_at = '2026-01-02T03:04Z'")
    outcome, sentence = explain(message_id, hub.sender)
    assert outcome == "expired"
    assert "had it in their bell, like everyone on platform" in sentence
    assert "until it expired at 2026-01-02 03:04:00.000 UTC" in sentence
    assert ("though it is not written yet" in sentence) == (not is_written)
    if is_written:
        hub.execute("DELETE FROM inbox_entries")
        assert explain(message_id, hub.sender, code=3)[0] == "missing", "it is proved as any other"


def test_who_came_to_the_platform_later_did_not_get_it(hub: Hub, explain: Explain) -> None:
    message_id = send(hub)
    (who,) = hub.join()
    version = hub.one(
        "SELECT valid_from_version FROM memberships m WHERE m.user_id = (SELECT max(id) FROM users) AND :id = :id",
        message_id,
    )[0]
    accepted = hub.message(message_id).directory_version
    assert explain(message_id, who) == (
        "joined-later",
        f"{who.external_id} did not get it: they joined the platform, or became active, only in directory version {version}, "
        f"and the message was accepted at {moment(hub.message(message_id).sent_at)}, as of version {accepted}.",
    )


def test_who_joined_the_clinic_later_did_not_get_it(hub: Hub, explain: Explain) -> None:
    (who,) = hub.join(hub.clinics[3])
    message_id = send(hub, hub.clinics[0])
    with hub.engine.begin() as connection:
        factories.member(connection, who, hub.clinics[0])
    outcome, sentence = explain(message_id, who)
    assert outcome == "joined-later"
    assert (
        f"joined clinic {hub.clinics[0].external_id} of organisation {hub.organisations[0].external_id} only in"
        in sentence
    )
    assert f"they belonged to clinic {hub.clinics[3].external_id}" in sentence


def test_who_left_before_did_not_get_it(hub: Hub, explain: Explain) -> None:
    (who,) = hub.join(hub.clinics[0])
    with hub.engine.begin() as connection:
        factories.leave(connection, who, hub.clinics[0])
    message_id = send(hub, hub.organisations[0])
    outcome, sentence = explain(message_id, who)
    assert outcome == "left-before"
    assert f"left clinic {hub.clinics[0].external_id} of organisation {hub.organisations[0].external_id} in" in sentence
    assert "they belonged to no organisation and no clinic then" in sentence
    with hub.engine.begin() as connection:
        factories.member(connection, who, hub.clinics[0])
    assert "came back in directory version" in explain(message_id, who)[1]


@pytest.mark.parametrize("is_before", [True, False])
def test_whose_clinic_belonged_to_another_organisation_then_did_not_get_it(
    hub: Hub, explain: Explain, is_before: bool
) -> None:
    (who,) = hub.join(hub.clinics[0])
    chosen = hub.organisations[0 if is_before else 1]
    if is_before:
        move(hub, hub.clinics[0], hub.organisations[1])
    message_id = send(hub, chosen)
    if not is_before:
        move(hub, hub.clinics[0], hub.organisations[1])
    outcome, sentence = explain(message_id, who)
    assert outcome == "moved"
    then = hub.organisations[1 if is_before else 0]
    assert f"they belonged to clinic {hub.clinics[0].external_id} of organisation {then.external_id}" in sentence
    what = "had left" if is_before else "came to"
    assert f"clinic {hub.clinics[0].external_id} {what} organisation {chosen.external_id}" in sentence


@pytest.mark.parametrize("status", ["pending", "disabled"])
def test_who_was_never_active_did_not_get_it(hub: Hub, explain: Explain, status: str) -> None:
    with hub.engine.begin() as connection:
        who = factories.user(connection, hub.platform, status=status)
    outcome, sentence = explain(send(hub), who)
    assert outcome == "not-active"
    assert sentence.startswith(
        f"{who.external_id} did not get it: they are {status} and were never active, and the message"
    )


@pytest.mark.parametrize("status", ["pending", "disabled"])
def test_who_was_not_active_any_more_did_not_get_it(hub: Hub, explain: Explain, status: str) -> None:
    (who,) = hub.join()
    with hub.engine.begin() as connection:
        factories.set_status(connection, who, status)
    message_id = send(hub)
    outcome, sentence = explain(message_id, who)
    assert outcome == "not-active"
    assert "have not been active since directory version" in sentence
    assert f"(now: {status})" in sentence
    with hub.engine.begin() as connection:
        factories.set_status(connection, who, "active")
    outcome, sentence = explain(message_id, who)
    assert outcome == "not-active"
    assert "were not active from directory version" in sentence


def test_who_was_outside_of_the_audience_did_not_get_it(hub: Hub, explain: Explain) -> None:
    (who,) = hub.join(hub.clinics[8], hub.organisations[1])
    outcome, sentence = explain(send(hub, hub.organisations[0], hub.clinics[3]), who)
    assert outcome == "outside"
    assert (
        f"the sender chose organisation {hub.organisations[0].external_id} and clinic {hub.clinics[3].external_id}"
        in sentence
    )
    assert f"clinic {hub.clinics[8].external_id} of organisation {hub.organisations[2].external_id}" in sentence
    assert f"organisation {hub.organisations[1].external_id}" in sentence


def test_what_the_directory_does_later_changes_nothing_about_who_got_it(hub: Hub, explain: Explain) -> None:
    (who,) = hub.join(hub.clinics[0])
    message_id = send(hub, hub.clinics[0])
    with hub.engine.begin() as connection:
        factories.leave(connection, who, hub.clinics[0])
        factories.set_status(connection, who, "disabled")
    assert explain(message_id, who)[0] == "delivered"


def test_nothing_that_somebody_is_called_moves_or_colours_a_terminal(hub: Hub, explain: Explain) -> None:
    with hub.engine.begin() as connection:
        red = factories.user(connection, hub.platform, external_id="\x1b[31mred")
    hub.execute("UPDATE users SET email = 'red@example.org' WHERE id = :id", id=red.id)
    message_id = send(hub)
    assert "\\x1b[31mred has it in their inbox" in explain.run(message_id, "red@example.org").output
    assert "\x1b" not in explain.run(message_id, "red@example.org").output
    assert "\x1b" not in explain.run(message_id, "\x1b[32mnobody").output


def test_braces_in_ids_and_errors_are_only_braces(hub: Hub, explain: Explain) -> None:
    hub.join(count=24)
    message_id = hub.accept()
    hub.expand(message_id)
    hub.execute("UPDATE users SET external_id = '{who}' || '{}{0}' WHERE id = :id", id=hub.sender.id)
    hub.execute("UPDATE fanout_batches SET last_error = 'DiskFull: {no} space'")
    told = explain.run(message_id, "{who}{}{0}").output
    assert told.startswith("{who}{}{0} has it in their bell, like everyone on platform")
    assert "last error: DiskFull: {no} space" in told
    hub.execute("UPDATE messages SET recalled_at = now(), recalled_by_id = sender_id")
    assert "but {who}{}{0} recalled it at" in explain.run(message_id, "{who}{}{0}").output


def test_users_that_the_platform_does_not_have_are_told_apart(
    hub: Hub, explain: Explain, make_engine: MakeEngine
) -> None:
    message_id = send(hub)
    with make_engine().begin() as connection:
        factories.user(connection, factories.platform(connection, key="other"), external_id="stranger")
    unknown = explain.run(message_id, "nobody")
    assert (unknown.exit_code, unknown.output) == (
        1,
        f"Error: The message is of platform {hub.platform.key}, which has no user nobody.\n",
    )
    elsewhere = explain.run(message_id, "stranger")
    assert elsewhere.exit_code == 1
    assert "There is one on platform other, but no message crosses from one platform to another." in elsewhere.output


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ("nonsense", "is not the id of a message"),
        ("01890f5f-6f43-7d84-8f6c-0e1a5c2a3b4d", "There is no message 01890f5f"),
    ],
)
def test_a_message_that_is_not_there_is_a_sentence(explain: Explain, asked: str, sentence: str) -> None:
    shown = explain.run(asked, "alice")
    assert shown.exit_code == 1
    assert sentence in shown.output


def test_versions_are_told_with_the_time_at_which_they_were_imported(hub: Hub, explain: Explain) -> None:
    (who,) = hub.join(hub.clinics[0])
    message_id = send(hub, hub.clinics[3])
    with hub.engine.begin() as connection:
        factories.member(connection, who, hub.clinics[3])
    version = hub.one(
        "SELECT directory_version FROM platforms WHERE id = (SELECT platform_id FROM messages WHERE id = :id)",
        message_id,
    )
    for action, outcome, at in (
        ("import", "changed", "10:00"),
        ("import", "unchanged", "11:00"),
        ("platform", "updated", "12:00"),
    ):
        hub.execute(
            """INSERT INTO audit_events (happened_at, action, outcome, platform_id, operator, directory_version)
               VALUES (CAST(:at AS timestamptz), :action, :outcome, :platform, 'somebody', :version)""",
            at=f"2026-11-22 {at}Z",
            action=action,
            outcome=outcome,
            platform=hub.platform.id,
            version=version[0],
        )
    assert f"only in directory version {version[0]} (2026-11-22 10:00:00.000 UTC), they" in explain(message_id, who)[1]


def test_somebody_may_be_named_by_their_address(hub: Hub, explain: Explain, make_engine: MakeEngine) -> None:
    (who, other) = hub.join(count=2)
    message_id = send(hub)
    hub.execute("UPDATE users SET email = 'Ada@Example.org' WHERE id = :id", id=who.id)
    with make_engine().begin() as connection:
        stranger = factories.user(connection, factories.platform(connection, key="other"))
    hub.execute("UPDATE users SET email = 'grace@example.org' WHERE id = :id", id=stranger.id)
    told = explain.run(message_id, "ada@example.org")
    assert told.exit_code == 0
    assert told.stdout.startswith(f"{who.external_id} has it in their inbox")
    assert "which has no user grace@example.org" in explain.run(message_id, "grace@example.org").output
    assert "which has no user ." in explain.run(message_id, "").output, "nobody is named by no address"

    hub.execute("UPDATE users SET email = 'ada@example.org' WHERE id = :id", id=other.id)
    refused = explain.run(message_id, "ada@example.org")
    assert refused.exit_code == 1
    names = ", ".join(sorted((who.external_id, other.external_id)))
    assert f"Several users have the address ada@example.org; name one by their id: {names}." in refused.output
    hub.execute("UPDATE users SET external_id = 'ada@example.org' WHERE id = :id", id=other.id)
    assert explain.run(message_id, "ada@example.org").stdout.startswith("ada@example.org has it"), "an id comes first"


def test_of_a_follow_up_it_says_who_had_read_the_earlier_message_and_who_was_not_active_any_more(
    hub: Hub, explain: Explain, make_engine: MakeEngine
) -> None:
    reader, gone, other = hub.join(hub.clinics[0], count=3)
    (outside,) = hub.join()
    earlier = send(hub, hub.clinics[0])
    inbox = make_engine(db.INBOX_ROLE)
    states.mark_read(
        inbox, caller=messages.reader(inbox, reader, hub.platform), message_id=earlier, rate=rate_limit.Verdict()
    )
    with hub.engine.begin() as connection:
        factories.set_status(connection, gone, "disabled")
    follow_up = messages.follow(hub.compose, hub.sender, hub.platform, earlier)
    assert explain(follow_up, other)[0] == "in-flight"
    hub.expand(follow_up)
    outcome, sentence = explain(follow_up, reader)
    assert outcome == "read-before"
    assert f"they had read message {earlier}, which it follows, at " in sentence
    outcome, sentence = explain(follow_up, gone)
    assert (outcome, "they were not active any more in directory version" in sentence) == ("not-active", True)
    outcome, sentence = explain(follow_up, outside)
    assert (outcome, f"for recipients of message {earlier}" in sentence) == ("outside", True)
    assert explain(follow_up, other)[0] == "delivered"
    told = json.loads(explain.run(follow_up, other.external_id, "--json").stdout)
    assert told["follows"] == str(earlier)
    hub.execute(
        "UPDATE inbox_retention SET dropped_before = (SELECT sent_at FROM messages WHERE id = :id)", id=follow_up
    )
    hub.execute("DELETE FROM inbox_states")
    outcome, sentence = explain(follow_up, reader)
    assert (outcome, "is past the retention" in sentence) == ("forgotten", True)
    assert explain(follow_up, other)[0] == "delivered"
    hub.execute(
        "INSERT INTO inbox_entries SELECT :user_id, sent_at, id FROM messages WHERE id = :id",
        user_id=gone.id,
        id=follow_up,
    )
    assert explain(follow_up, gone, code=3)[0] == "unexpected"


def test_of_a_notice_it_says_that_only_administrators_get_it(hub: Hub, explain: Explain) -> None:
    clinic = hub.clinics[0]
    (member,), (head,) = hub.join(clinic), hub.join()
    with hub.engine.begin() as connection:
        factories.administrator(connection, head, clinic)
    caller = messages.caller(hub.compose, hub.sender, hub.platform)
    content = domain.Content("Overdue", "2 people have not.", messages.aimed_at(clinic))
    new = message_store.New(
        caller, content, messages.ORIGIN, notice_of=send(hub, clinic), recipient_role="administrator"
    )
    with db.autocommit(hub.compose) as connection:
        notice = message_actions.store_message(connection, new=new, check=lambda choice: choice).id
    assert explain(notice, head)[0] == "in-flight"
    outcome, sentence = explain(notice, member)
    assert (outcome, f"it goes to the administrators of clinic {clinic.external_id} only" in sentence) == (
        "outside",
        True,
    )
