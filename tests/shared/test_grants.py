"""One writer per table and column: what each service's role may do, to the last privilege."""

import psycopg
import pytest
import sqlalchemy
from sqlalchemy import Connection

from shared import db
from tests.conftest import Connect, MakeEngine

COMPOSE, WORKER, INBOX, DIRECTORY = db.COMPOSE_ROLE, db.WORKER_ROLE, db.INBOX_ROLE, db.DIRECTORY_ROLE
ROLES = (COMPOSE, WORKER, INBOX, DIRECTORY)
PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN")

ALL_READ = dict.fromkeys(ROLES, "SELECT")
MESSAGES_READ = dict.fromkeys((COMPOSE, WORKER, INBOX), "SELECT")
# table → role → privileges on the whole of it
TABLES: dict[str, dict[str, str]] = {
    "alembic_version": ALL_READ,
    "platforms": {**ALL_READ, DIRECTORY: "SELECT INSERT UPDATE"},
    "scopes": {**ALL_READ, DIRECTORY: "SELECT INSERT UPDATE MAINTAIN"},
    "scope_ancestors": {**ALL_READ, DIRECTORY: "SELECT INSERT UPDATE MAINTAIN"},
    "users": {DIRECTORY: "SELECT INSERT UPDATE MAINTAIN"},
    "memberships": {**ALL_READ, DIRECTORY: "SELECT INSERT UPDATE MAINTAIN"},
    **{table: {DIRECTORY: "SELECT INSERT UPDATE"} for table in ("scim_tokens", "scim_users", "scim_brakes")},
    "scim_groups": {DIRECTORY: "SELECT INSERT UPDATE DELETE"},
    **{table: {DIRECTORY: "SELECT INSERT DELETE"} for table in ("scim_members", "stated_memberships", "scim_refusals")},
    "messages": {COMPOSE: "SELECT", INBOX: "SELECT"},
    "message_targets": {**MESSAGES_READ, COMPOSE: "SELECT INSERT"},
    "message_visibility": {**MESSAGES_READ, COMPOSE: "SELECT INSERT"},
    "followed_messages": {**MESSAGES_READ, COMPOSE: "SELECT INSERT"},
    "message_words": {COMPOSE: "INSERT", INBOX: "SELECT"},
    "drafts": {COMPOSE: "SELECT DELETE"},
    "draft_hold": {COMPOSE: "SELECT"},
    "acknowledgement_steps": {COMPOSE: "SELECT"},
    "inflight_targets": {**MESSAGES_READ, COMPOSE: "SELECT INSERT", WORKER: "SELECT DELETE"},
    "fanout_batches": {**MESSAGES_READ, WORKER: "SELECT INSERT UPDATE"},
    "fanout_counters": {**MESSAGES_READ, WORKER: "SELECT INSERT UPDATE"},
    "inbox_retention": MESSAGES_READ,
    "known_time": {COMPOSE: "SELECT", WORKER: "SELECT"},
    "inbox_entries": {WORKER: "SELECT INSERT", INBOX: "SELECT"},
    "inbox_states": {INBOX: "SELECT INSERT UPDATE"},
    "inbox_revisions": {INBOX: "SELECT INSERT UPDATE"},
    "acknowledgements": {INBOX: "SELECT INSERT"},
    "acknowledgement_counts": {WORKER: "SELECT", INBOX: "SELECT"},
    "uncounted_acknowledgements": {**MESSAGES_READ, WORKER: "SELECT DELETE"},
    "identity_providers": {COMPOSE: "SELECT", DIRECTORY: "INSERT UPDATE DELETE"},
    "sign_in_domains": {COMPOSE: "SELECT", DIRECTORY: "SELECT INSERT DELETE"},
    "console_sessions": {COMPOSE: "SELECT INSERT DELETE"},
    "console_logouts": {COMPOSE: "SELECT INSERT DELETE"},
    # Who writes it may give some of its columns, and read none.
    "audit_events": {},
}
_WORKERS_PART_OF_MESSAGES = {
    *(
        "status",
        "recipient_count",
        "completed_at",
        "expand_published_at",
        "expand_attempts",
        "last_error",
        "counted_at",
    ),
}
# Privileges on single columns: only the directory reads e-mail addresses, the worker reads no titles, bodies or names; messages has two
# writers, and of an audit event the database gives id and time.
COLUMNS = {
    **{("users", role, "SELECT"): {"id", "platform_id", "external_id", "name", "status"} for role in (COMPOSE, INBOX)},
    ("users", WORKER, "SELECT"): {"id"},
    ("messages", WORKER, "SELECT"): {
        *("id", "platform_id", "sender_id", "directory_version", "request_id", "created_at", "sent_at", "recalled_at"),
        *("follows", "statement", "recipient_role"),
        *_WORKERS_PART_OF_MESSAGES,
    },
    ("acknowledgement_steps", COMPOSE, "INSERT"): {"message_id", "kind", "at"},
    ("acknowledgement_steps", COMPOSE, "UPDATE"): {"after_scope_id", "done_at", "skipped_reason"},
    ("drafts", COMPOSE, "INSERT"): {
        *("id", "platform_id", "author_id", "sender_id", "content", "scope_ids", "idempotency_key", "request_hash"),
    },
    ("drafts", COMPOSE, "UPDATE"): {
        *("sender_id", "content", "scope_ids", "state", "revision", "updated_at", "send_at", "not_after", "local_time"),
        *("time_zone", "adjusted", "ended_at", "reason", "detail"),
    },
    ("messages", COMPOSE, "INSERT"): {
        *("id", "platform_id", "sender_id", "title", "body", "directory_version", "request_id", "idempotency_key"),
        *("request_hash", "created_at", "sent_at", "category", "priority", "pinned_until", "expires_at"),
        *("follows", "follows_only", "statement", "due_at", "content_hash", "remind_days_before", "supersedes"),
        *("change_summary", "recipient_role", "notice_of"),
    },
    **{
        ("inbox_states", role, "SELECT"): {"user_id", "sent_at", "message_id", "first_read_at"}
        for role in (COMPOSE, WORKER)
    },
    ("acknowledgement_counts", WORKER, "INSERT"): {"message_id", "scope_id", "recipients"},
    ("acknowledgement_counts", WORKER, "UPDATE"): {"acknowledged", "delays"},
    **{
        ("acknowledgements", role, "SELECT"): {"user_id", "sent_at", "message_id", "acknowledged_at"}
        for role in (COMPOSE, WORKER)
    },
    ("messages", COMPOSE, "UPDATE"): {"recalled_at", "recalled_by_id", "superseded_at"},
    ("messages", WORKER, "UPDATE"): _WORKERS_PART_OF_MESSAGES,
    ("identity_providers", DIRECTORY, "SELECT"): {"platform_id", "issuer", "client_id", "user_claim"},
    ("console_sessions", COMPOSE, "UPDATE"): {"last_seen_at", "ended_at", "ended_reason", "id_token"},
    ("known_time", WORKER, "UPDATE"): {"known_good"},
    **{
        ("audit_events", role, "INSERT"): {
            *("action", "outcome", "reason", "platform_id", "user_id", "message_id", "request_id", "address", "detail"),
        }
        for role in (COMPOSE, INBOX)
    },
    ("audit_events", DIRECTORY, "INSERT"): {
        *("action", "outcome", "reason", "platform_id", "user_id", "operator", "directory_version", "request_id"),
        *("address", "detail"),
    },
}
FUNCTIONS = {
    WORKER: {
        *("create_inbox_partitions", "drop_inbox_partitions", "is_clock_wrong", "plausible_time"),
        *("delay_bucket", "add_delays", "median_hours"),
    },
    COMPOSE: {"next_sent_at", "next_follow_up_sent_at", "is_clock_wrong", "plausible_time", "find_users_by_email"},
    INBOX: {"next_state_at", "is_follow_up_recipient"},
}
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


