"""Imports a platform's directory from CSV files.

Each import that changes anything makes one new directory version. Messages are sent meanwhile: they refer to the platform's row but never
wait for its lock.
"""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from services.directory import csv_import, errors, report
from services.directory.actions import changes
from services.directory.store import audit, memberships, platforms, scopes, staging, users, vacuum

_CHUNK_ROWS = 20_000
_BAD_LINES_KEPT = 100
_SILENT = report.Silent()


def import_directory(
    engine: Engine,
    *,
    platform_key: str,
    folder: Path,
    dry_run: bool = False,
    allow_removals: int = 0,
    progress: report.Progress = _SILENT,
    operator: str = changes.UNKNOWN_OPERATOR,
) -> report.ImportReport:
    """Changes the platform's directory to the four CSV files in `folder`, in one transaction and one version.

    A dry run does the same and rolls back. `operator` is named in the audit trail. Raises an `errors.DirectoryError` if nothing was
    changed.
    """
    with (
        changes.recorded_refusals(engine, "import", platform_key, operator),
        engine.connect() as connection,
        connection.begin() as transaction,
    ):
        changes.lock_directory(connection, platform_key)
        if platforms.get_platform(connection, key=platform_key) is None:
            raise errors.UnknownPlatformError(platform_key)
        staging.prepare(connection)
        readable = _stage_files(connection, folder, platform_key, progress)
        _refuse_bad_lines(connection, readable, progress)
        outcome = _apply(connection, platform_key, dry_run, allow_removals, progress)
        done: audit.Outcome = "tried" if dry_run else "unchanged" if outcome.is_empty else "changed"
        event = audit.Event("import", done, operator, platform_key, outcome.directory_version, detail=outcome.numbers)
        if dry_run:
            transaction.rollback()
        else:
            audit.insert(connection, event)
    if dry_run:
        with engine.begin() as connection:
            audit.insert(connection, event)
    if outcome.is_empty:
        return outcome
    # After a dry run too: its rolled-back rows are still on disk.
    progress.step("Vacuuming", None)
    return replace(outcome, is_vacuumed=_vacuum(engine))


def _vacuum(engine: Engine) -> bool:
    """Returns False if PostgreSQL refused; autovacuum does the same later."""
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            vacuum.vacuum(connection)
    except OperationalError:
        return False
    return True


def _stage_files(connection: Connection, folder: Path, platform_key: str, progress: report.Progress) -> set[str]:
    """Copies the rows and errors of all files into the staging tables; returns the names of the readable files."""
    readable = set()
    for layout in csv_import.LAYOUTS:
        try:
            with csv_import.open_file(folder / layout.file) as file:
                progress.step(f"Reading {layout.file}", (folder / layout.file).stat().st_size)
                _stage_rows(connection, csv_import.Reader(file, layout), layout, platform_key, progress)
            readable.add(layout.file)
        except csv_import.BadFileError as bad:
            staging.copy_bad_lines(connection, bad_lines=[report.BadLine(layout.file, bad.line, bad.reason)])
    return readable


def _stage_rows(
    connection: Connection,
    reader: csv_import.Reader,
    layout: csv_import.Layout,
    platform_key: str,
    progress: report.Progress,
) -> None:
    rows: Iterator[csv_import.Row] = iter(reader)
    seen = 0
    while chunk := list(itertools.islice(rows, _CHUNK_ROWS)):
        good = (
            (row.line, *layout.stage(row.values, platform_key=platform_key))
            for row in chunk
            if row.values and _is_worth_staging(row, layout)
        )
        staging.copy_rows(connection, table=layout.table, rows=good)
        bad = [report.BadLine(layout.file, row.line, problem) for row in chunk for problem in row.problems]
        if bad:
            staging.copy_bad_lines(connection, bad_lines=bad)
        progress.advance(reader.bytes_read - seen)
        seen = reader.bytes_read


def _is_worth_staging(row: csv_import.Row, layout: csv_import.Layout) -> bool:
    """Other lines may refer to a bad user or scope; no line refers to a membership."""
    return not row.problems or layout is not csv_import.MEMBERSHIPS


def _refuse_bad_lines(connection: Connection, readable: set[str], progress: report.Progress) -> None:
    progress.step("Checking references", None)
    staging.analyze(connection, *{layout.table for layout in csv_import.LAYOUTS})
    staging.check_references(connection, readable=readable)
    count = staging.count_bad_lines(connection)
    if not count:
        return
    first: list[report.BadLine] = []
    for bad in staging.list_bad_lines(connection):
        progress.bad_line(bad)
        if len(first) < _BAD_LINES_KEPT:
            first.append(bad)
    raise errors.BadFilesError(count, tuple(first))


def _apply(
    connection: Connection, platform_key: str, dry_run: bool, allow_removals: int, progress: report.Progress
) -> report.ImportReport:
    """Changes the directory to what is staged. Inserts and plans come first, so that a refusal leaves few dead rows."""
    platform = platforms.lock_platform(connection, key=platform_key)
    if platform is None:
        raise errors.UnknownPlatformError(platform_key)
    progress.step("Comparing", None)
    active_scopes = scopes.count_active(connection, platform_id=platform.id)
    active_users = users.count_active(connection, platform_id=platform.id)
    tree = {
        layout.level: scopes.apply(connection, platform_id=platform.id, layout=layout) for layout in csv_import.SCOPES
    }
    scopes.desire_ancestors(connection, platform_id=platform.id)
    people = users.plan(connection, platform_id=platform.id)
    staging.analyze(connection, "desired_ancestors", "active_users", "user_changes")
    memberships.desire(connection, platform_id=platform.id)
    staging.analyze(connection, "desired_memberships")
    staging.allow_nested_loops(connection)
    belonging = memberships.plan(connection, platform_id=platform.id)
    staging.analyze(connection, "membership_changes")
    outcome = report.ImportReport(
        platform_key=platform_key,
        dry_run=dry_run,
        organisations=tree["organisation"],
        clinics=tree["clinic"],
        users=people.difference,
        memberships=belonging.difference,
        directory_version=platform.directory_version,
    )
    removals = (
        report.Removal("users", people.leaving, active_users),
        report.Removal("organisations and clinics", sum(one.ended for one in tree.values()), active_scopes),
        report.Removal("memberships", belonging.difference.ended, belonging.before),
    )
    excessive = tuple(removal for removal in removals if removal.is_excessive and removal.ending > allow_removals)
    if excessive:
        raise errors.TooManyRemovalsError(excessive, outcome)
    if outcome.is_empty:
        return outcome
    version = platform.directory_version + 1
    progress.step("Writing users and memberships", None)
    users.apply(connection)
    scopes.apply_ancestors(connection, platform_id=platform.id, version=version)
    memberships.apply(connection, platform_id=platform.id, version=version)
    progress.step("Counting", None)
    scopes.update_user_counts(connection)
    platforms.set_directory_version(connection, platform_id=platform.id, version=version)
    return replace(outcome, directory_version=version)
