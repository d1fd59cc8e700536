"""Reads the CSV files of an import line by line in bounded memory, and checks each line by itself.

Called by `actions`. Knows the files and not the database, which checks the references between lines. Lines of blanks and separators only
are skipped.
"""

import codecs
import csv
import pathlib
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

from services.directory import domain
from services.directory.values import EMAIL, EXTERNAL_ID, NAME, Column, is_plain
from shared import text

# Far more than fits into the columns. The rest of a longer line is skipped without being held in memory.
MAX_LINE_BYTES = 65_536


@dataclass(frozen=True, kw_only=True)
class Layout:
    """A file of the import. The first column identifies a row; `check` finds errors between its values."""

    file: str
    columns: tuple[Column, ...]
    # The temporary table that its rows are copied into.
    table: str
    check: Callable[[list[str]], str | None] = lambda _values: None

    @property
    def condition(self) -> str:
        """SQL: which rows of the table are this file's."""
        return "true"

    def stage(self, values: Sequence[str], *, platform_key: str) -> Sequence[str]:
        """A row's values as the temporary table has them."""
        return values


@dataclass(frozen=True, kw_only=True)
class ScopeLayout(Layout):
    """The scopes of one level: external_id, the parent's external_id unless that is the platform, name."""

    table: str = "staged_scopes"
    level: str
    parent_level: str = domain.ROOT_LEVEL

    @property
    def condition(self) -> str:
        return f"level = '{self.level}'"

    def stage(self, values: Sequence[str], *, platform_key: str) -> Sequence[str]:
        parent = platform_key if self.parent_level == domain.ROOT_LEVEL else values[1]
        return self.level, values[0], parent, values[-1]


class MembershipLayout(Layout):
    def stage(self, values: Sequence[str], *, platform_key: str) -> Sequence[str]:
        user, level, scope, role = values
        return user, level, scope or platform_key, role


class Row(NamedTuple):
    """`values` in the layout's order; None if the line cannot be read. With `problems`, only the first value is valid."""

    line: int
    values: list[str] | None
    problems: list[str]


