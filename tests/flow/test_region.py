"""A level more in the tree, *region* between platform and organisation, concerns the directory and its files: no other SQL knows levels.

To add one for good: the enum `scope_level` (shared/migrations), a layout in services/directory/csv_import.py, its count in
services/directory/report.py; and where people choose: `Level` and the audience's schema in compose_api, the filter in inbox_api, the
console's tree (web/console/logic/tree.ts).
"""

import ast
import csv
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from services.directory import csv_import
from services.directory.actions import import_, platforms
from services.fanout_worker.actions import expand
from services.fanout_worker.actions.context import Context
from services.inbox_api.actions import history, notifications
from shared import db
from shared.audience import ChosenScopes
from tests import conftest as base
from tests import factories, messages
from tests.fanout_worker.conftest import StillBroker, worker_settings

ROOT = Path(__file__).parents[2]
_EXTERNAL_ID, _NAME = csv_import.ORGANISATIONS.columns
REGIONS = csv_import.ScopeLayout(file="regions.csv", columns=(_EXTERNAL_ID, _NAME), level="region")
ORGANISATIONS = csv_import.ScopeLayout(
    file="organisations.csv",
    columns=(_EXTERNAL_ID, csv_import.Column("region", 255), _NAME),
    level="organisation",
    parent_level="region",
)
FILES = {
    "regions.csv": [("external_id", "name"), ("coast", "Coast"), ("inland", "Inland")],
    "organisations.csv": [("external_id", "region", "name"), ("o1", "coast", "One"), ("o2", "inland", "Two")],
    "clinics.csv": [("external_id", "organisation", "name"), ("c1", "o1", "C One"), ("c2", "o2", "C Two")],
    "users.csv": [
        ("external_id", "name", "email", "status"),
        *((user, user.title(), "", "active") for user in ("boss", "rita", "one", "two")),
    ],
    "memberships.csv": [
        ("user", "level", "scope", "role"),
        ("boss", "platform", "", "administrator"),
        ("rita", "region", "coast", "administrator"),
        ("one", "clinic", "c1", "member"),
        ("two", "clinic", "c2", "member"),
    ],
}


@pytest.fixture
def files(tmp_path: Path, owner_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Path:
    with owner_engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ALTER TYPE scope_level ADD VALUE 'region' BEFORE 'organisation'"))
    scopes = (REGIONS, ORGANISATIONS, csv_import.CLINICS)
    user, level, scope, role = csv_import.MEMBERSHIPS.columns
    levels = csv_import.Column(level.name, 20, choices=("platform", *(layout.level for layout in scopes)))
    stated = csv_import.MembershipLayout(
        file="memberships.csv",
        columns=(user, levels, scope, role),
        table=csv_import.MEMBERSHIPS.table,
        check=csv_import.MEMBERSHIPS.check,
    )
    monkeypatch.setattr(csv_import, "SCOPES", scopes)
    monkeypatch.setattr(csv_import, "MEMBERSHIPS", stated)
    monkeypatch.setattr(csv_import, "LAYOUTS", (*scopes, csv_import.USERS, stated))
    for name, rows in FILES.items():
        with (tmp_path / name).open("w", newline="") as file:
            csv.writer(file).writerows(rows)
    return tmp_path


def test_a_region_is_imported_addressed_read_filtered_and_recalled(
    files: Path,
    owner_engine: Engine,
    make_engine: Callable[..., Engine],
    database_url: str,
    published: base.Published,
) -> None:
    directory, compose, inbox = (make_engine(role) for role in (db.DIRECTORY_ROLE, db.COMPOSE_ROLE, db.INBOX_ROLE))
    platforms.put_platform(directory, key="acme", name="Acme", plan="enterprise")
    import_.import_directory(directory, platform_key="acme", folder=files)
    with owner_engine.connect() as connection:
        platform = factories.Platform(connection.execute(text("SELECT id FROM platforms")).scalar_one(), "acme")
        counts = connection.execute(text("SELECT external_id, user_count FROM scopes ORDER BY id")).all()
        users = {
            row.external_id: factories.User(row.id, platform.id, row.external_id, row.name, row.status)
            for row in connection.execute(text("SELECT * FROM users"))
        }
    assert dict(counts) == {"acme": 4, "coast": 2, "inland": 1, "o1": 1, "o2": 1, "c1": 1, "c2": 1}

    to_clinic = ChosenScopes(everyone=False, clinics=("c1",))
    message_id = messages.accept(compose, users["rita"], platform, to_clinic)
    one, two, rita = (messages.reader(inbox, users[name], platform) for name in ("one", "two", "rita"))
    for _written in (False, True):
        feeds = [notifications.get_feed(inbox, caller=who, status="all", limit=9).data for who in (one, two)]
        assert [[shown.id for shown in feed] for feed in feeds] == [[message_id], []]
        context = Context(make_engine(db.WORKER_ROLE), published, StillBroker(), worker_settings(database_url))
        expand.expand_message(context, message_id=message_id)
    assert messages.recipients(owner_engine, message_id) == [users["one"].id]
    counts = history.ListCounts()
    for filters in ({}, {"organisation": "o1"}, {"clinic": "c1"}):
        assert [sent.id for sent in history.get_history(inbox, counts, caller=rita, limit=9, **filters).data] == [
            message_id
        ]

    by_boss = messages.accept(compose, users["boss"], platform, to_clinic)
    elsewhere = messages.accept(compose, users["boss"], platform, ChosenScopes(everyone=False, organisations=("o2",)))
    assert [sent.id for sent in history.get_history(inbox, counts, caller=rita, limit=9).data] == [by_boss, message_id]
    messages.recall(compose, users["rita"], platform, by_boss)
    with pytest.raises(Exception, match="no such message"):
        messages.recall(compose, users["rita"], platform, elsewhere)


def test_no_sql_outside_the_directory_names_a_level() -> None:
    sql = re.compile(r"\b(SELECT|INSERT|UPDATE|DELETE)\b")
    level = re.compile(r"'(platform|organisation|clinic)'|\b(organisations|clinics|organisation_id|clinic_id)\b")
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for folder in ("services", "shared", "cli")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "migrations" not in path.parts and "directory" not in path.parts
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and sql.search(node.value)
        for match in level.finditer(node.value)
        # An audit event's action has the name of a level, and so has what it is about.
        if not (match.group() == "'platform'" and "audit_events" in node.value)
    ]
    assert found == []
