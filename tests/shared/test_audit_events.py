"""The table of audit events: only ever added to, by each role for what it does itself, and nothing in it but what its columns allow."""

import itertools
from typing import Any

import psycopg
import pytest
import sqlalchemy
from sqlalchemy import Connection, text

from shared import db
from tests.conftest import Connect

BY_USER: dict[str, Any] = {
    "action": "compose",
    "outcome": "refused",
    "reason": "audience-out-of-reach",
    "platform_id": 1,
    "user_id": 2,
    "request_id": "r-1",
    "address": "192.0.2.1",
}
BY_OPERATOR: dict[str, Any] = {"action": "import", "outcome": "changed", "platform_id": 1, "operator": "alice@host"}
MESSAGE = "0190f5fe-6f43-7d84-8f6c-0e1a5c2a3b4d"


def insert(connection: Connection, values: dict[str, Any]) -> None:
    columns, marks = ", ".join(values), ", ".join(f":{name}" for name in values)
    with connection.begin_nested():
        connection.execute(text(f"INSERT INTO audit_events ({columns}) VALUES ({marks})"), values)


def count(connection: Connection) -> int:
    return int(connection.execute(text("SELECT count(*) FROM audit_events")).scalar_one())


@pytest.fixture
def owner(connection: Connect) -> Connection:
    return connection()


EXPORT = {
    **BY_USER,
    "action": "export",
    "outcome": "exported",
    "reason": None,
    "message_id": MESSAGE,
    "detail": "5 rows",
}


@pytest.mark.parametrize(
    ("role", "values"), [(db.COMPOSE_ROLE, BY_USER), (db.INBOX_ROLE, EXPORT), (db.DIRECTORY_ROLE, BY_OPERATOR)]
)
def test_each_role_records_what_it_does(connection: Connect, role: str, values: dict[str, Any]) -> None:
    insert(connection(role), values)
    row = connection().execute(text("SELECT * FROM audit_events ORDER BY id DESC LIMIT 1")).mappings().one()
    assert {name: str(row[name]) for name in values} == {name: str(value) for name, value in values.items()}
    assert row["happened_at"] is not None


@pytest.mark.parametrize(
    ("role", "values"), [(db.DIRECTORY_ROLE, BY_USER), (db.COMPOSE_ROLE, BY_OPERATOR), (db.INBOX_ROLE, BY_OPERATOR)]
)
def test_no_role_records_what_another_does(connection: Connect, role: str, values: dict[str, Any]) -> None:
    with pytest.raises(sqlalchemy.exc.ProgrammingError, match=r"permission denied|row-level security"):
        insert(connection(role), values)
    # With its own columns only, so that the policy is what stands in the way.
    action = "compose" if role == db.DIRECTORY_ROLE else "import"
    with pytest.raises(sqlalchemy.exc.ProgrammingError, match="row-level security"):
        insert(connection(role), {"action": action, "outcome": "changed"})


@pytest.mark.parametrize("role", [db.COMPOSE_ROLE, db.WORKER_ROLE, db.INBOX_ROLE, db.DIRECTORY_ROLE])
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM audit_events",
        "UPDATE audit_events SET outcome = 'refused'",
        "DELETE FROM audit_events",
        "TRUNCATE audit_events",
        "DROP TABLE audit_events",
        "ALTER TABLE audit_events DISABLE TRIGGER ALL",
        "DROP TRIGGER append_only ON audit_events",
        "CREATE RULE quiet AS ON INSERT TO audit_events DO INSTEAD NOTHING",
        "SELECT refuse_to_change_audit_events()",
        "INSERT INTO audit_events (action, happened_at) VALUES ('compose', '2000-01-01')",
        "INSERT INTO audit_events (action, id) VALUES ('compose', gen_random_uuid())",
    ],
)
def test_no_role_reads_changes_or_misdates_what_is_recorded(connection: Connect, role: str, statement: str) -> None:
    with (
        pytest.raises(sqlalchemy.exc.ProgrammingError, match=r"permission denied|must be owner"),
        connection(role).begin_nested(),
    ):
        connection(role).execute(text(statement))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_events SET outcome = 'refused'",
        "DELETE FROM audit_events",
        "DELETE FROM audit_events WHERE false",
        "TRUNCATE audit_events",
        "TRUNCATE audit_events, inbox_revisions CASCADE",
        "INSERT INTO audit_events (id, action, outcome, operator) VALUES (gen_random_uuid(), 'import', 'tried', 'a') "
        "ON CONFLICT (id) DO UPDATE SET outcome = 'changed'",
        "MERGE INTO audit_events a USING (VALUES (1)) v(n) ON true WHEN MATCHED THEN DELETE",
    ],
)
@pytest.mark.parametrize("replication", ["origin", "replica"])
def test_even_a_superuser_adds_only(owner: Connection, statement: str, replication: str) -> None:
    assert owner.execute(text("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")).scalar_one()
    insert(owner, BY_OPERATOR)
    before = count(owner)
    owner.execute(text(f"SET LOCAL session_replication_role = {replication}"))
    with pytest.raises(sqlalchemy.exc.ProgrammingError, match="only ever added to"), owner.begin_nested():
        owner.execute(text(statement))
    assert count(owner) == before


@pytest.mark.parametrize(
    "values",
    [
        {**BY_USER, "action": "delete"},
        {**BY_USER, "outcome": "changed"},
        {**BY_USER, "outcome": "accepted", "reason": None},
        {**BY_USER, "reason": None},
        {**BY_USER, "reason": "Two words"},
        {**BY_USER, "reason": "x" * 65},
        {**BY_USER, "user_id": None},
        {**BY_USER, "platform_id": None},
        {**BY_USER, "operator": "alice@host"},
        {**BY_USER, "request_id": "a\nb"},
        {**BY_USER, "request_id": "x" * 65},
        {**BY_USER, "detail": ""},
        {**BY_USER, "detail": "x" * 501},
        {**BY_USER, "detail": "a\x1b[31mb"},
        {**BY_USER, "outcome": "accepted", "message_id": MESSAGE},
        {**EXPORT, "message_id": None},
        {**EXPORT, "operator": "alice@host"},
        {**BY_OPERATOR, "operator": None},
        {**BY_OPERATOR, "operator": "a\nb"},
        {**BY_OPERATOR, "user_id": 2},
        {**BY_OPERATOR, "message_id": MESSAGE},
        {**BY_OPERATOR, "outcome": "refused"},
        {**BY_OPERATOR, "action": "platform"},
    ],
    ids=repr,
)
def test_what_makes_no_sense_is_not_recorded(owner: Connection, values: dict[str, Any]) -> None:
    with pytest.raises(sqlalchemy.exc.IntegrityError) as error:
        insert(owner, values)
    assert isinstance(error.value.orig, psycopg.errors.CheckViolation)


def test_an_address_is_an_address(owner: Connection) -> None:
    for address in ("unknown", "1.2.3", "192.0.2.1:80"):
        with pytest.raises(sqlalchemy.exc.DataError):
            insert(owner, {**BY_USER, "address": address})
    insert(owner, {**BY_USER, "address": "2001:db8::1"})


def test_ids_follow_the_order_of_time(owner: Connection) -> None:
    for _ in range(5):
        insert(owner, BY_OPERATOR)
    times = owner.execute(text("SELECT happened_at FROM audit_events ORDER BY id")).scalars().all()
    assert all(earlier <= later for earlier, later in itertools.pairwise(times))
