"""Exports of acknowledgements: CSV, and evidence that is checked by the command, by OpenSSL and against the documented test vectors."""

import base64
import csv
import hashlib
import io
import json
import re
import subprocess
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cli import main
from services.inbox_api import evidence, evidence_keys
from services.inbox_api.actions import acknowledgement_exports as actions
from services.inbox_api.actions import exports
from shared import VERSION, acknowledgements
from tests import factories
from tests.inbox_api import acknowledging
from tests.inbox_api.hub import Hub, Sent
from tests.inbox_api.test_acknowledgements import PAST

DOCUMENT = Path(__file__).parents[2] / "docs" / "evidence.md"


@pytest.fixture
def hub(module_hub: Hub) -> Hub:
    return module_hub


@pytest.fixture
def keys(hub: Hub, tmp_path: Path) -> Iterator[Path]:
    """The hub's folder of keys, empty."""
    folder = tmp_path / "keys"
    context = hub.app.extensions["hub"]
    object.__setattr__(context, "evidence_keys", folder)
    yield folder
    object.__setattr__(context, "evidence_keys", None)


@pytest.fixture
def world(hub: Hub) -> tuple[factories.User, Sent]:
    """A message that one of three has acknowledged, one left, and one has still to, and its sender."""
    platform = hub.platform()
    clinic = hub.clinic(hub.organisation(platform))
    sender = hub.administrator(platform, platform)
    done, gone, _ = (hub.user(platform, clinic) for _ in range(3))
    sent = acknowledging.ask(hub, sender, clinic, due_at=PAST)
    acknowledging.acknowledge(hub, sent, [done.id])
    hub.set_status(gone, "disabled")
    return sender, sent


def export(hub: Hub, who: factories.User, sent: Sent, query: str = "") -> bytes:
    with hub.ask(who, f"/v1/sent-messages/{sent.id}/acknowledgements/export?{query}") as answer:
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return answer.get_data()


def verify(file: Path, *public: Path) -> Result:
    arguments = ["evidence", "verify", str(file), "--json", *(part for one in public for part in ("--key", str(one)))]
    return CliRunner().invoke(main.commands, arguments, env={})


def public_file(keys: Path, number: int = -1) -> Path:
    return sorted(keys.glob("*.public.pem"))[number]


def audited(hub: Hub, sent: Sent) -> list[tuple[object, ...]]:
    return hub.rows(
        "SELECT action, outcome, user_id, operator, detail FROM audit_events WHERE message_id = :id ORDER BY id",
        id=sent.id,
    )


def test_a_csv_has_a_row_for_each_person_and_no_formula(hub: Hub, world: tuple[factories.User, Sent]) -> None:
    sender, sent = world
    hub.execute("UPDATE users SET name = '=HYPERLINK(A1)' WHERE id = :id", id=max(sent.recipients))
    for query, statuses in (
        ("", ["acknowledged", "left", "overdue"]),
        ("format=csv&status=overdue", ["overdue"]),
        ("status=acknowledged", ["acknowledged"]),
    ):
        text = export(hub, sender, sent, query).decode()
        rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
        assert text.startswith("\ufeff")
        assert [row["status"] for row in rows] == statuses
        assert all(bool(row["acknowledged_at"]) == (row["status"] == "acknowledged") for row in rows)
    assert "'=HYPERLINK(A1)" in export(hub, sender, sent).decode()
    assert audited(hub, sent)[0] == ("export", "exported", sender.id, None, "acknowledgements: 3 rows")


def test_evidence_says_what_was_asked_and_what_became_of_each_person(
    hub: Hub, keys: Path, world: tuple[factories.User, Sent], tmp_path: Path
) -> None:
    sender, sent = world
    key = evidence_keys.make(keys)
    with mock.patch.object(actions, "_PAGE", 1):
        content = export(hub, sender, sent, "format=evidence")
    manifest, *people, signature = map(json.loads, content.splitlines())
    assert manifest["format"] == "message-hub-evidence/1"
    assert manifest["hub_version"] == VERSION
    assert manifest["exported_by"] == {"user": sender.external_id, "name": sender.name}
    digest = acknowledgements.content_hash(title="A notice", body="Read it.", statement=acknowledging.STATEMENT)
    assert manifest["message"] | {"sent_at": None, "directory_version": None} == {
        "id": str(sent.id),
        "title": "A notice",
        "body": "Read it.",
        "statement": acknowledging.STATEMENT,
        "content_hash": f"sha256:{digest.hex()}",
        "sender": {"id": sender.external_id, "name": sender.name},
        "sent_at": None,
        "due_at": "2026-01-01T00:00:00.000000Z",
        "directory_version": None,
        "supersedes": None,
        "superseded_at": None,
        "recalled_at": None,
    }
    assert [scope["level"] for scope in manifest["people_of"]["any_of"]] == ["platform"]
    assert manifest["counts"] == {
        **{"recipients": 3, "acknowledged": 1, "outstanding": 1, "overdue": 1, "left": 1, "no_longer_asked": 0}
    }
    assert [one["status"] for one in people] == ["acknowledged", "left", "overdue"]
    assert people[0]["authentication"] == "shared-secret"
    assert people[0]["request_id"] == f"request-{min(sent.recipients)}"
    assert people[0]["content_hash"] == manifest["message"]["content_hash"]
    assert signature["key_id"] == key.id
    (tmp_path / "file").write_bytes(content)
    result = verify(tmp_path / "file", public_file(keys))
    assert result.exit_code == 0
    assert json.loads(result.stdout)["manifest"]["counts"] == manifest["counts"]
    assert audited(hub, sent)[-1] == ("export", "exported", sender.id, None, f"evidence signed with {key.id}: 5 lines")