def test_single_columns_are_granted_as_written_here_and_no_more(owner: Connection) -> None:
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


def test_functions_run_for_those_who_need_them(owner: Connection) -> None:
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


def _is_allowed(role: str, table: str, column: str | None, privilege: str) -> bool:
    """Whether the tables above grant it: on the whole table, or on this column."""
    return privilege in TABLES.get(table, {}).get(role, "").split() or column in COLUMNS.get(
        (table, role, privilege), ()
    )


def _attempts(owner: Connection) -> list[tuple[str, str | None, str, str]]:
    """Table, column, privilege and a statement that needs just that and touches no row; of every table, partitions too."""
    statement = sqlalchemy.text("""
        SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod)
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
          AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
        ORDER BY 1, a.attnum
    """)
    columns = owner.execute(statement).all()
    return [
        *(
            attempt
            for table in dict.fromkeys(table for table, _, _ in columns)
            for attempt in (
                (table, None, "DELETE", f"DELETE FROM {table} WHERE false"),
                (table, None, "TRUNCATE", f"TRUNCATE {table}"),
            )
        ),
        *(
            attempt
            for table, column, kind in columns
            for attempt in (
                (table, column, "SELECT", f"SELECT {column} FROM {table} WHERE false"),
                (
                    table,
                    column,
                    "INSERT",
                    f"INSERT INTO {table} ({column}) OVERRIDING SYSTEM VALUE SELECT CAST(NULL AS {kind}) WHERE false",
                ),
                (table, column, "UPDATE", f"UPDATE {table} SET {column} = DEFAULT WHERE false"),
            )
        ),
    ]


