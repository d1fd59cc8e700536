"""Imports a platform's directory from CSV files.

Each import that changes anything makes one new directory version. Messages are sent meanwhile: they refer to the platform's row but never
wait for its lock.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from services.directory import csv_import, domain, errors, report
from services.directory.actions import changes
from services.directory.provisioned import Actor
from services.directory.store import audit, memberships, platforms, scopes, staging, users, vacuum

_CHUNK_ROWS = 20_000
_BAD_LINES_KEPT = 100
_SILENT = report.Silent()
_DEFAULTS = report.Options()


def import_directory(
    engine: Engine,
    *,
    platform_key: str,
    folder: Path,
    dry_run: bool = False,
    options: report.Options = _DEFAULTS,
    progress: report.Progress = _SILENT,
    operator: str = changes.UNKNOWN_OPERATOR,
) -> report.ImportReport:
    """Changes the platform's directory to the four CSV files in `folder`, in one transaction and one version.

    A dry run does the same and rolls back. `operator` is named in the audit trail. Raises an `errors.DirectoryError` if nothing was
    changed.
    """
    with (
        changes.recorded_refusals(engine, "import", platform_key, Actor(operator)),
        engine.connect() as connection,
        connection.begin() as transaction,
    ):
        _check_importable(platforms.get_platform(connection, key=platform_key), platform_key)
        staging.prepare(connection)
        rows = _stage_files(connection, folder, platform_key, progress)
        _refuse_bad_lines(connection, set(rows), progress)
        # After reading: a slow disk keeps no other change waiting.
        changes.lock_directory(connection, platform_key)
        compared = _compare(connection, platform_key, dry_run, progress)
        _refuse_removals(compared, rows, options)
        outcome = _write(connection, compared, options, progress)
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


def _check_importable(platform: platforms.Platform | None, key: str) -> platforms.Platform:
    known = changes.known_platform(platform, key)
    if known.managed_by == domain.SCIM:
        raise errors.ManagedByScimError(key)
    return known


def _vacuum(engine: Engine) -> bool:
    """Returns False if PostgreSQL refused; autovacuum does the same later."""
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            vacuum.vacuum(connection)
    except OperationalError:
        return False
    return True


def _stage_files(connection: Connection, folder: Path, platform_key: str, progress: report.Progress) -> dict[str, int]:
    """Copies the rows and errors of all files into the staging tables; returns the number of rows of each readable file."""
    rows = {}
    for layout in csv_import.LAYOUTS:
        try:
            with csv_import.open_file(folder / layout.file) as file:
                progress.step(f"Reading {layout.file}", (folder / layout.file).stat().st_size)
                reader = csv_import.Reader(file, layout)
                rows[layout.file] = _stage_rows(connection, reader, layout, platform_key, progress)
        except csv_import.BadFileError as bad:
            staging.copy_bad_lines(connection, bad_lines=[report.BadLine(layout.file, bad.line, bad.reason)])
    return rows


def _stage_rows(
    connection: Connection,
    reader: csv_import.Reader,
    layout: csv_import.Layout,
    platform_key: str,
    progress: report.Progress,
) -> int:
    rows: Iterator[csv_import.Row] = iter(reader)
    count = seen = 0
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
        count += len(chunk)
    return count


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


@dataclass(frozen=True)
class _Compared:
    """The planned import. `ending`: the rows of each file's kind that end. `removals`: groups of kinds that overlap."""

    platform: platforms.Platform
    now: datetime
    outcome: report.ImportReport
    ending: dict[str, int]
    removals: tuple[tuple[report.Removal, ...], ...]
    has_administrator: bool


def _compare(connection: Connection, platform_key: str, dry_run: bool, progress: report.Progress) -> _Compared:
    """Applies the scopes and plans the rest. Inserts and plans come first, so that a refusal leaves few dead rows."""
    platform = _check_importable(platforms.lock_platform(connection, key=platform_key), platform_key)
    progress.step("Comparing", None)
    now = users.get_time(connection)
    active_scopes = scopes.count_active(connection, platform_id=platform.id)
    active_users = users.count_active(connection, platform_id=platform.id)
    tree = {
        layout.file: scopes.apply(connection, platform_id=platform.id, layout=layout) for layout in csv_import.SCOPES
    }
    scopes.desire_ancestors(connection, platform_id=platform.id)
    people = users.plan(connection, platform_id=platform.id, now=now)
    staging.analyze(connection, "desired_ancestors", "active_users", "user_changes")
    memberships.desire(connection, platform_id=platform.id)
    staging.analyze(connection, "desired_memberships")
    staging.allow_nested_loops(connection)
    memberships.list_affected(connection, platform_id=platform.id)
    staging.analyze(connection, "affected_users")
    belonging = memberships.plan(connection, platform_id=platform.id)
    staging.analyze(connection, "membership_changes")
    return _Compared(
        platform,
        now,
        report.ImportReport(
            platform_key=platform_key,
            dry_run=dry_run,
            organisations=tree[csv_import.ORGANISATIONS.file],
            clinics=tree[csv_import.CLINICS.file],
            users=people.difference,
            memberships=belonging.difference,
            directory_version=platform.directory_version,
            warnings=_warnings(connection, belonging.has_administrator),
        ),
        ending={file: difference.ended for file, difference in tree.items()}
        | {csv_import.USERS.file: people.difference.ended, csv_import.MEMBERSHIPS.file: belonging.difference.ended},
        removals=(
            (report.Removal("users", people.leaving, active_users),),
            *(
                (report.Removal(f"{layout.level}s", tree[layout.file].ended, active_scopes.get(layout.level, 0)),)
                for layout in csv_import.SCOPES
            ),
            belonging.removals,
        ),
        has_administrator=belonging.has_administrator,
    )


def _warnings(connection: Connection, has_administrator: bool) -> tuple[str, ...]:
    similar = tuple(map(str, staging.list_similar_ids(connection)))
    return similar if has_administrator else (*similar, "No active user administers the platform.")


def _refuse_removals(compared: _Compared, rows: dict[str, int], options: report.Options) -> None:
    """Raises a `RemovalsRefusedError` if the files are probably not complete."""
    for file, count in rows.items():
        if count == 0 and compared.ending[file]:
            raise errors.EmptyFileError(file, compared.ending[file], compared.outcome)
    excessive = [
        [one for one in group if one.is_excessive and one.ending > options.allow_removals]
        for group in compared.removals
    ]
    largest = tuple(max(group, key=lambda one: one.ending) for group in excessive if group)
    if largest:
        raise errors.TooManyRemovalsError(largest, compared.outcome)
    if not (compared.has_administrator or options.allow_no_administrator):
        raise errors.NoAdministratorError(compared.outcome)


def _write(
    connection: Connection, compared: _Compared, options: report.Options, progress: report.Progress
) -> report.ImportReport:
    """Applies the plans in a new directory version, if anything changes."""
    platform_id = compared.platform.id
    users.apply(connection, now=compared.now)
    before = compared.now - timedelta(days=options.former_user_days)
    erased = users.erase_former(connection, platform_id=platform_id, before=before, now=compared.now)
    outcome = replace(compared.outcome, erased=erased)
    if outcome.is_empty:
        return outcome
    version = compared.platform.directory_version + 1
    progress.step("Writing users and memberships", None)
    scopes.apply_ancestors(connection, platform_id=platform_id, version=version)
    memberships.apply(connection, platform_id=platform_id, version=version)
    progress.step("Counting", None)
    scopes.update_user_counts(connection)
    platforms.set_directory_version(connection, platform_id=platform_id, version=version)
    return replace(outcome, directory_version=version)
