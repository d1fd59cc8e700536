"""The brake on mass deactivation: a client that was misconfigured must not disable a whole platform."""

from sqlalchemy import Connection

from services.directory import errors, report
from services.directory.store import brakes as store


def check(connection: Connection, *, platform_id: int) -> None:
    """Raises `MassDeactivationError` if one more deactivation is one too many within an hour, or the brake is on already.

    The limit is an import's: more than 20, and more than 10 % of the users who were active.
    """
    now = store.get_brake(connection, platform_id=platform_id)
    if now.released_until is not None:
        return
    removal = report.Removal("users", now.deactivated + 1, now.active + now.deactivated)
    if now.braked_at is not None or removal.is_excessive:
        raise errors.MassDeactivationError