@pytest.mark.parametrize("role", ROLES)
def test_a_role_tries_everything_and_gets_as_far_as_the_tables_above_say(connection: Connect, role: str) -> None:
    attempts = _attempts(connection())
    assert len(attempts) > 400
    acting = connection(role)
    for table, column, privilege, statement in attempts:
        allowed = _is_allowed(role, table, column, privilege)
        assert _goes_through(acting, statement) == allowed, f"{role}: {statement}"


def _goes_through(acting: Connection, statement: str) -> bool:
    """Whether no privilege is missing; what it does is taken back."""
    trial = acting.begin_nested()
    try:
        acting.execute(sqlalchemy.text(statement))
    except sqlalchemy.exc.DBAPIError as error:
        return not isinstance(error.orig, psycopg.errors.InsufficientPrivilege)
    else:
        return True
    finally:
        trial.rollback()


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    "statement",
    [
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "COPY (SELECT 1) TO '/tmp/out'",
        "CREATE TEMP TABLE t (line text); COPY t FROM '/etc/passwd'",
        "CREATE TEMP TABLE t (line text); COPY t FROM PROGRAM 'id'",
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT pg_ls_dir('/')",
        "SELECT lo_import('/etc/passwd')",
        "SELECT rolpassword FROM pg_authid",
        "SELECT pg_reload_conf()",
        "SELECT pg_switch_wal()",
        "SET session_replication_role = replica",
        "SET log_statement = 'all'",
        "CREATE TABLE mine (id int)",
        "CREATE VIEW mine AS SELECT 1",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE FUNCTION pg_temp.mine() RETURNS int LANGUAGE c AS '/tmp/x', 'x'",
        "CREATE SCHEMA mine",
        "CREATE EXTENSION file_fdw",
        "CREATE ROLE mine",
        "CREATE TRIGGER mine BEFORE INSERT ON messages FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "CREATE RULE mine AS ON INSERT TO messages DO INSTEAD NOTHING",
        "CREATE POLICY mine ON audit_events FOR SELECT USING (true)",
        "ALTER TABLE audit_events DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE messages OWNER TO CURRENT_USER",
        "ALTER ROLE CURRENT_USER SUPERUSER",
        "GRANT pg_read_all_data TO CURRENT_USER",
        "LOCK TABLE messages IN ACCESS EXCLUSIVE MODE",
        "DROP FUNCTION create_inbox_partitions",
        "COMMENT ON TABLE messages IS 'mine'",
        "SECURITY LABEL ON TABLE messages IS 'mine'",
    ],
)
def test_no_role_reaches_past_its_tables(connection: Connect, role: str, statement: str) -> None:
    driver = db.driver(connection(role))
    with (
        pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.InvalidParameterValue)),
        driver.transaction(),
    ):
        driver.execute(statement.encode())


def test_what_others_ask_of_the_database_is_hidden(make_engine: MakeEngine) -> None:
    with make_engine(None).connect() as other, make_engine(INBOX).connect() as acting:
        pid = other.execute(sqlalchemy.text("SELECT pg_backend_pid()")).scalar_one()
        statement = sqlalchemy.text("SELECT query FROM pg_stat_activity WHERE pid = :pid")
        assert acting.execute(statement, {"pid": pid}).scalar_one() == "<insufficient privilege>"


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
        (WORKER, "UPDATE known_time SET accept_until = now()"),
        (WORKER, "SELECT * FROM inbox_states"),
        (WORKER, "UPDATE memberships SET role = 'administrator'"),
        (WORKER, "ALTER TABLE inbox_entries DETACH PARTITION inbox_entries_2026_11"),
        (INBOX, f"INSERT INTO inbox_entries VALUES (1, now(), {MESSAGE})"),
        (INBOX, "DELETE FROM inbox_states"),
        (INBOX, "UPDATE messages SET recalled_at = now()"),
        (INBOX, "SELECT drop_inbox_partitions(DATE '2000-01-01', DATE '2000-01-01')"),
        (WORKER, "SELECT drop_partitions('messages', now())"),
        *[(role, "UPDATE acknowledgements SET acknowledged_at = now()") for role in ROLES],
        *[(role, "DELETE FROM acknowledgements") for role in ROLES],
        *[(role, "INSERT INTO uncounted_acknowledgements SELECT FROM acknowledgements") for role in ROLES],
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