def test_evidence_has_the_people_of_its_viewer_and_everyone_of_them(hub: Hub, keys: Path, tmp_path: Path) -> None:
    evidence_keys.make(keys)
    platform = hub.platform()
    clinics = [hub.clinic(hub.organisation(platform)) for _ in range(2)]
    users = [hub.user(platform, clinic) for clinic in clinics]
    manager = hub.administrator(platform, clinics[0])
    sent = acknowledging.ask(hub, hub.administrator(platform, platform), platform)
    manifest, *people, _ = map(json.loads, export(hub, manager, sent, "format=evidence").splitlines())
    assert manifest["people_of"]["any_of"] == [
        {"level": "clinic", "id": clinics[0].external_id, "name": f"Clinic {clinics[0].external_id}"}
    ]
    assert [one["id"] for one in people] == [users[0].external_id, manager.external_id]
    answer = hub.ask(manager, f"/v1/sent-messages/{sent.id}/acknowledgements/export?format=evidence&status=outstanding")
    assert (answer.status_code, set(answer.get_json()["errors"])) == (422, {"status"})
    boss = hub.administrator(platform, platform)
    manifest, *people, _ = map(
        json.loads, export(hub, boss, sent, f"format=evidence&clinic={clinics[1].external_id}").splitlines()
    )
    assert [scope["id"] for scope in manifest["people_of"]["all_of"]] == [clinics[1].external_id]
    assert [one["id"] for one in people] == [users[1].external_id]
    assert manifest["counts"]["recipients"] == 1


def test_without_a_key_no_evidence_is_given(hub: Hub, keys: Path, world: tuple[factories.User, Sent]) -> None:
    sender, sent = world
    for make_bad in (False, True):
        if make_bad:
            keys.mkdir()
            (keys / "20260101T000000.000000Z-0.private.pem").write_text("no key")
        answer = hub.ask(sender, f"/v1/sent-messages/{sent.id}/acknowledgements/export?format=evidence")
        assert (answer.status_code, answer.get_json()["code"]) == (409, "evidence-key-missing")


def lines() -> Iterator[dict[str, Any]]:
    message = {"title": "T", "body": "B", "statement": "S"}
    digest = acknowledgements.format_hash(acknowledgements.content_hash(**message))
    names = ("recipients", "acknowledged", "outstanding", "overdue", "left", "no_longer_asked")
    yield {
        "type": "manifest",
        "format": evidence.FORMAT,
        "message": {**message, "content_hash": digest},
        "counts": dict(zip(names, (2, 1, 1, 0, 0, 0), strict=True)),
    }
    yield {"type": "recipient", "id": "a", "name": "Zoë", "status": "acknowledged", "content_hash": digest}
    yield {"type": "recipient", "id": "b", "name": "=B", "status": "outstanding"}


def faults(content: bytes, keys: Path) -> list[evidence.Fault]:
    public = {
        evidence_keys.key_id(one): one for one in map(evidence_keys.read_public, sorted(keys.glob("*.public.pem")))
    }
    found = evidence.read(io.BytesIO(content), public)
    return [one for one in found if isinstance(one, evidence.Fault)]


def signed(keys: Path, content: Iterable[dict[str, Any]]) -> bytes:
    key = evidence_keys.find_signing(keys)
    assert key is not None
    return b"".join(evidence.write(content, key))


