"""Changes a platform's directory: the platform itself, and everything in it from CSV files. Owns the transactions.

Called by the command line. One change of a platform's directory runs at a time; each that changes anything makes one new
directory version. Messages go on being sent meanwhile: they refer to the platform's row but never wait for it.
"""

import contextlib
import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from services.directory import csv_import, domain, errors, report
from services.directory.store import audit, memberships, platforms, scopes, staging, upkeep, users
from shared import db, logging

_CHUNK_ROWS = 20_000
_BAD_LINES_KEPT = 100
_SILENT = report.Silent()
_UNKNOWN = "unknown"
_logger = logging.get_logger(__name__)


class PlatformChange(NamedTuple):
    """What became of the platform: `outcome` is created, updated or unchanged."""

    outcome: str
    platform: platforms.Platform


def put_platform(
    engine: Engine,
    *,
    key: str,
    name: str,
    plan: str,
    issuer: str | None = None,
    jwks_url: str | None = None,
    operator: str = _UNKNOWN,
) -> PlatformChange:
    """Makes or updates a platform. Issuer and address of its keys: None keeps what is there, two empty strings remove it.

    The audit trail says that `operator` did it. Raises `BadPlatformError` and `DirectoryBusyError`.
    """
    name = name.strip()
    with _recorded_refusals(engine, "platform", key, operator), engine.begin() as connection:
        domain.check_platform(key, name, plan, issuer, jwks_url)
        _claim(connection, key)
        before = platforms.lock_platform(connection, key=key)
        if issuer is None and before is not None:
            issuer, jwks_url = before.issuer, before.jwks_url
        issuer, jwks_url = issuer or None, jwks_url or None
        other = platforms.get_key_by_issuer(connection, issuer=issuer, other_than=key) if issuer else None
        if other is not None:
            raise errors.BadPlatformError(
                f'The issuer {issuer} already belongs to platform "{other}". Each platform needs its own.'
            )
        if before is None:
            outcome: audit.Outcome = "created"
            platforms.insert_platform(connection, key=key, name=name, plan=plan, issuer=issuer, jwks_url=jwks_url)
        elif before != replace(before, name=name, plan=plan, issuer=issuer, jwks_url=jwks_url):
            outcome = "updated"
            platforms.update_platform(connection, key=key, name=name, plan=plan, issuer=issuer, jwks_url=jwks_url)
        else:
            outcome = "unchanged"
        after = platforms.get_platform(connection, key=key)
        assert after is not None  # noqa: S101 (it was written just above)
        detail = _changed_fields(before, after)
        audit.insert(
            connection,
            audit.Event("platform", outcome, operator, key, after.directory_version, detail=detail),
        )
    return PlatformChange(outcome, after)


def _changed_fields(before: platforms.Platform | None, after: platforms.Platform) -> str:
    """What is in force now, for whoever asks later since when: the plan, and which other fields were changed."""
    others = ("name", "issuer", "jwks_url")
    changed = [field for field in others if before and getattr(before, field) != getattr(after, field)]
    return f"plan {after.plan}" + (f"; changed: {', '.join(changed)}" if changed else "")


def list_platforms(engine: Engine) -> list[platforms.Platform]:
    """All platforms, by key."""
    with engine.begin() as connection:
        return platforms.list_platforms(connection)


def import_directory(
    engine: Engine,
    *,
    platform_key: str,
    folder: Path,
    dry_run: bool = False,
    allow_removals: int = 0,
    progress: report.Progress = _SILENT,
    operator: str = _UNKNOWN,
) -> report.ImportReport:
    """Makes the platform's directory what the four CSV files in `folder` say, in one transaction and one version.

    A dry run does all of it and takes it back. The audit trail says that `operator` did it. Raises `errors.DirectoryError` of one
    kind or another; then nothing changed.
    """
    with (
        _recorded_refusals(engine, "import", platform_key, operator),
        engine.connect() as connection,
        connection.begin() as transaction,
    ):
        _claim(connection, platform_key)
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
    # After a dry run too: what it took back is still on disk.
    progress.step("Vacuuming", None)
    return replace(outcome, is_vacuumed=_vacuum(engine))


@contextlib.contextmanager
def _recorded_refusals(engine: Engine, action: audit.Action, platform_key: str, operator: str) -> Iterator[None]:
    """Records a refusal once its transaction is taken back. It stands whether or not that can be done."""
    try:
        yield
    except errors.DirectoryError as error:
        known = f"platform {platform_key}" if domain.KEY.fullmatch(platform_key) else ""
        detail = "; ".join(filter(None, (known, error.numbers)))
        event = audit.Event(action, "refused", operator, platform_key, reason=error.code, detail=detail)
        try:
            with engine.begin() as connection:
                audit.insert(connection, event)
        except SQLAlchemyError as failure:
            _logger.warning(
                "a refusal is not in the audit trail",
                error=type(failure).__name__,
                action=action,
                refusal=error.code,
                operator=operator,
            )
        raise


def _vacuum(engine: Engine) -> bool:
    """Whether it could be done. The import stands either way, and autovacuum does the same later."""
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            upkeep.vacuum(connection)
    except OperationalError:
        return False
    return True


def _claim(connection: Connection, platform_key: str) -> None:
    if not db.try_lock(connection, purpose="directory", key=platform_key):
        raise errors.DirectoryBusyError(platform_key)


def _stage_files(connection: Connection, folder: Path, platform_key: str, progress: report.Progress) -> set[str]:
    """Copies the rows of all files, and what is wrong with them, into the staging tables; returns the readable files."""
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
    """Makes the directory what is staged. Cheap and new things first, so that a refusal has rewritten next to nothing."""
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
