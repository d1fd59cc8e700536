"""`message-hub drafts`: what operators see of drafts and do to them."""

import json
import uuid

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine

from cli import main, operator
from services.compose_api import draft_content
from services.compose_api.actions import releases
from shared import db
from tests import conftest as base
from tests import factories

EVERYONE = '{"title": "Notice", "body": "News.", "audience": {"everyone": true}}'


class Hub:
    """A platform with an administrator; runs the command on its database."""

    def __init__(self, owner: Engine, url: str) -> None:
        self._owner, self._url = owner, url
        with owner.begin() as connection:
            platform = factories.platform(connection)
            user = factories.user(connection, platform, external_id="sender")
            factories.administrator(connection, user, platform)
        self.platform, self.sender_id = platform, user.id

    def __call__(self, *arguments: object) -> Result:
        return CliRunner().invoke(main.commands, ["drafts", *map(str, arguments)], env={"HUB_DATABASE_URL": self._url})

    def scheduled(self, *, due_s: float = 1, content: str = EVERYONE) -> str:
        (row,) = self.rows(
            """INSERT INTO drafts (id, platform_id, author_id, sender_id, content, scope_ids, state, send_at, not_after)
               VALUES (uuidv7(), %s, %s, %s, %s, ARRAY[%s::bigint], 'scheduled', now() - make_interval(secs => %s), now() + interval '1 h')
               RETURNING id""",
            *(self.platform.id, self.sender_id, self.sender_id, content, self.platform.id, due_s),
        )
        return str(row[0])

    def rows(self, statement: str, *parameters: object) -> list[tuple[object, ...]]:
        with self._owner.begin() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(statement, parameters or None)]

    def state(self, draft_id: str) -> str:
        ((state,),) = self.rows("SELECT state FROM drafts WHERE id = %s", draft_id)
        return str(state)

    def events(self) -> list[tuple[object, ...]]:
        return self.rows(
            "SELECT outcome, message_id::text, operator FROM audit_events WHERE action = 'draft' ORDER BY id"
        )


@pytest.fixture
def hub(owner_engine: Engine, database_url: str) -> Hub:
    return Hub(owner_engine, database_url)


def test_list_shows_what_waits_in_order_and_show_one_without_its_text(hub: Hub) -> None:
    later, first = hub.scheduled(due_s=-3_600), hub.scheduled()
    result = hub("list")
    assert result.exit_code == 0
    assert [line.split()[5] for line in result.stdout.splitlines()[1:]] == [first, later]
    assert [one["id"] for one in json.loads(hub("list", "--json", "--limit", 1).stdout)] == [first]
    assert json.loads(hub("list", "--json", "--state", "missed").stdout) == []
    assert "unknown" in hub("list", "--platform", "unknown").stderr
    shown = hub("show", first)
    assert "Notice" in shown.stdout
    assert "News." not in shown.stdout + hub("show", first, "--json").stdout
    assert json.loads(hub("show", later, "--json").stdout)["sender"] == "sender"


def test_cancel_ends_what_is_scheduled_and_nothing_else(hub: Hub) -> None:
    draft_id = hub.scheduled(due_s=-3_600)
    assert hub("cancel", draft_id).exit_code == 0
    assert hub.state(draft_id) == "cancelled"
    again = hub("cancel", draft_id)
    assert (again.exit_code, "it is cancelled" in again.stderr) == (1, True)
    assert hub("cancel", uuid.uuid4()).exit_code == 1
    assert hub.events() == [("cancelled", draft_id, operator.name())]


@pytest.mark.parametrize("due_s", [-3_600, 1, 7_200])
def test_release_sends_one_draft_early_late_and_on_hold(hub: Hub, due_s: float) -> None:
    hub("hold")
    draft_id = hub.scheduled(due_s=due_s) if due_s < 7_200 else hub.scheduled()
    hub.rows("UPDATE drafts SET not_after = send_at RETURNING 1")
    result = hub("release", draft_id)
    assert (result.exit_code, hub.state(draft_id)) == (0, "released"), result.output
    assert hub.rows("SELECT id::text, sender_id FROM messages") == [(draft_id, hub.sender_id)]
    assert hub.events()[1:] == [("changed", draft_id, operator.name())]
    again = hub("release", draft_id)
    assert (again.exit_code, "A draft that is released cannot be released" in again.stderr) == (1, True)


def test_release_says_why_it_is_not_possible(hub: Hub) -> None:
    draft_id = hub.scheduled()
    hub.rows("UPDATE users SET status = 'disabled' RETURNING 1")
    result = hub("release", draft_id)
    assert result.exit_code == 1
    assert "It is failed: user-inactive. This user is disabled." in result.stderr
    assert hub.state(draft_id) == "failed"


def test_hold_stops_all_releases_until_resume(hub: Hub, make_engine: base.MakeEngine) -> None:
    engine, draft_id = make_engine(db.COMPOSE_ROLE), hub.scheduled()
    assert "are on hold" in hub("hold").stdout
    assert "were on hold already" in hub("hold").stdout
    assert releases.release_next(engine, read=draft_content.read_content) is None
    assert "on hold since" in hub("list").stderr
    assert "go on" in hub("resume").stdout
    assert "were not on hold" in hub("resume").stdout
    assert isinstance(releases.release_next(engine, read=draft_content.read_content), releases.Released)
    assert hub.events() == [("held", None, operator.name()), ("resumed", None, operator.name())]
    assert hub.state(draft_id) == "released"