def test_a_changed_byte_is_found_in_its_line_whichever_it_is(keys: Path) -> None:
    evidence_keys.make(keys)
    content = signed(keys, lines())
    assert faults(content, keys) == []
    for position, byte in enumerate(content):
        line = content.count(b"\n", 0, position) + 1
        for other in {byte ^ 1, byte ^ 0x20, 0x0A} - {byte}:
            changed = content[:position] + bytes([other]) + content[position + 1 :]
            found = faults(changed, keys)
            assert [fault.line for fault in found[:1]] == [line], (position, chr(byte), other, found)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda one: one[:1] + one[2:], 2),
        (lambda one: [one[0], one[2], one[1], one[3]], 2),
        (lambda one: [*one[:2], one[1], *one[2:]], 3),
        (lambda one: one[:-1], 3),
        (lambda one: [*one[:-1], one[-1].rstrip()], 4),
        (lambda one: [*one, b"\n"], 4),
        (lambda one: [*one, one[-1]], 4),
        (lambda one: [one[0], one[-1]], 2),
        (lambda _: [], 1),
        (lambda one: [one[-1]], 1),
    ],
)
def test_missing_moved_and_added_lines_are_found(keys: Path, change: Any, line: int) -> None:
    evidence_keys.make(keys)
    content = signed(keys, lines()).splitlines(keepends=True)
    found = faults(b"".join(change(content)), keys)
    assert found
    assert found[0].line == line


def test_lines_that_were_forged_with_their_checks_do_not_have_the_signature(keys: Path) -> None:
    evidence_keys.make(keys)
    genuine = signed(keys, lines()).splitlines(keepends=True)
    manifest, one, other = lines()
    forged = signed(keys, [manifest, one, {**other, "status": "acknowledged"}]).splitlines(keepends=True)
    assert [fault.line for fault in faults(b"".join([*forged[:-1], genuine[-1]]), keys)] == [4]
    stranger = keys.with_name("stranger")
    evidence_keys.make(stranger)
    assert "was not given" in faults(signed(stranger, lines()), keys)[0].what
    content = json.loads(genuine[-1])
    borrowed = genuine[-1].replace(content["key_id"].encode(), evidence_keys.list_keys(stranger)[0].id.encode())
    evidence_keys.make(keys)
    (keys / "z.public.pem").write_bytes(public_file(stranger).read_bytes())
    assert "not valid" in faults(b"".join([*genuine[:-1], borrowed]), keys)[0].what


def test_what_does_not_fit_together_is_named_although_it_is_signed(keys: Path, tmp_path: Path) -> None:
    evidence_keys.make(keys)
    manifest, one, other = lines()
    wrong_text = {**manifest, "message": {**manifest["message"], "body": "C"}}
    wrong_count = {**manifest, "counts": {**manifest["counts"], "acknowledged": 2}}
    for content, line, what in (
        ([wrong_text, one, other], 1, "hash is not of the message's text"),
        ([wrong_count, one, other], 1, "counts 2 acknowledged"),
        ([manifest, {**one, "content_hash": "sha256:00"}, other], 2, "another text"),
        ([one, other], 1, "no manifest"),
        ([manifest, manifest], 2, "neither"),
    ):
        (tmp_path / "file").write_bytes(signed(keys, content))
        result = verify(tmp_path / "file", public_file(keys))
        found = json.loads(result.stdout)["faults"]
        assert result.exit_code == 3
        assert found[0]["line"] == line
        assert what in found[0]["what"]


def test_after_a_rotation_the_newest_key_signs_and_older_files_are_still_good(keys: Path, tmp_path: Path) -> None:
    evidence_keys.make(keys)
    old = signed(keys, lines())
    evidence_keys.make(keys)
    new = signed(keys, lines())
    first, second = evidence_keys.list_keys(keys)
    assert [json.loads(content.splitlines()[-1])["key_id"] for content in (old, new)] == [first.id, second.id]
    assert [(key.can_sign, key.signs) for key in (first, second)] == [(True, False), (True, True)]
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in keys.glob("*.private.pem"))
    sorted(keys.glob("*.private.pem"))[0].unlink()
    assert [key.can_sign for key in evidence_keys.list_keys(keys)] == [False, True]
    for number, content in enumerate((old, new)):
        (tmp_path / "file").write_bytes(content)
        assert verify(tmp_path / "file", public_file(keys, number)).exit_code == 0
        assert verify(tmp_path / "file", public_file(keys, 1 - number)).exit_code == 3
        assert verify(tmp_path / "file", *sorted(keys.glob("*.public.pem"))).exit_code == 0


