"""What a question answers: tables of figures, and targets that they meet or miss; and the statistics behind them."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
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


def at_most(what: str, measured: float, bound: float) -> Target:
    return Target(what, round(measured, 2), bound, at_most=True)


def median(values: Sequence[float]) -> float:
    return float(statistics.median(values))


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of all do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def p99(values: Sequence[float]) -> float:
    return percentile(values, 0.99)


def milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 2 if seconds < 0.01 else 1)


def times(seconds: Sequence[float], prefix: str = "") -> dict[str, object]:
    """Columns for the median and the 99th percentile in milliseconds."""
    return {f"{prefix}median_ms": milliseconds(median(seconds)), f"{prefix}p99_ms": milliseconds(p99(seconds))}


def spread(values: Sequence[float], digits: int = 2) -> str:
    """The smallest and the largest, which show how far the rounds agree."""
    return f"{round(min(values), digits):g}–{round(max(values), digits):g}"


def show(console: rich.console.Console, answer: Answer) -> None:
    console.rule(answer.question)
    for table in answer.tables:
        console.print(_table(table.title, table.rows, caption=table.note or None))
    if answer.targets:
        rows = [
            {
                "target": target.what,
                "measured": target.measured,
                "wanted": f"{'≤' if target.at_most else '≥'} {_cell(target.bound)}",
                "": "met" if target.is_met else "MISSED",
            }
            for target in answer.targets
        ]
        console.print(_table("Targets", rows))


def as_document(answer: Answer) -> dict[str, Any]:
    document = asdict(answer)
    for target, kept in zip(answer.targets, document["targets"], strict=True):
        kept["met"] = target.is_met
    return document


def _table(title: str, rows: Sequence[Row], caption: str | None = None) -> rich.table.Table:
    shown = rich.table.Table(
        title=title, caption=caption, box=rich.box.SIMPLE, caption_justify="left", title_justify="left"
    )
    for name, value in rows[0].items():
        shown.add_column(name.replace("_", " "), justify="left" if isinstance(value, str) else "right")
    for row in rows:
        shown.add_row(*map(_cell, row.values()))
    return shown


def _cell(value: object) -> str:
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int | float) else str(value)
