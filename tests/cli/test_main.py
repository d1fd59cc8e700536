"""The operator's commands one by one, against real servers: what they print, and how they refuse."""

import json
import re
import time
from pathlib import Path

import click
import jwt
import pytest
import redis
from click.testing import CliRunner, Result
from sqlalchemy import Connection, text

from cli import main
from tests import factories, read_only
from tests.conftest import MakeEngine

_NOWHERE = "postgresql://hub:secret-password@127.0.0.1:1/hub"


def _run(*arguments: str, **environment: str | None) -> Result:
    return CliRunner().invoke(main.commands, arguments, env=environment)


def _send(connection: Connection, sender: factories.User, *, status: str = "queued") -> str:
    """A message as compose_api would have stored it, to everyone."""
    return str(
        connection.execute(
            text("""
                WITH made AS (
                    INSERT INTO messages (id, platform_id, sender_id, title, body, directory_version, request_id, request_hash,
                                          created_at, sent_at, status, recipient_count, completed_at)
                    VALUES (gen_random_uuid(), :platform_id, :sender_id, 'A title', 'A secret body', 3, 'request-1', '', now(),
                            clock_timestamp(), :status, CASE WHEN :status <> 'queued' THEN 30 END,
                            CASE WHEN :status = 'sent' THEN now() END)
                    RETURNING id
                ), target AS (
                    INSERT INTO message_targets (message_id, position, scope_id)
                    SELECT id, 0, :platform_id FROM made
                )
                SELECT id FROM made
            """),
            {"platform_id": sender.platform_id, "sender_id": sender.id, "status": status},
        ).scalar_one()
    )


def _cut(
    connection: Connection, message_id: str, seq: int, *, error: str | None = None, delivered: bool = False
) -> None:
    connection.execute(
        text("""
            INSERT INTO fanout_batches (message_id, seq, after_user_id, up_to_user_id, recipient_count, published_at, attempts,
                                        delivered_at, last_error)
            VALUES (:message_id, :seq, 0, 10, 10, now(), :attempts, CASE WHEN :delivered THEN now() END, :error)
        """),
        {"message_id": message_id, "seq": seq, "error": error, "delivered": delivered, "attempts": 4 if error else 0},
    )


@pytest.mark.parametrize("name", ["run", "env", "token", "status", "doctor", "migrate", "verify", "explain"])
def test_each_command_explains_itself_with_an_example(name: str) -> None:
    shown = _run(name, "--help")
    assert shown.exit_code == 0
    assert re.search(rf"Examples?:\n(.*\n)?.*message-hub {name}", shown.output), shown.output
    assert "--data DIRECTORY" in shown.output


@pytest.mark.parametrize(
    "arguments", [("env",), ("status",), ("migrate",), ("token", "--platform", "p", "--user", "u")]
)
def test_without_a_running_hub_commands_say_how_to_have_one(arguments: tuple[str, ...], tmp_path: Path) -> None:
    shown = _run(*arguments, "--data", str(tmp_path / "nothing"), HUB_JWT_SECRET=factories.SECRET)
    assert shown.exit_code == 1
    assert "is not set, and no hub is running here with the data folder" in shown.output
    assert "Set HUB_DATABASE_URL" in shown.output, "in a container that is the answer"
    assert "message-hub run" in shown.output
    assert "--data" in shown.output
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize("arguments", [("status",), ("migrate",), ("token", "--platform", "p", "--user", "u")])
def test_a_database_that_does_not_answer_is_a_sentence_without_the_password(arguments: tuple[str, ...]) -> None:
    shown = _run(*arguments, HUB_DATABASE_URL=_NOWHERE, HUB_JWT_SECRET=factories.SECRET)
    assert shown.exit_code == 1
    assert shown.output.startswith("Error: PostgreSQL cannot be reached")
    assert "Traceback" not in shown.output
    assert "secret-password" not in shown.output


