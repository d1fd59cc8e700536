"""How commands print: times, counts, tables, JSON, progress."""

import contextlib
import dataclasses
import json
import sys
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import TypeVar

import click

_CELL_LIMIT = 80

Facts = TypeVar("Facts")


def duration(seconds: float) -> str:
    """A length of time in one unit: 0.4 s, 12 s, 5 min, 3 h, 2 d; 0.0 s for less than none, as the age of a time that is ahead."""
    seconds = max(seconds, 0.0)
    if seconds < 10:
        return f"{seconds:.1f} s"
    for limit, divisor, unit in ((120, 1, "s"), (7_200, 60, "min"), (172_800, 3_600, "h")):
        if seconds < limit:
            return f"{seconds / divisor:.0f} {unit}"
    return f"{seconds / 86_400:.0f} d"


def moment(value: datetime | None) -> str:
    """A time in UTC, to the millisecond; - for None."""
    return "-" if value is None else value.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3] + " UTC"


def count(number: int, one: str, many: str | None = None) -> str:
    """`1 batch`, `2,000 batches`. Without `many` the plural ends in s."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def first_few(names: Sequence[str], limit: int = 5) -> str:
    """`a, b, c and 7 more`"""
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(names[:limit]) + more


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Columns as wide as they need, each cell on one line; None is an empty cell."""
    cells = [list(header), *([_cell(value) for value in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    lines = ("  ".join(value.ljust(width) for value, width in zip(row, widths, strict=True)) for row in cells)
    return "\n".join(f"  {line}".rstrip() for line in lines)


def show(facts: Facts, as_json: bool, text: Callable[[Facts], str], *, indent: int | None = 2) -> None:
    """Prints `facts` as JSON, with times as RFC 3339 in UTC, or as the text made of them."""
    click.echo(json.dumps(facts, indent=indent, default=_plain) if as_json else text(facts))


def one_line(value: object) -> str:
    """A text or an error on one line, with control characters escaped."""
    return printable(" ".join(str(value).split()))


def printable(value: str) -> str:
    """`value` with unprintable characters escaped as Python does: a name in a directory must not control the terminal."""
    if value.isprintable():
        return value
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in value)


@contextlib.contextmanager
def progress(label: str, *, is_hidden: bool = False) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on stderr if that is a terminal. Call what it yields with the amounts done and in total."""
    if is_hidden or not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    with click.progressbar(length=1, label=label, file=sys.stderr) as bar:

        def show(done: int, total: int) -> None:
            bar.length = max(total, 1)
            bar.update(done - bar.pos)

        yield show


def _cell(value: object) -> str:
    line = "" if value is None else one_line(value)
    return line if len(line) <= _CELL_LIMIT else line[: _CELL_LIMIT - 1] + "…"


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, uuid.UUID):
        return str(value)
    if dataclasses.is_dataclass(value):
        return vars(value)
    raise TypeError(type(value).__name__)
