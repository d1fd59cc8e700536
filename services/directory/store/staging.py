"""The temporary tables of an import: the files as they are, what is wrong between their lines, and what will change.

Everything goes with the transaction. References are checked against the files, not against the directory: what the files
leave out ends.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import cast

import psycopg
from sqlalchemy import Connection, text

from services.directory import report

_SESSION = text("""
    SELECT set_config('statement_timeout', '0', true),
           set_config('lock_timeout', '60s', true),
           set_config('idle_in_transaction_session_timeout', '10min', true),
           set_config('work_mem', '128MB', true),
           set_config('jit', 'off', true),
           set_config('enable_nestloop', 'off', true)
""")
_NESTED_LOOPS = text("SELECT set_config('enable_nestloop', 'on', true)")

_TABLES = text("""
    CREATE TEMP TABLE staged_organisations (
        line integer, external_id text, name text
    ) ON COMMIT DROP;
    CREATE TEMP TABLE staged_clinics (
        line integer, external_id text, organisation text, name text
    ) ON COMMIT DROP;
    CREATE TEMP TABLE staged_users (
        line integer, external_id text, name text, email text, status text
    ) ON COMMIT DROP;
    CREATE TEMP TABLE staged_memberships (
        line integer, user_external_id text, level text, scope text, role text
    ) ON COMMIT DROP;
    CREATE TEMP TABLE bad_lines (
        file text, line integer, reason text
    ) ON COMMIT DROP;
    CREATE TEMP TABLE user_changes (
        user_id bigint, name text, email text, status text, is_missing boolean, was_active boolean
    ) ON COMMIT DROP;
    CREATE TEMP TABLE active_users (
        user_id bigint, external_id text
    ) ON COMMIT DROP;
    CREATE TEMP TABLE desired_memberships (
        user_id bigint, scope_id bigint, organisation_id bigint, clinic_id bigint, level scope_level, role text
    ) ON COMMIT DROP;
    CREATE TEMP TABLE membership_changes (
        user_id bigint, scope_id bigint, ends_from_version bigint, begins boolean, was_stated boolean, is_stated boolean,
        organisation_id bigint, clinic_id bigint, level scope_level, role text
    ) ON COMMIT DROP;
""")

TABLE_BY_FILE = {
    "organisations.csv": "staged_organisations",
    "clinics.csv": "staged_clinics",
    "users.csv": "staged_users",
    "memberships.csv": "staged_memberships",
}

# Each check with the files that must have been readable for it to mean anything.
_DUPLICATES = """
    INSERT INTO bad_lines
    SELECT '{file}', s.line, 'external_id "' || left(s.external_id, 60) || '" is already on line ' || d.first_line
    FROM {table} s
    JOIN (
        SELECT external_id, min(line) AS first_line FROM {table} GROUP BY external_id HAVING count(*) > 1
    ) d ON d.external_id = s.external_id AND s.line > d.first_line
    WHERE s.external_id <> ''
"""
_UNKNOWN_ORGANISATION = """
    INSERT INTO bad_lines
    SELECT 'clinics.csv', s.line, 'organisation "' || left(s.organisation, 60) || '" is not in organisations.csv'
    FROM staged_clinics s
    WHERE s.organisation <> '' AND NOT EXISTS (SELECT FROM staged_organisations o WHERE o.external_id = s.organisation)
"""
_UNKNOWN_USER = """
    INSERT INTO bad_lines
    SELECT 'memberships.csv', s.line, 'user "' || left(s.user_external_id, 60) || '" is not in users.csv'
    FROM staged_memberships s
    WHERE NOT EXISTS (SELECT FROM staged_users u WHERE u.external_id = s.user_external_id)
"""
_UNKNOWN_SCOPE = """
    INSERT INTO bad_lines
    SELECT 'memberships.csv', s.line, '{level} "' || left(s.scope, 60) || '" is not in {file}'
    FROM staged_memberships s
    WHERE s.level = '{level}' AND NOT EXISTS (SELECT FROM {table} x WHERE x.external_id = s.scope)
"""
_CHECKS = (
    *(
        ((file,), text(_DUPLICATES.format(file=file, table=table)))
        for file, table in TABLE_BY_FILE.items()
        if file != "memberships.csv"
    ),
    (("clinics.csv", "organisations.csv"), text(_UNKNOWN_ORGANISATION)),
    (("memberships.csv", "users.csv"), text(_UNKNOWN_USER)),
    *(
        (("memberships.csv", file), text(_UNKNOWN_SCOPE.format(level=level, file=file, table=TABLE_BY_FILE[file])))
        for level, file in (("organisation", "organisations.csv"), ("clinic", "clinics.csv"))
    ),
)

_COUNT_BAD_LINES = text("SELECT count(*) FROM bad_lines")
_LIST_BAD_LINES = text("""
    SELECT file, line, reason FROM bad_lines
    ORDER BY array_position(CAST(:files AS text[]), file), line NULLS FIRST, reason
""").execution_options(yield_per=1_000)


def prepare(connection: Connection) -> None:
    """Makes the tables, and lets this transaction work for as long as it takes with the memory that it takes.

    Joins are hashed: the statistics do not know yet how much a new platform has, and a loop within a loop is endless there.
    """
    connection.execute(_SESSION)
    connection.execute(_TABLES)


def allow_nested_loops(connection: Connection) -> None:
    """For what looks up by index, from tables whose sizes are known."""
    connection.execute(_NESTED_LOOPS)


def copy_rows(connection: Connection, *, table: str, rows: Iterable[Sequence[object]]) -> None:
    """Appends `rows`, each with all columns of the temporary `table`."""
    raw = cast("psycopg.Connection[tuple[object, ...]]", connection.connection.driver_connection)
    with raw.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def copy_bad_lines(connection: Connection, *, bad_lines: Iterable[report.BadLine]) -> None:
    copy_rows(connection, table="bad_lines", rows=((bad.file, bad.line, bad.reason) for bad in bad_lines))


def analyze(connection: Connection, *tables: str) -> None:
    """Gives the planner the true sizes: without them it takes a million rows for a thousand."""
    connection.execute(text(f"ANALYZE {', '.join(tables)}"))


def check_references(connection: Connection, *, readable: set[str]) -> None:
    """Adds to the bad lines what is stated twice and what refers to nothing, as far as the `readable` files tell."""
    for files, statement in _CHECKS:
        if readable.issuperset(files):
            connection.execute(statement)


def count_bad_lines(connection: Connection) -> int:
    return int(connection.execute(_COUNT_BAD_LINES).scalar_one())


def list_bad_lines(connection: Connection) -> Iterator[report.BadLine]:
    """All of them, by file and line, a few at a time."""
    values = {"files": list(TABLE_BY_FILE)}
    for row in connection.execute(_LIST_BAD_LINES, values):
        yield report.BadLine(*row)