def test_a_database_that_is_not_migrated_is_told_how_to_be(postgres: object, database_url: str) -> None:
    empty = database_url.rsplit("/", 1)[0] + "/postgres"
    shown = _run("status", HUB_DATABASE_URL=empty)
    assert (shown.exit_code, shown.output) == (
        1,
        "Error: The database's schema is older than this release: run `message-hub migrate`.\n",
    )


def test_wrong_settings_are_all_told_at_once(tmp_path: Path) -> None:
    shown = _run("run", "--data", str(tmp_path), HUB_JWT_SECRET="short", HUB_JWKS_URL="ftp://x")
    assert shown.exit_code == 1
    assert "HUB_JWT_SECRET: Shorter than minimum length 32." in shown.output
    assert "HUB_JWKS_URL: Must be" in shown.output


def test_both_apis_at_one_port_are_refused(tmp_path: Path) -> None:
    shown = _run("run", "--data", str(tmp_path), "--compose-port", "9000", "--inbox-port", "9000")
    assert shown.exit_code == 2
    assert "different ports" in shown.output


def test_a_token_carries_the_claims_that_the_apis_ask_for(database_url: str, make_engine: MakeEngine) -> None:
    with make_engine().begin() as connection:
        platform = factories.platform(connection, key="acme")
        factories.user(connection, platform, external_id="alice")
    environment = {"HUB_DATABASE_URL": database_url, "HUB_JWT_SECRET": factories.SECRET}
    shown = _run("token", "--platform", "acme", "--user", "alice", "--ttl", "90", **environment)
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+\n", shown.stdout)
    claims = jwt.decode(shown.stdout.strip(), factories.SECRET, algorithms=["HS256"], audience="message-hub")
    assert (claims["sub"], claims["platform"]) == ("alice", "acme")
    assert claims["exp"] - time.time() == pytest.approx(90, abs=5)


def test_a_token_is_refused_for_whom_the_directory_does_not_know(database_url: str, make_engine: MakeEngine) -> None:
    with make_engine().begin() as connection:
        acme = factories.platform(connection, key="acme")
        factories.user(connection, acme, external_id="sleepy", status="disabled")
        factories.platform(connection, key="proud", issuer="https://id.example", jwks_url="https://id.example/keys")

    def ask(platform: str, user: str) -> Result:
        environment = {"HUB_DATABASE_URL": database_url, "HUB_JWT_SECRET": factories.SECRET}
        return _run("token", "--platform", platform, "--user", user, **environment)

    for platform, user, sentence in (
        ("other", "alice", "There is no platform other"),
        ("acme", "alice", "The platform acme has no user alice."),
        ("proud", "alice", "has its own issuer, https://id.example: only that one can make its tokens"),
    ):
        shown = ask(platform, user)
        assert (shown.exit_code, shown.stdout) == (1, "")
        assert sentence in shown.stderr
    inactive = ask("acme", "sleepy")
    assert inactive.exit_code == 0
    assert "sleepy is disabled" in inactive.stderr
    assert "disabled" not in inactive.stdout


def test_a_user_may_be_named_in_any_normal_form_and_never_with_an_invisible_character(
    database_url: str, make_engine: MakeEngine
) -> None:
    with make_engine().begin() as connection:
        factories.user(connection, factories.platform(connection, key="acme"), external_id="ren\u00e9")
    environment = {"HUB_DATABASE_URL": database_url, "HUB_JWT_SECRET": factories.SECRET}
    shown = _run("token", "--platform", "acme", "--user", " rene\u0301", **environment)
    assert jwt.decode(shown.stdout.strip(), options={"verify_signature": False})["sub"] == "ren\u00e9"
    shown = _run("token", "--platform", "acme", "--user", "ren\u00e9\u200b", **environment)
    assert (shown.exit_code, "invisible character U+200B" in shown.stderr) == (2, True)


