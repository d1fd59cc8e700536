"""What all exports have in common: a time limit, and an event in the audit trail with the number of rows or lines, however the export
ends.
"""

import time
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Engine

from shared import audit, db, logging
from shared.auth import store as auth

# A million recipients take a minute, and five on a machine that is busy with ten other things.
_EXPORT_S = 900
_logger = logging.get_logger(__name__)

Row = TypeVar("Row")


@dataclass(frozen=True)
class Export:
    """Who exports what of a message, and from where; `unit`: what is counted."""

    caller: auth.Caller
    message_id: uuid.UUID
    origin: audit.Origin
    what: str
    unit: str = "rows"


def recorded(engine: Engine, export: Export, rows: Iterable[Row]) -> Iterator[Row]:
    """The rows. Raises TimeoutError after fifteen minutes."""
    began, count, is_complete = time.monotonic(), 0, False
    try:
        for row in rows:
            if time.monotonic() - began > _EXPORT_S:
                raise TimeoutError(f"an export is cut off after {_EXPORT_S} s")
            count += 1
            yield row
        is_complete = True
    finally:
        incomplete = "" if is_complete else ", not complete"
        _record(engine, export, f"{export.what}: {count} {export.unit}{incomplete}")


def _record(engine: Engine, export: Export, detail: str) -> None:
    caller = export.caller
    event = audit.Event(
        "export", "exported", caller.platform_id, caller.user_id, export.origin, export.message_id, detail=detail
    )
    try:
        with db.autocommit(engine) as connection:
            audit.insert(connection, event)
    except Exception as error:  # the rows are sent
        _logger.error("an export is not in the audit trail", detail=detail, error=type(error).__name__)
