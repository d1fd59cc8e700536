"""Rules for every change of a directory: one at a time for a platform, and refusals are recorded in the audit trail."""

import contextlib
from collections.abc import Iterator

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from services.directory import domain, errors
from services.directory.store import audit
from shared import db, logging

UNKNOWN_OPERATOR = "unknown"
_logger = logging.get_logger(__name__)


@contextlib.contextmanager
def recorded_refusals(engine: Engine, action: audit.Action, platform_key: str, operator: str) -> Iterator[None]:
    """Records a `DirectoryError` after the rollback, and raises it again even if it cannot be recorded."""
    try:
        yield
    except errors.DirectoryError as error:
        known = f"platform {platform_key}" if domain.KEY.fullmatch(platform_key) else ""
        detail = "; ".join(filter(None, (known, error.numbers)))
        event = audit.Event(action, "refused", operator, platform_key, reason=error.code, detail=detail)
        try:
            with engine.begin() as connection:
                audit.insert(connection, event)
        except SQLAlchemyError as failure:
            _logger.warning(
                "a refusal is not in the audit trail",
                error=type(failure).__name__,
                action=action,
                refusal=error.code,
                operator=operator,
            )
        raise


def lock_directory(connection: Connection, platform_key: str) -> None:
    """Locks the platform's directory until the transaction ends. Raises `DirectoryBusyError` if it is locked."""
    if not db.try_lock(connection, purpose="directory", key=platform_key):
        raise errors.DirectoryBusyError(platform_key)