@pytest.mark.parametrize("has_administrator", [True, False])
def test_status_and_doctor_tell_of_a_platform_without_an_active_administrator(
    database_url: str, make_engine: MakeEngine, has_administrator: bool
) -> None:
    with make_engine().begin() as connection:
        acme = factories.platform(connection, key="acme")
        clinic = factories.clinic(connection, factories.organisation(connection, acme))
        factories.administrator(connection, factories.user(connection, acme), clinic)
        if has_administrator:
            factories.administrator(connection, factories.user(connection, acme), acme)
    environment = {"HUB_DATABASE_URL": database_url, "HUB_REDIS_URL": "redis://127.0.0.1:1/0"}
    facts = json.loads(_run("status", "--json", **environment).stdout)
    assert facts["platforms_without_administrator"] == ([] if has_administrator else ["acme"])
    sentence = "without an active administrator: acme"
    for command in ("status", "doctor"):
        assert (sentence in _run(command, **environment).stdout) is not has_administrator


def test_status_shows_what_is_on_its_way_and_what_fails(
    database_url: str, redis_url: str, make_engine: MakeEngine
) -> None:
    with make_engine().begin() as connection:
        sender = factories.user(connection, factories.platform(connection, key="acme"))
        queued = _send(connection, sender)
        sending = _send(connection, sender, status="sending")
        _cut(connection, sending, 0, delivered=True)
        _cut(connection, sending, 1, error="disk full\nsecond line")
        _cut(connection, sending, 2)
        _send(connection, sender, status="sent")
        connection.execute(
            text("""
                INSERT INTO fanout_counters VALUES ('sweeps', 12, now() - interval '7 seconds', NULL),
                    ('batches_published_again', 3, now(), NULL),
                    ('tasks_refused', 3, now() - interval '5402 seconds', 'message_hub.deliver_batch, contract version 2')
            """)
        )
    with redis.Redis.from_url(redis_url) as client:
        client.rpush("deliver_bulk", "{}", "{}")
        client.hset("unacked", "tag", "{}")
    environment = {"HUB_DATABASE_URL": database_url, "HUB_REDIS_URL": redis_url}

    facts = json.loads(_run("status", "--json", **environment).stdout)
    assert facts["totals"] == {
        "queued": 1, "sending": 1, "sent": 1, "recalled": 0, "batches_delivered": 1, "batches_undelivered": 2,
    }  # fmt: skip
    assert [(one["id"], one["delivered_count"], one["undelivered"]) for one in facts["unfinished"]] == [
        (queued, 0, 0),
        (sending, 10, 2),
    ]
    assert [(one["seq"], one["attempts"], one["last_error"]) for one in facts["failing"]] == [
        (1, 4, "disk full\nsecond line")
    ]
    assert facts["broker"]["waiting"] == {"expand": 0, "deliver_bulk": 2, "sweep": 0}
    assert facts["backlog"]["last_sweep_seconds"] == pytest.approx(7, abs=5)
    assert facts["refused"]["count"] == 3
    assert len(facts["partitions"]["months"]) == 4
    assert (facts["backlog"]["messages_unfinished"], facts["backlog"]["batches_retried"]) == (2, 1)
    assert facts["backlog"]["oldest_unfinished_seconds"] >= facts["backlog"]["oldest_undelivered_batch_seconds"] > 0
    assert facts["counters"] == {"sweeps": 12, "batches_published_again": 3, "tasks_refused": 3}

    shown = _run("status", **environment).stdout
    assert "1 queued, 1 sending, 1 sent, 0 recalled" in shown
    assert "1 delivered, 2 to deliver, 1 failing" in shown
    assert "expand 0, deliver_bulk 2, sweep 0" in shown
    assert re.search(r"Oldest +message to be taken .*, batch to be delivered .*, message not sent yet", shown)
    assert "1 undelivered batch was retried; so far 12 sweeps published 0 messages and 3 batches again" in shown
    assert "disk full second line" in shown
    assert "3 tasks, the last 90 min" in shown
    assert "message_hub.deliver_batch, contract version 2" in shown
    assert re.search(rf"{queued}.* audience not counted yet +0/0 +0\n", shown)
    assert re.search(r"batch +recipients +retries +last queued", shown)
    assert "0 live; 0 task failures, immediate retries included" in shown
    assert "1 task taken by workers, sweeps included" in shown
    assert "secret body" not in shown


