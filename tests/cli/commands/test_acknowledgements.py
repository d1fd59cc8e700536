"""`message-hub acknowledgements` and `message-hub evidence`: what operators see of acknowledgements, export and check."""

import json
import uuid
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine

from cli import main, operator
from shared import db
from tests.conftest import MakeEngine
from tests.inbox_api import acknowledging
from tests.inbox_api.hub import Hub, Sent


@dataclass
class Commands:
    """Runs the commands on a hub's database and a folder of keys."""

    hub: Hub
    url: str
    folder: Path

    def __call__(self, *arguments: object) -> Result:
        environment = {"HUB_DATABASE_URL": self.url, "HUB_EVIDENCE_KEYS": str(self.folder / "keys")}
        return CliRunner().invoke(main.commands, list(map(str, arguments)), env=environment)

    def events(self, sent: Sent) -> list[tuple[object, ...]]:
        return self.hub.rows(
            "SELECT action, outcome, user_id, operator FROM audit_events WHERE message_id = :id ORDER BY id", id=sent.id
        )


@pytest.fixture
def run(make_engine: MakeEngine, owner_engine: Engine, database_url: str, tmp_path: Path) -> Commands:
    return Commands(Hub(owner=owner_engine, inbox=make_engine(db.INBOX_ROLE)), database_url, tmp_path)


@pytest.fixture
def sent(run: Commands) -> Sent:
    """To two people of a clinic, of whom one has acknowledged."""
    platform = run.hub.platform()
    clinic = run.hub.clinic(run.hub.organisation(platform))
    users = [run.hub.user(platform, clinic) for _ in range(2)]
    sent = acknowledging.ask(run.hub, run.hub.administrator(platform, platform), clinic)
    acknowledging.acknowledge(run.hub, sent, [users[0].id])
    return sent


def test_the_summary_is_shown_as_a_table_and_as_json(run: Commands, sent: Sent) -> None:
    text = run("acknowledgements", sent.id, "--by", "clinic")
    assert text.exit_code == 0, text.output
    assert "all, each person once  2           1             1" in text.output
    found = json.loads(run("acknowledgements", sent.id, "--json").stdout)
    assert (found["totals"]["acknowledged"], found["totals"]["distinct"], len(found["data"])) == (1, 2, 1)
    assert run.events(sent) == []


def test_exports_are_private_files_in_the_audit_trail(run: Commands, sent: Sent) -> None:
    lines, evidence = run.folder / "people.csv", run.folder / "notice.jsonl"
    missing = run("acknowledgements", sent.id, "--evidence", evidence)
    assert (missing.exit_code, "message-hub evidence keys new" in missing.output) == (1, True)
    assert not evidence.exists()
    key = json.loads(run("evidence", "keys", "new", "--json").stdout)
    for option, file in (("--csv", lines), ("--evidence", evidence)):
        assert run("acknowledgements", sent.id, option, file).exit_code == 0
        assert file.stat().st_mode & 0o777 == 0o600
        again = run("acknowledgements", sent.id, option, file)
        assert (again.exit_code, "cannot be written" in again.output) == (1, True)
    assert len(lines.read_text(encoding="utf-8-sig").splitlines()) == 3
    assert json.loads(evidence.read_text().splitlines()[0])["exported_by"] == {"operator": operator.name()}
    assert run.events(sent) == [("export", "exported", None, operator.name())] * 2
    public = run.folder / "public.pem"
    public.write_text(key["public"])
    checked = run("evidence", "verify", evidence, "--key", public)
    assert (checked.exit_code, checked.output.startswith("Valid")) == (0, True)
    evidence.write_bytes(evidence.read_bytes().replace(b'"acknowledged","ack', b'"outstanding!","ack'))
    checked = run("evidence", "verify", evidence, "--key", public)
    assert (checked.exit_code, "line 2: the line was changed" in checked.output) == (3, True)


def test_what_cannot_be_shown_or_checked_is_refused_in_a_sentence(run: Commands, sent: Sent) -> None:
    platform = run.hub.platform()
    plain = run.hub.send(run.hub.administrator(platform, platform), platform)
    file = run.folder / "file"
    file.write_text("no key")
    for arguments, sentence in (
        (("acknowledgements", uuid.uuid4()), "There is no message"),
        (("acknowledgements", plain.id), "does not ask for an acknowledgement"),
        (("acknowledgements", sent.id, "--csv", run.folder / "no" / "file"), "cannot be written"),
        (("evidence", "verify", file, "--key", file), "is not an Ed25519 public key"),
    ):
        result = run(*arguments)
        assert (result.exit_code, sentence in result.output) == (1, True), result.output
    both = run("acknowledgements", sent.id, "--csv", "a", "--evidence", "b")
    assert (both.exit_code, "either" in both.output) == (2, True)


def test_keys_are_listed_with_the_one_that_signs(run: Commands) -> None:
    assert "There is no key" in run("evidence", "keys", "list").output
    made = [json.loads(run("evidence", "keys", "new", "--json").stdout)["id"] for _ in range(2)]
    found = json.loads(run("evidence", "keys", "list", "--json").stdout)
    assert [(key["id"], key["signs"]) for key in found] == [(made[0], False), (made[1], True)]
    assert run("evidence", "keys", "list").output.count("PUBLIC KEY") == 4
    assert "PRIVATE" not in run("evidence", "keys", "list", "--json").output
