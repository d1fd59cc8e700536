"""One writer per table and column: what each service's role may do, to the last privilege."""

import pytest
import sqlalchemy
from sqlalchemy import Connection

from shared import db
from tests.conftest import Connect, MakeEngine

COMPOSE, WORKER, INBOX, DIRECTORY = db.COMPOSE_ROLE, db.WORKER_ROLE, db.INBOX_ROLE, db.DIRECTORY_ROLE
ROLES = (COMPOSE, WORKER, INBOX, DIRECTORY)
PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN")

ALL_READ = dict.fromkeys(ROLES, "SELECT")
# table → role → privileges on the whole of it
TABLES: dict[str, dict[str, str]] = {
    "alembic_version": ALL_READ,
    "platforms": {**ALL_READ, DIRECTORY: "SELECT INSERT UPDATE"},
    "organisations": {**ALL_READ, DIRECTORY: "SELECT INSERT UPDATE"},
    "clinics": {**ALL_READ, DIRECTORY: "SELECT INSERT UPDATE"},
    "users": {**ALL_READ, DIRECTORY: "SELECT INSERT UPDATE MAINTAIN"},
    "memberships": {**ALL_READ, DIRECTORY: "SELECT INSERT UPDATE MAINTAIN"},
    "scope_user_counts": {**ALL_READ, DIRECTORY: "SELECT INSERT UPDATE DELETE"},
    "messages": ALL_READ,
    "message_targets": {**ALL_READ, COMPOSE: "SELECT INSERT"},
    "message_visibility": {**ALL_READ, COMPOSE: "SELECT INSERT"},
    "inflight_targets": {**ALL_READ, COMPOSE: "SELECT INSERT", WORKER: "SELECT DELETE"},
    "fanout_batches": {**ALL_READ, WORKER: "SELECT INSERT UPDATE"},
    "inbox_retention": ALL_READ,
    "inbox_entries": {WORKER: "SELECT INSERT", INBOX: "SELECT"},
    "inbox_states": {INBOX: "SELECT INSERT UPDATE"},
    "inbox_revisions": {INBOX: "SELECT INSERT UPDATE"},
    # Who writes it may give some of its columns, and read none.
    "audit_events": {},
}
# Privileges on single columns: messages has two writers, and of an audit event the database gives id and time.
COLUMNS = {
    ("messages", COMPOSE, "INSERT"): {
        *("id", "platform_id", "sender_id", "title", "body", "directory_version", "request_id", "idempotency_key"),
        *("request_hash", "created_at", "sent_at"),
    },
    ("messages", COMPOSE, "UPDATE"): {"recalled_at", "recalled_by_id"},
    ("messages", WORKER, "UPDATE"): {
        *("status", "recipient_count", "completed_at", "expand_published_at", "expand_attempts", "last_error"),
    },
    ("audit_events", COMPOSE, "INSERT"): {
        *("action", "outcome", "reason", "platform_id", "user_id", "message_id", "request_id", "address", "detail"),
    },
    ("audit_events", DIRECTORY, "INSERT"): {
        *("action", "outcome", "reason", "platform_id", "operator", "directory_version", "detail"),
    },
}
FUNCTIONS = {WORKER: {"create_inbox_partitions", "drop_inbox_partitions"}}
SEQUENCES = {DIRECTORY: {"scope_ids": "USAGE"}}


@pytest.fixture
def owner(connection: Connect) -> Connection:
    return connection()


def test_every_role_may_do_to_every_table_what_is_written_here_and_no_more(owner: Connection) -> None:
    found: dict[str, dict[str, set[str]]] = {}
    statement = sqlalchemy.text("""
        SELECT c.relname, r.rolname, p.privilege
        FROM pg_class c, pg_roles r, unnest(CAST(:privileges AS text[])) AS p(privilege)
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
          AND r.rolname = ANY(:roles) AND has_table_privilege(r.oid, c.oid, p.privilege)
    """)
    for table, role, privilege in owner.execute(statement, {"roles": list(ROLES), "privileges": list(PRIVILEGES)}):
        found.setdefault(table, {}).setdefault(role, set()).add(privilege)
    expected = {
        table: {role: set(may.split()) for role, may in roles.items()} for table, roles in TABLES.items() if roles
    }
    assert found == expected, "a partition or a table that is not written here carries a privilege, or one is missing"


def test_single_columns_are_granted_only_of_messages_and_audit_events(owner: Connection) -> None:
    statement = sqlalchemy.text("""
        SELECT c.relname, r.rolname, acl.privilege_type, a.attname
        FROM pg_attribute a
        JOIN pg_class c ON c.oid = a.attrelid AND c.relnamespace = 'public'::regnamespace
        CROSS JOIN LATERAL aclexplode(a.attacl) AS acl
        JOIN pg_roles r ON r.oid = acl.grantee
        WHERE a.attacl IS NOT NULL
    """)
    found: dict[tuple[str, str, str], set[str]] = {}
    for table, role, privilege, column in owner.execute(statement):
        found.setdefault((table, role, privilege), set()).add(column)
    assert found == COLUMNS


