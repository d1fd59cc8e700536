"""CSV for spreadsheets: UTF-8 with a byte order mark, lines that end in CRLF, and no cell that a spreadsheet would take for a formula."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

_BYTE_ORDER_MARK = "\ufeff"
# What begins with one of these may be run as a formula (OWASP, CSV injection). The apostrophe in front makes it text.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_CHUNK = 500


def write(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """The file in pieces of some hundred lines."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    text.write(_BYTE_ORDER_MARK)
    writer.writerow(header)
    for number, row in enumerate(rows, 1):
        writer.writerow(map(_harmless, row))
        if number % _CHUNK == 0:
            yield _take(text)
    yield _take(text)


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _take(text: io.StringIO) -> bytes:
    found = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return found
