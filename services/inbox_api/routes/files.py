"""Files that are written while the client reads them."""

import contextlib
import threading
from collections.abc import Iterable, Iterator, Sequence

import flask

from services.inbox_api import csv_export
from shared import errors
from shared.web import etags

CSV = "text/csv"
JSON_LINES = "application/jsonl"
# A file keeps a thread for as long as its client reads.
_FILES = threading.BoundedSemaphore(2)


def csv(header: Sequence[str], rows: Iterable[Sequence[str]], *, name: str) -> flask.Response:
    return send(csv_export.write(header, rows), content_type=f"{CSV}; charset=utf-8", name=name)


def send(content: Iterable[bytes], *, content_type: str, name: str) -> flask.Response:
    """Raises unavailable while this process writes as many files as it can."""
    if not _FILES.acquire(blocking=False):
        raise errors.unavailable("Too many exports are being written at once.", retry_after_s=5)
    slot = contextlib.ExitStack()
    slot.callback(_FILES.release)
    answer = flask.Response(_read(content, slot), content_type=content_type)
    answer.call_on_close(slot.close)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return etags.private(answer)


def _read(content: Iterable[bytes], slot: contextlib.ExitStack) -> Iterator[bytes]:
    with slot:
        yield from content
