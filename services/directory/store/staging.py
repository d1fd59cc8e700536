"""The temporary tables of an import: the rows of the files, the errors between their lines, and the planned changes.

The tables end with the transaction. References are checked against the files, not the directory: rows that the files leave out end.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import cast

import psycopg
from sqlalchemy import Connection, text

from services.directory import csv_import, report

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
    CREATE TEMP TABLE staged_scopes (
        line integer, level scope_level, external_id text, parent text, name text
    ) ON COMMIT DROP;
    CREATE TEMP TABLE staged_users (
        line integer, external_id text, name text, email text, status text
    ) ON COMMIT DROP;
    CREATE TEMP TABLE staged_memberships (
        line integer, user_external_id text, level scope_level, scope text, role text
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
    CREATE TEMP TABLE desired_ancestors (
        scope_id bigint, ancestor_id bigint
    ) ON COMMIT DROP;
    CREATE TEMP TABLE desired_memberships (
        user_id bigint, scope_id bigint, role membership_role
    ) ON COMMIT DROP;
    CREATE TEMP TABLE affected_users (
        user_id bigint
    ) ON COMMIT DROP;
    CREATE TEMP TABLE membership_changes (
        user_id bigint, scope_id bigint, ends_from_version bigint, begins boolean, was_role membership_role, role membership_role
    ) ON COMMIT DROP;
""")


@dataclass(frozen=True)
class SimilarIds:
    """`count` ids of a file differ from another one only by case, as the two `examples` do."""

    file: str
    count: int
    examples: list[str]

    def __str__(self) -> str:
        one, other = self.examples
        return f'{self.file}: {self.count:,} ids differ only by case, such as "{one[:60]}" and "{other[:60]}"'


# Each check with the files that must be readable for it.
_DUPLICATES = """
    INSERT INTO bad_lines
    SELECT '{file}', s.line, 'external_id "' || left(s.external_id, 60) || '" is already on line ' || d.first_line
    FROM {table} s
    JOIN (
        SELECT external_id, min(line) AS first_line FROM {table} WHERE {condition} GROUP BY external_id HAVING count(*) > 1
    ) d ON d.external_id = s.external_id AND s.line > d.first_line
    WHERE s.external_id <> '' AND {condition}
"""
_UNKNOWN_PARENT = """
    INSERT INTO bad_lines
    SELECT '{file}', s.line, '{parent_level} "' || left(s.parent, 60) || '" is not in {parent_file}'
    FROM staged_scopes s
    WHERE s.level = '{level}' AND s.parent <> ''
      AND NOT EXISTS (SELECT FROM staged_scopes p WHERE p.level = '{parent_level}' AND p.external_id = s.parent)
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
    WHERE s.level = '{level}' AND NOT EXISTS (SELECT FROM staged_scopes x WHERE x.level = s.level AND x.external_id = s.scope)
"""


def _checks() -> Iterator[tuple[tuple[str, ...], str]]:
    memberships, users = csv_import.MEMBERSHIPS.file, csv_import.USERS.file
    file_by_level = {layout.level: layout.file for layout in csv_import.SCOPES}
    for layout in (csv_import.USERS, *csv_import.SCOPES):
        duplicates = _DUPLICATES.format(file=layout.file, table=layout.table, condition=layout.condition)
        yield (layout.file,), duplicates
    yield (memberships, users), _UNKNOWN_USER
    for layout in csv_import.SCOPES:
        yield (memberships, layout.file), _UNKNOWN_SCOPE.format(level=layout.level, file=layout.file)
        parent_file = file_by_level.get(layout.parent_level)
        if parent_file is not None:
            yield (
                (layout.file, parent_file),
                _UNKNOWN_PARENT.format(
                    file=layout.file, level=layout.level, parent_level=layout.parent_level, parent_file=parent_file
                ),
            )


# Two ids of one file that differ only by case. The collation knows the letters of all scripts.
_SIMILAR_IDS = """
    SELECT coalesce(sum(ids), 0) AS ids, min(examples) AS examples
    FROM (
        SELECT count(*) AS ids, (array_agg(external_id ORDER BY line))[1:2] AS examples
        FROM {table} WHERE {condition}
        GROUP BY casefold(external_id COLLATE pg_unicode_fast) HAVING count(*) > 1
    ) AS found
"""
_COUNT_BAD_LINES = text("SELECT count(*) FROM bad_lines")
_LIST_BAD_LINES = text("""
    SELECT file, line, reason FROM bad_lines
    ORDER BY array_position(CAST(:files AS text[]), file), line NULLS FIRST, reason
""").execution_options(yield_per=1_000)


def prepare(connection: Connection) -> None:
    """Creates the tables, and sets this transaction's time limits and memory.

    Nested loops are off: there are no statistics on a new platform yet, and a nested loop over it would not end.
    """
    connection.execute(_SESSION)
    connection.execute(_TABLES)


def allow_nested_loops(connection: Connection) -> None:
    """For lookups by index, from tables that are analysed."""
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
    """Gives the planner the sizes of the tables: without them it mistakes a million rows for a thousand."""
    connection.execute(text(f"ANALYZE {', '.join(tables)}"))


def check_references(connection: Connection, *, readable: set[str]) -> None:
    """Adds duplicates and unknown references to the bad lines, as far as the `readable` files allow."""
    for files, statement in _checks():
        if readable.issuperset(files):
            connection.execute(text(statement))


def list_similar_ids(connection: Connection) -> list[SimilarIds]:
    """The files in which ids differ only by case. All lines must be good."""
    found = []
    for layout in csv_import.LAYOUTS:
        if layout is not csv_import.MEMBERSHIPS:
            statement = _SIMILAR_IDS.format(table=layout.table, condition=layout.condition)
            row = connection.execute(text(statement)).one()
            if row.ids:
                found.append(SimilarIds(layout.file, int(row.ids), row.examples))
    return found


def count_bad_lines(connection: Connection) -> int:
    return int(connection.execute(_COUNT_BAD_LINES).scalar_one())


def list_bad_lines(connection: Connection) -> Iterator[report.BadLine]:
    """All bad lines by file and line, fetched in parts."""
    values = {"files": [layout.file for layout in csv_import.LAYOUTS]}
    for row in connection.execute(_LIST_BAD_LINES, values):
        yield report.BadLine(*row)
