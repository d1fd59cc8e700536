"""Small things that several commands say in the same way."""

from collections.abc import Sequence
from datetime import datetime

_CELL_LIMIT = 80


def duration(seconds: float) -> str:
    """A length of time in one unit: 0.4 s, 12 s, 5 min, 3 h, 2 d."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    for limit, divisor, unit in ((120, 1, "s"), (7_200, 60, "min"), (172_800, 3_600, "h")):
        if seconds < limit:
            return f"{seconds / divisor:.0f} {unit}"
    return f"{seconds / 86_400:.0f} d"


def moment(value: datetime | None) -> str:
    """A time in UTC, to the millisecond; - where there is none."""
    return "-" if value is None else value.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3] + " UTC"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as they need, each cell on one line."""
    cells = [list(header), *([_cell(value) for value in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    lines = ("  ".join(value.ljust(width) for value, width in zip(row, widths, strict=True)) for row in cells)
    return "\n".join(f"  {line}".rstrip() for line in lines)


def one_line(value: object) -> str:
    """What an error or a text says, on one line, without anything that could move or colour a terminal."""
    return printable(" ".join(str(value).split()))


def printable(value: str) -> str:
    """`value` with what is not printed written as Python would write it: names of a directory are not ours."""
    if value.isprintable():
        return value
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in value)


def _cell(value: str) -> str:
    line = one_line(value)
    return line if len(line) <= _CELL_LIMIT else line[: _CELL_LIMIT - 1] + "…"
