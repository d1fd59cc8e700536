"""PostgreSQL's clock has jumped or was set back: `clock`, `doctor`, `status` and the metrics show it, and the operator's way out."""

import json
from collections.abc import Callable

import psycopg
import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, text

from cli import main
from cli.run import bring_up
from services.compose_api.store import backlog
from shared import db
from tests import factories, messages
from tests.conftest import MakeEngine

RIGHT = "PostgreSQL's clock: nothing is wrong.\n"
Send = Callable[[], str]


@pytest.fixture
def owner(make_engine: MakeEngine) -> Engine:
    return make_engine()


@pytest.fixture
def send(owner: Engine, make_engine: MakeEngine) -> Send:
    with owner.begin() as connection:
        platform = factories.platform(connection, key="acme")
        sender = factories.user(connection, platform)
        factories.administrator(connection, sender, platform)
    compose = make_engine(db.COMPOSE_ROLE)
    return lambda: str(messages.accept(compose, sender, platform, messages.EVERYONE))


@pytest.fixture
def command(database_url: str, redis_url: str) -> Callable[..., str]:
    environment = {"HUB_DATABASE_URL": database_url, "HUB_REDIS_URL": redis_url, "HUB_JWT_SECRET": factories.SECRET}
    return lambda *arguments: CliRunner().invoke(main.commands, arguments, env=environment).output


def execute(owner: Engine, statement: str) -> None:
    with owner.begin() as connection:
        connection.execute(text(statement))


def line(output: str, what: str) -> str:
    return next(one for one in output.splitlines() if what in one.split()[:2])


def move_messages(owner: Engine, by: str) -> None:
    execute(
        owner, f"UPDATE messages SET sent_at = sent_at + interval '{by}', created_at = created_at + interval '{by}'"
    )


@pytest.mark.parametrize(
    ("moved", "sentence"),
    [
        ("UPDATE known_time SET known_good = clock_timestamp() - interval '370 days';"
         "UPDATE messages SET sent_at = sent_at - interval '370 days'",
         "it is 370 d ahead of the last known good time: 1 platform cannot send"),
        ("UPDATE known_time SET known_good = clock_timestamp() + interval '370 days'",
         "it was set back by 370 d: 1 platform cannot send"),
        ("UPDATE messages SET sent_at = sent_at + interval '3 hours'",
         "the newest message is 3 h ahead of it: 1 platform cannot send"),
    ],
    ids=["ahead", "back", "messages ahead"],
)  # fmt: skip
def test_a_wrong_clock_is_shown_everywhere_until_an_operator_confirms_it(
    owner: Engine, send: Send, command: Callable[..., str], moved: str, sentence: str
) -> None:
    send()
    assert command("clock") == RIGHT
    execute(owner, moved)
    with pytest.raises(Exception, match="the clock is wrong"):
        send()
    assert sentence in command("clock")
    found = line(command("doctor"), "times")
    assert found.startswith("FAIL")
    assert sentence in found
    assert "message-hub clock --confirm" in found
    assert sentence in line(command("status"), "Clock")
    with owner.connect() as connection:
        assert backlog.get_backlog(connection).platforms_refused == 1
    command("clock", "--confirm")
    send()
    assert line(command("doctor"), "times").split()[0] != "FAIL"
    assert [json.loads(one)["action"] for one in command("audit", "--json").splitlines()].count("clock") == 1


def test_a_clock_that_was_set_back_an_hour_is_a_warning_and_ages_are_not_negative(
    owner: Engine, send: Send, command: Callable[..., str]
) -> None:
    send()
    execute(owner, "UPDATE known_time SET known_good = clock_timestamp() + interval '1 hour'")
    move_messages(owner, "1 hour")
    found = line(command("doctor"), "times")
    assert "the newest message is 60 min ahead of it: 1 platform cannot send" in found
    assert "-1 h" not in (shown := command("status"))
    assert "-3600" not in shown
    execute(owner, "DELETE FROM inflight_targets; DELETE FROM message_targets; DELETE FROM messages")
    assert line(command("doctor"), "times").startswith("warn  times       it was set back by 60 min")


@pytest.mark.parametrize("is_embedded", [True, False])
def test_a_hub_of_ones_own_that_stood_still_for_months_sends_again_by_itself(
    owner: Engine, send: Send, database_url: str, monkeypatch: pytest.MonkeyPatch, is_embedded: bool
) -> None:
    monkeypatch.setenv("HUB_DATABASE_URL", database_url)
    execute(owner, "UPDATE known_time SET known_good = clock_timestamp() - interval '370 days'")
    assert bring_up.prepare_database(with_demo=False, is_embedded=is_embedded)
    if is_embedded:
        assert send()
    else:
        with pytest.raises(psycopg.OperationalError, match="the clock is wrong"):
            send()