def test_openssl_agrees(keys: Path, tmp_path: Path) -> None:
    """As docs/evidence.md says it."""
    evidence_keys.make(keys)
    *before, last = signed(keys, lines()).splitlines(keepends=True)
    signature = json.loads(last)
    digest = hashlib.sha256(b"".join(before)).hexdigest()
    (tmp_path / "signed").write_text(f"message-hub-evidence/1\n{digest}\n")
    (tmp_path / "signature").write_bytes(base64.b64decode(signature["signature"]))
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", str(public_file(keys)), "-rawin", "-in", "signed"]
    for text, code in ((digest, 0), (digest.replace(digest[0], "0" if digest[0] != "0" else "1"), 1)):
        (tmp_path / "signed").write_text(f"message-hub-evidence/1\n{text}\n")
        found = subprocess.run([*command, "-sigfile", "signature"], cwd=tmp_path, capture_output=True, check=False)
        assert found.returncode == code, found.stderr
    private = sorted(keys.glob("*.private.pem"))[-1]
    subprocess.run(
        ["openssl", "pkeyutl", "-sign", "-inkey", private, "-rawin", "-in", "signed", "-out", "again"],
        cwd=tmp_path,
        check=True,
    )
    assert len((tmp_path / "again").read_bytes()) == 64


def test_an_erased_person_keeps_their_line_without_their_name(
    hub: Hub, keys: Path, world: tuple[factories.User, Sent], module_database_url: str
) -> None:
    evidence_keys.make(keys)
    sender, sent = world
    user_id, platform = min(sent.recipients), hub.platforms[sender.platform_id]
    ((name, external_id),) = hub.rows("SELECT name, external_id FROM users WHERE id = :id", id=user_id)
    before = hub.ask(sender, f"/v1/sent-messages/{sent.id}/acknowledgements/summary").get_json()["totals"]
    hub.execute("UPDATE users SET status = 'disabled', disabled_at = now() WHERE id = :id", id=user_id)
    arguments = ["erase", "--platform", platform.key, "--user", str(external_id)]
    assert CliRunner().invoke(main.commands, arguments, env={"HUB_DATABASE_URL": module_database_url}).exit_code == 0
    path = f"/v1/sent-messages/{sent.id}/acknowledgements"
    assert hub.ask(sender, f"{path}/summary").get_json()["totals"] == before
    assert hub.ask(sender, f"{path}?q={str(name).split()[-1]}").get_json()["data"] == []
    content = export(hub, sender, sent, "format=evidence")
    _, *people, _ = map(json.loads, content.splitlines())
    assert (people[0]["name"], people[0]["status"]) == ("Former user", "acknowledged")
    assert faults(content, keys) == []


def test_an_export_is_one_snapshot_whatever_people_do_meanwhile(
    hub: Hub, keys: Path, world: tuple[factories.User, Sent]
) -> None:
    evidence_keys.make(keys)
    sender, sent = world
    with mock.patch.object(actions, "_PAGE", 1):
        answer = hub.ask(sender, f"/v1/sent-messages/{sent.id}/acknowledgements/export?format=evidence")
        content = answer.iter_encoded()
        first = next(iter(content))
        acknowledging.acknowledge(hub, sent, [max(sent.recipients)], after=timedelta(hours=2))
        rest = b"".join(content)
        answer.close()
    manifest, *people, _ = map(json.loads, (first + rest).splitlines())
    assert manifest["counts"]["acknowledged"] == [one["status"] for one in people].count("acknowledged") == 1


def test_an_export_that_takes_too_long_or_loses_its_client_is_recorded(
    hub: Hub, world: tuple[factories.User, Sent]
) -> None:
    sender, sent = world
    path = f"/v1/sent-messages/{sent.id}/acknowledgements/export"
    with mock.patch.object(exports, "_EXPORT_S", -1), pytest.raises(TimeoutError):
        hub.ask(sender, path).get_data()
    assert audited(hub, sent)[-1][-1] == "acknowledgements: 0 rows, not complete"


def test_the_documents_test_vector_is_what_the_code_writes_and_accepts(tmp_path: Path) -> None:
    blocks = re.findall(r"```[a-z]*\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), flags=re.S)
    private = next(block for block in blocks if "PRIVATE KEY" in block)
    public = next(block for block in blocks if "PUBLIC KEY" in block)
    file = next(block for block in blocks if block.startswith('{"type":"manifest"'))
    (tmp_path / "20260101T000000.000000Z-x.private.pem").write_text(private)
    (tmp_path / "x.public.pem").write_text(public)
    content = [json.loads(line) for line in file.splitlines()[:-1]]
    for line in content:
        del line["line"], line["check"]
    assert signed(tmp_path, content).decode() == file
    (tmp_path / "file").write_text(file, encoding="utf-8")
    result = verify(tmp_path / "file", tmp_path / "x.public.pem")
    assert result.exit_code == 0, result.output
    assert isinstance(evidence_keys.read_public(tmp_path / "x.public.pem"), Ed25519PublicKey)
    assert datetime.now(UTC)
