"""`message-hub import`: makes a directory what CSV files say. The rest is in services.directory."""

import contextlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Self

import click

from cli import connect, operator, parameters
from cli.output import count, printable
from services.directory import errors, report
from services.directory.actions import import_ as actions
from shared import db

# More than any directory holds, and small enough for PostgreSQL.
_MOST_REMOVALS = 10**9
_BAD_LINES_SHOWN = 20


@click.command("import")
@click.option(
    "--platform",
    "platform_key",
    required=True,
    metavar="KEY",
    type=parameters.TEXT,
    help="The platform whose directory this is.",
)
@click.argument("folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Show what would change; change nothing.")
@click.option(
    "--allow-removals",
    metavar="N",
    type=click.IntRange(0, _MOST_REMOVALS),
    default=0,
    help="Allow up to N of each kind (users, clinics, memberships …) to end, even if that is a large share.",
)
@click.option(
    "--allow-no-administrator", is_flag=True, help="Allow the platform to have no active administrator afterwards."
)
@click.option("--all-lines", is_flag=True, help=f"Show every bad line instead of the first {_BAD_LINES_SHOWN}.")
@connect.data_option
def import_(
    platform_key: str,
    folder: Path,
    dry_run: bool,
    allow_removals: int,
    allow_no_administrator: bool,
    all_lines: bool,
) -> None:
    """Make a platform's directory what the CSV files in DIR say.

    \b
    organisations.csv  external_id,name
    clinics.csv        external_id,organisation,name
    users.csv          external_id,name,email,status       (active, pending or disabled)
    memberships.csv    user,level,scope,role               (platform, organisation or clinic;
                                                            member or administrator)

    The files are UTF-8 with a header line. They are the whole directory: what they leave out ends. Every active user
    belongs to the platform without a line for it. Blanks around values are removed, ids become NFC, and invisible characters
    in ids are refused. A membership that is listed twice counts once, as administrator if one of the lines says so.

    Refused are: the end of more than 10 % and more than 20 of a kind (--allow-removals); a platform without an active
    administrator (--allow-no-administrator); a file with a header only, where the platform has rows of that kind.

    \b
    Example:
      message-hub import --platform acme --dry-run /srv/directory
    """
    with connect.engine(db.DIRECTORY_ROLE) as engine, _Progress(None if all_lines else _BAD_LINES_SHOWN) as progress:
        try:
            outcome = actions.import_directory(
                engine,
                platform_key=platform_key,
                folder=folder,
                dry_run=dry_run,
                options=report.Options(allow_removals, allow_no_administrator, connect.former_user_days()),
                progress=progress,
                operator=operator.name(),
            )
        except errors.RemovalsRefusedError as error:
            _show(error.refused)
            raise
    _show(outcome)
    click.echo(_summary(outcome))
    if outcome.erased:
        click.echo(f"Erased name and e-mail address of {count(outcome.erased, 'former user')}.")
    if not outcome.is_vacuumed:
        click.echo("The tables could not be vacuumed now; autovacuum will do it.", err=True)


def _summary(outcome: report.ImportReport) -> str:
    version = f"directory version {outcome.directory_version}"
    if outcome.is_empty:
        return f"Platform {outcome.platform_key} already is what the files say, {version}."
    if outcome.dry_run:
        return f"Dry run: nothing was changed. Platform {outcome.platform_key} would get {version}."
    return f"Platform {outcome.platform_key} now has {version}."


def _show(outcome: report.ImportReport) -> None:
    for warning in outcome.warnings:
        click.echo(f"Warning: {printable(warning)}", err=True)
    click.echo(f"{'':<15}{'added':>12}{'changed':>12}{'ended':>12}{'unchanged':>12}")
    for what in ("organisations", "clinics", "users", "memberships"):
        row: report.Difference = getattr(outcome, what)
        click.echo(f"{what:<15}{row.added:>12,}{row.changed:>12,}{row.ended:>12,}{row.unchanged:>12,}")


class _Progress:
    """Each step on stderr: a bar on a terminal, a line elsewhere. Of the bad lines, the first `line_limit`."""

    def __init__(self, line_limit: int | None) -> None:
        self._line_limit = line_limit
        self._bad_lines = 0
        self._step = contextlib.ExitStack()
        self._advance: Callable[[int], None] = _ignore

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._step.close()
        if self._line_limit is not None and self._bad_lines > self._line_limit:
            click.echo(f"… and {self._bad_lines - self._line_limit:,} more; --all-lines shows them all.", err=True)

    def step(self, label: str, total: int | None) -> None:
        self._step.close()
        self._advance = _ignore
        if total is None:
            click.echo(f"{label} …", err=True)
        else:
            bar = click.progressbar(length=total, label=f"{label} …", file=sys.stderr)
            self._advance = self._step.enter_context(bar).update

    def advance(self, amount: int) -> None:
        self._advance(amount)

    def bad_line(self, bad: report.BadLine) -> None:
        self._step.close()
        self._bad_lines += 1
        if self._line_limit is None or self._bad_lines <= self._line_limit:
            click.echo(printable(str(bad)), err=True)


def _ignore(_amount: int) -> None:
    pass
