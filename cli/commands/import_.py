"""`message-hub import`: makes a directory what CSV files say. The rest is in services.directory."""

from pathlib import Path
from types import TracebackType
from typing import Self

import click
import rich.console
import rich.progress

from cli import connect, operator, parameters
from cli.output import printable
from services.directory import actions, errors, report
from shared import db

# Beyond all directories; a slip of the hand with a hundred digits is none.
_MOST_REMOVALS = 10**9


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
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.option(
    "--allow-removals",
    metavar="N",
    type=click.IntRange(0, _MOST_REMOVALS),
    default=0,
    help="Let up to N users, N scopes and N memberships end, however large a share of all that is.",
)
@connect.data_option
def import_(platform_key: str, folder: Path, dry_run: bool, allow_removals: int) -> None:
    """Make a platform's directory what the CSV files in DIR say.

    \b
    organisations.csv  external_id,name
    clinics.csv        external_id,organisation,name
    users.csv          external_id,name,email,status       (active, pending or disabled)
    memberships.csv    user,level,scope,role               (platform, organisation or clinic;
                                                            member or administrator)

    UTF-8 with a header line. The files are the whole directory: who and what they leave out ends. Every active user
    belongs to the platform without being listed for it. Blanks around values are dropped; a membership stated twice counts
    once, and the administrator wins.

    \b
    Example:
      message-hub import --platform acme --dry-run /srv/directory
    """
    with connect.engine(db.DIRECTORY_ROLE) as engine, _Progress() as progress:
        try:
            outcome = actions.import_directory(
                engine,
                platform_key=platform_key,
                folder=folder,
                dry_run=dry_run,
                allow_removals=allow_removals,
                progress=progress,
                operator=operator.name(),
            )
        except errors.TooManyRemovalsError as error:
            _show_difference(error.refused)
            raise
    _show_difference(outcome)
    click.echo(_summary(outcome))
    if not outcome.is_vacuumed:
        click.echo("The tables could not be vacuumed now; autovacuum will do it.", err=True)


def _summary(outcome: report.ImportReport) -> str:
    version = f"directory version {outcome.directory_version}"
    if outcome.is_empty:
        return f"Platform {outcome.platform_key} already is what the files say, {version}."
    if outcome.dry_run:
        return f"Dry run: nothing was changed. Platform {outcome.platform_key} would get {version}."
    return f"Platform {outcome.platform_key} now has {version}."


def _show_difference(outcome: report.ImportReport) -> None:
    click.echo(f"{'':<15}{'added':>12}{'changed':>12}{'ended':>12}{'unchanged':>12}")
    for what in ("organisations", "clinics", "users", "memberships"):
        row: report.Difference = getattr(outcome, what)
        click.echo(f"{what:<15}{row.added:>12,}{row.changed:>12,}{row.ended:>12,}{row.unchanged:>12,}")


class _Progress:
    """A bar on a terminal, a line for each step elsewhere; bad lines either way. All of it on stderr."""

    def __init__(self) -> None:
        console = rich.console.Console(stderr=True)
        self._is_terminal = console.is_terminal
        self._bar = rich.progress.Progress(
            rich.progress.TextColumn("{task.description:<30}"),
            rich.progress.BarColumn(),
            rich.progress.TaskProgressColumn(),
            rich.progress.TimeElapsedColumn(),
            console=console,
            disable=not self._is_terminal,
        )
        self._task: rich.progress.TaskID | None = None

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._finish_step()
        self._bar.stop()

    def step(self, label: str, total: int | None) -> None:
        if not self._is_terminal:
            click.echo(f"{label} …", err=True)
            return
        self._finish_step()
        self._task = self._bar.add_task(label, total=total)

    def advance(self, amount: int) -> None:
        if self._task is not None:
            self._bar.advance(self._task, amount)

    def bad_line(self, bad: report.BadLine) -> None:
        self._bar.stop()
        click.echo(printable(str(bad)), err=True)

    def _finish_step(self) -> None:
        if self._task is None:
            return
        task = self._bar.tasks[self._task]
        total = task.total or 1
        self._bar.update(self._task, total=total, completed=total)
        self._bar.stop_task(self._task)
