"""What a question answers: tables of figures, and targets that they meet or miss. How it looks on the terminal and in the file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import rich.box
import rich.console
import rich.table

Row = Mapping[str, object]


@dataclass(frozen=True)
class Target:
    """A ratio or a time that must reach `bound`, or stay at or below it where `at_most`."""

    what: str
    measured: float
    bound: float
    at_most: bool = False

    @property
    def is_met(self) -> bool:
        return self.measured <= self.bound if self.at_most else self.measured >= self.bound


@dataclass(frozen=True)
class Table:
    """Rows with the same columns; `note` says what was compared with what."""

    title: str
    rows: Sequence[Row]
    note: str = ""


@dataclass(frozen=True)
class Answer:
    """All that one question found."""

    question: str
    tables: Sequence[Table]
    targets: Sequence[Target] = field(default=())


def show(console: rich.console.Console, answer: Answer) -> None:
    console.rule(answer.question)
    for table in answer.tables:
        console.print(_table(table))
    if answer.targets:
        console.print(_targets(answer.targets))


def as_document(answer: Answer) -> dict[str, Any]:
    return {
        "question": answer.question,
        "tables": [
            {"title": table.title, "note": table.note, "rows": [dict(row) for row in table.rows]}
            for table in answer.tables
        ],
        "targets": [
            {
                "what": target.what,
                "measured": target.measured,
                "target": target.bound,
                "at_most": target.at_most,
                "met": target.is_met,
            }
            for target in answer.targets
        ],
    }


def _table(table: Table) -> rich.table.Table:
    shown = rich.table.Table(
        title=table.title, caption=table.note or None, box=rich.box.SIMPLE, caption_justify="left", title_justify="left"
    )
    for name, value in table.rows[0].items():
        shown.add_column(name.replace("_", " "), justify="left" if isinstance(value, str) else "right")
    for row in table.rows:
        shown.add_row(*map(_cell, row.values()))
    return shown


def _targets(targets: Sequence[Target]) -> rich.table.Table:
    shown = rich.table.Table(title="Targets", box=rich.box.SIMPLE, title_justify="left")
    for name in ("target", "measured", "wanted", ""):
        shown.add_column(name)
    for target in targets:
        wanted = f"{'≤' if target.at_most else '≥'} {_cell(target.bound)}"
        shown.add_row(target.what, _cell(target.measured), wanted, "met" if target.is_met else "MISSED")
    return shown


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int | float) else str(value)