def test_status_goes_on_without_the_broker_and_says_so(database_url: str) -> None:
    shown = _run("status", HUB_DATABASE_URL=database_url, HUB_REDIS_URL="redis://127.0.0.1:1/0")
    assert shown.exit_code == 0
    assert "Redis cannot be reached" in shown.output
    assert "nothing is waiting" in shown.output


def test_status_tells_the_life_of_one_message(database_url: str, make_engine: MakeEngine) -> None:
    with make_engine().begin() as connection:
        sender = factories.user(connection, factories.platform(connection, key="acme"), external_id="alice")
        message_id = _send(connection, sender, status="sending")
        _cut(connection, message_id, 0, delivered=True)
        _cut(connection, message_id, 1, error="disk full")
        connection.execute(text("UPDATE messages SET last_error = 'cutting stopped'"))
    shown = _run("status", message_id.upper(), HUB_DATABASE_URL=database_url)
    assert shown.exit_code == 0
    for part in (
        message_id,
        "acme",
        "alice",
        "everyone",
        "sending",
        "request-1",
        "delivered to 10",
        "disk full",
        "cutting stopped",
    ):
        assert part in shown.output
    assert "secret body" not in shown.output


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [("nonsense", "is not the id of a message"), ("01890f5f-6f43-7d84-8f6c-0e1a5c2a3b4d", "There is no message")],
)
def test_status_of_a_message_that_is_not_there_is_a_sentence(database_url: str, asked: str, sentence: str) -> None:
    shown = _run("status", asked, HUB_DATABASE_URL=database_url)
    assert shown.exit_code == 1
    assert sentence in shown.output


def test_migrate_may_be_run_again_and_again(database_url: str) -> None:
    for _ in range(2):
        shown = _run("migrate", HUB_DATABASE_URL=database_url)
        assert shown.exit_code == 0
        assert re.fullmatch(r"The schema is up to date \(\d+\)\.\n", shown.stdout)


def test_migrate_leaves_a_newer_schema_as_it_is(database_url: str, make_engine: MakeEngine) -> None:
    """After a rollback the older release's `migrate` runs before its services start, and must not stop them."""
    with make_engine().begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    shown = _run("migrate", HUB_DATABASE_URL=database_url)
    assert shown.exit_code == 0
    assert re.fullmatch(
        r"The schema \(9999\) is newer than this release \(\d+\)\. Nothing was changed\.\n", shown.stdout
    )


def test_every_command_is_offered() -> None:
    assert sorted(main.commands.list_commands(click.Context(main.commands))) == [
        "acknowledgements", "audit", "clock", "doctor", "drafts", "env", "erase", "evidence", "explain", "import", "migrate", "oidc",
        "platform", "platforms", "retry", "run", "scim", "scim-token", "sessions", "status", "token", "verify",
    ]  # fmt: skip


def test_status_shows_ids_that_would_move_a_terminal_as_text(database_url: str, make_engine: MakeEngine) -> None:
    with make_engine().begin() as connection:
        platform = factories.platform(connection)
        sender = factories.user(connection, platform, external_id="eve\x1b]0;owned\x07\u202e\u2028")
        message_id = _send(connection, sender)
    shown = _run("status", message_id, HUB_DATABASE_URL=database_url)
    assert shown.exit_code == 0, shown.output
    assert r"Sender      eve\x1b]0;owned\x07\u202e\u2028" in shown.stdout
    assert not set("\x1b\x07\u202e\u2028") & set(shown.stdout)


def test_a_server_that_takes_no_writes_still_shows_and_refuses_changes_in_one_sentence(database_url: str) -> None:
    where = {"HUB_DATABASE_URL": database_url, "HUB_REDIS_URL": None}
    with read_only.server(database_url):
        changed = _run("platform", "acme", "--name", "Acme", "--plan", "enterprise", **where)
        assert (changed.exit_code, changed.output.count("\n")) == (1, 1)
        assert "PostgreSQL takes no writes now" in changed.output
        assert _run("status", **where).exit_code == 0
    assert _run("platform", "acme", "--name", "Acme", "--plan", "enterprise", **where).exit_code == 0