def test_functions_run_for_the_worker_alone(owner: Connection) -> None:
    statement = sqlalchemy.text("""
        SELECT r.rolname, p.proname FROM pg_proc p, pg_roles r
        WHERE p.pronamespace = 'public'::regnamespace AND r.rolname = ANY(:roles)
          AND has_function_privilege(r.oid, p.oid, 'EXECUTE')
    """)
    found: dict[str, set[str]] = {}
    for role, function in owner.execute(statement, {"roles": list(ROLES)}):
        found.setdefault(role, set()).add(function)
    assert found == FUNCTIONS


def test_the_sequence_of_scopes_is_the_directorys_alone(owner: Connection) -> None:
    statement = sqlalchemy.text("""
        SELECT r.rolname, c.relname, p.privilege
        FROM pg_class c, pg_roles r, unnest(ARRAY['USAGE', 'SELECT', 'UPDATE']) AS p(privilege)
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'S' AND r.rolname = ANY(:roles)
          AND has_sequence_privilege(r.oid, c.oid, p.privilege)
    """)
    found: dict[str, dict[str, str]] = {}
    for role, sequence, privilege in owner.execute(statement, {"roles": list(ROLES)}):
        found.setdefault(role, {})[sequence] = privilege
    assert found == SEQUENCES


def test_no_role_logs_in_owns_or_creates_anything(owner: Connection) -> None:
    statement = sqlalchemy.text("""
        SELECT r.rolname, r.rolcanlogin, r.rolsuper, r.rolcreaterole, r.rolcreatedb, r.rolbypassrls,
               has_schema_privilege(r.oid, 'public', 'CREATE'),
               EXISTS (SELECT FROM pg_class c WHERE c.relowner = r.oid),
               EXISTS (SELECT FROM pg_auth_members m WHERE m.member = r.oid)
        FROM pg_roles r WHERE r.rolname = ANY(:roles)
    """)
    rows = owner.execute(statement, {"roles": list(ROLES)}).all()
    assert {row[0] for row in rows} == set(ROLES)
    assert not any(any(row[1:]) for row in rows)


MESSAGE = "'00000000-0000-7000-8000-000000000000'"


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        *[(role, "UPDATE messages SET sent_at = now()") for role in ROLES],
        *[(role, "UPDATE messages SET body = 'x'") for role in ROLES],
        *[(role, "DELETE FROM messages") for role in ROLES],
        *[(role, "UPDATE message_visibility SET sent_at = now()") for role in ROLES],
        *[(role, "TRUNCATE messages") for role in ROLES],
        *[(role, "CREATE TABLE mine (id int)") for role in ROLES],
        *[(role, "DROP TABLE inbox_entries") for role in ROLES],
        *[(role, "DELETE FROM inbox_entries") for role in ROLES],
        *[(role, "UPDATE alembic_version SET version_num = '9999'") for role in ROLES],
        (COMPOSE, "UPDATE messages SET status = 'sent'"),
        (COMPOSE, "UPDATE messages SET recalled_at = now(), status = 'sent'"),
        (COMPOSE, f"INSERT INTO messages (id, status) VALUES ({MESSAGE}, 'sent')"),
        (COMPOSE, "DELETE FROM inflight_targets"),
        (COMPOSE, "DELETE FROM message_targets"),
        (COMPOSE, "SELECT * FROM inbox_entries"),
        (COMPOSE, "UPDATE users SET status = 'active'"),
        (COMPOSE, f"INSERT INTO inbox_entries VALUES (1, now(), {MESSAGE})"),
        (COMPOSE, "SELECT create_inbox_partitions(current_date)"),
        (WORKER, "UPDATE messages SET recalled_at = now()"),
        (WORKER, f"INSERT INTO inflight_targets VALUES (1, {MESSAGE})"),
        (WORKER, "DELETE FROM fanout_batches"),
        (WORKER, "SELECT * FROM inbox_states"),
        (WORKER, "UPDATE memberships SET role = 'administrator'"),
        (WORKER, "ALTER TABLE inbox_entries DETACH PARTITION inbox_entries_2026_11"),
        (INBOX, f"INSERT INTO inbox_entries VALUES (1, now(), {MESSAGE})"),
        (INBOX, "DELETE FROM inbox_states"),
        (INBOX, "UPDATE messages SET recalled_at = now()"),
        (INBOX, "SELECT drop_inbox_partitions(DATE '2000-01-01')"),
        (DIRECTORY, "DELETE FROM memberships"),
        (DIRECTORY, "DELETE FROM users"),
        (DIRECTORY, "UPDATE messages SET recalled_at = now()"),
        (DIRECTORY, "SELECT * FROM inbox_entries"),
    ],
)
def test_a_role_is_refused_what_is_not_its_own(connection: Connect, role: str, statement: str) -> None:
    acting = connection(role)
    with (
        pytest.raises(sqlalchemy.exc.ProgrammingError, match=r"permission denied|must be owner"),
        acting.begin_nested(),
    ):
        acting.execute(sqlalchemy.text(statement))


@pytest.mark.parametrize("role", ROLES)
def test_an_engine_of_a_service_acts_as_its_role(make_engine: MakeEngine, role: str) -> None:
    engine = make_engine(role)
    with engine.connect() as acting:
        assert acting.execute(sqlalchemy.text("SELECT current_user")).scalar_one() == role