class BadFileError(Exception):
    """The file cannot be read with this layout."""

    def __init__(self, line: int | None, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.reason = reason


def _check_membership(values: list[str]) -> str | None:
    _user, level, scope, _role = values
    if level == domain.ROOT_LEVEL and scope:
        return f"scope must be empty where level is {level}"
    if level != domain.ROOT_LEVEL and not scope:
        return f"scope is empty; it must be the external_id of the {level}"
    return None


ORGANISATIONS = ScopeLayout(file="organisations.csv", columns=(EXTERNAL_ID, NAME), level="organisation")
CLINICS = ScopeLayout(
    file="clinics.csv",
    columns=(EXTERNAL_ID, Column("organisation", text.MAX_IDENTIFIER), NAME),
    level="clinic",
    parent_level=ORGANISATIONS.level,
)
# From the top of the tree to its leaves.
SCOPES = (ORGANISATIONS, CLINICS)
USERS = Layout(
    file="users.csv",
    columns=(
        EXTERNAL_ID,
        NAME,
        EMAIL,
        Column("status", 20, choices=("active", "pending", "disabled")),
    ),
    table="staged_users",
)
MEMBERSHIPS = MembershipLayout(
    file="memberships.csv",
    columns=(
        Column("user", text.MAX_IDENTIFIER),
        Column("level", 20, choices=(domain.ROOT_LEVEL, *(layout.level for layout in SCOPES))),
        Column("scope", text.MAX_IDENTIFIER, required=False),
        Column("role", 20, choices=("member", "administrator")),
    ),
    table="staged_memberships",
    check=_check_membership,
)
LAYOUTS = (*SCOPES, USERS, MEMBERSHIPS)


class Reader:
    """Iterates over the rows of one open file. Raises `BadFileError` when its header is not the layout's."""

    def __init__(self, file: BinaryIO, layout: Layout) -> None:
        self._lines = _Lines(file)
        self._layout = layout

    @property
    def bytes_read(self) -> int:
        return self._lines.bytes_read

    def __iter__(self) -> Iterator[Row]:
        # `strict`: the parser refuses malformed quotes instead of guessing.
        records = csv.reader(self._lines, strict=True)
        order = self._read_header(records)
        while True:
            line = self._lines.number + 1
            try:
                record = next(records, None)
            except csv.Error as error:
                yield from self._take_line_problems()
                yield Row(line, None, [_explain(error)])
                continue
            yield from self._take_line_problems()
            if record is None:
                return
            if any(map(str.strip, record)):
                yield self._check(line, record, order)

    def _read_header(self, records: Iterator[list[str]]) -> list[int]:
        wanted = [column.name for column in self._layout.columns]
        expected = f"the header must be {','.join(wanted)}"
        try:
            names = [name.strip() for name in next(records, [])]
        except csv.Error as error:
            raise BadFileError(1, f"{_explain(error)}; {expected}") from None
        for _line, reason in self._lines.take_problems():
            raise BadFileError(1, f"{reason}; {expected}")
        if sorted(names) != sorted(wanted):
            found = ",".join(names)[:200]
            raise BadFileError(
                1, f"{expected} (in any order), not {found!r}" if found else f"the file is empty; {expected}"
            )
        return [names.index(name) for name in wanted]

    def _take_line_problems(self) -> Iterator[Row]:
        for line, reason in self._lines.take_problems():
            yield Row(line, None, [reason])

    def _check(self, line: int, record: list[str], order: list[int]) -> Row:
        columns = self._layout.columns
        if len(record) != len(order):
            return Row(line, self._only_key(record, order), [f"has {len(record)} columns instead of {len(order)}"])
        raw = [record[index] for index in order]
        # True for nearly every line, and fast.
        if is_plain("".join(raw)):
            values = [value.strip() for value in raw]
        else:
            found = [
                (column.name, column.find_bad_characters(value)) for column, value in zip(columns, raw, strict=True)
            ]
            bad = [f"{name} {problem}" for name, problem in found if problem]
            if bad:
                return Row(line, self._only_key(record, order), bad)
            values = [column.clean(value) for column, value in zip(columns, raw, strict=True)]
        problems = [
            problem
            for column, value in zip(columns, values, strict=True)
            if (problem := column.find_problem(value)) is not None
        ]
        if (problem := self._layout.check(values)) is not None:
            problems.append(problem)
        return Row(line, values, problems)

    def _only_key(self, record: list[str], order: list[int]) -> list[str] | None:
        """The first column's value only, so that lines that refer to a bad line are not reported as bad too."""
        column, raw = self._layout.columns[0], record[order[0]] if order[0] < len(record) else ""
        key = column.clean(raw)
        return [key, *[""] * (len(order) - 1)] if key and not column.find_bad_characters(raw) else None


class _Lines:
    """The physical lines of a file as text. A line that is not UTF-8 is recorded as a problem and decoded with replacements."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._problems: list[tuple[int, str]] = []
        self.number = 0
        self.bytes_read = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        raw = self._file.readline(MAX_LINE_BYTES)
        if not raw:
            raise StopIteration
        self.number += 1
        self.bytes_read += len(raw)
        if self.number == 1:
            raw = raw.removeprefix(codecs.BOM_UTF8)
        if len(raw) == MAX_LINE_BYTES and not raw.endswith(b"\n"):
            self._skip_rest_of_line()
            return "\n"
        try:
            return raw.decode()
        except UnicodeDecodeError as error:
            byte = raw[error.start]
            self._problems.append((self.number, f"is not UTF-8: byte 0x{byte:02X} at position {error.start + 1}"))
            return raw.decode(errors="replace")

    def take_problems(self) -> list[tuple[int, str]]:
        """The problems since the last call."""
        taken, self._problems = self._problems, []
        return taken

    def _skip_rest_of_line(self) -> None:
        self._problems.append((self.number, f"is longer than {MAX_LINE_BYTES:,} bytes"))
        while rest := self._file.readline(MAX_LINE_BYTES):
            self.bytes_read += len(rest)
            if rest.endswith(b"\n"):
                return


def open_file(path: pathlib.Path) -> BinaryIO:
    """The regular file at `path`. Raises `BadFileError` when it is missing, of another kind, or cannot be read."""
    try:
        # Opening a pipe would wait for its writer, and a device may never end.
        if not stat.S_ISREG(path.stat().st_mode) and not path.is_dir():
            raise BadFileError(None, "the file cannot be read: it is a pipe, a socket or a device")
        return path.open("rb", buffering=1 << 20)
    except FileNotFoundError:
        raise BadFileError(None, "the file is missing") from None
    except OSError as error:
        raise BadFileError(None, f"the file cannot be read: {error.strerror}") from None


def _explain(error: csv.Error) -> str:
    text = str(error)
    if "new-line character" in text:
        return "has a carriage return inside the line; lines end in LF or CRLF"
    if "field larger" in text:
        return f"has a quoted value that does not end within {csv.field_size_limit():,} characters"
    if "unexpected end" in text:
        return "has a quoted value that never ends"
    if "expected after" in text:
        return 'has text after a closing quote; a quote inside a quoted value is written twice ("")'
    return f"is not CSV: {text}"
