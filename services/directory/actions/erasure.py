"""Erases the names and e-mail addresses of users who have left. An import does the same in passing."""

from datetime import timedelta

from sqlalchemy import Connection, Engine

from services.directory import errors
from services.directory.actions import changes
from services.directory.provisioned import Actor
from services.directory.store import audit, platforms, users


def erase_former_users(
    engine: Engine,
    *,
    platform_key: str,
    former_user_days: int,
    user: str | None = None,
    operator: str = changes.UNKNOWN_OPERATOR,
) -> int:
    """Erases the users who were disabled so many days ago, or the disabled `user` at once; returns how many.

    The rest of their rows stays: messages keep their recipients, and the audit trail its ids. Raises an `errors.DirectoryError`.
    """
    with changes.recorded_refusals(engine, "erase", platform_key, Actor(operator)), engine.begin() as connection:
        changes.lock_directory(connection, platform_key)
        platform = changes.known_platform(platforms.lock_platform(connection, key=platform_key), platform_key)
        now = users.get_time(connection)
        if user is None:
            before = now - timedelta(days=former_user_days)
            erased = users.erase_former(connection, platform_id=platform.id, before=before, now=now)
            detail = f"erased {erased}"
        else:
            user_id = _find_former(connection, platform.id, user)
            erased = users.erase_one(connection, platform_id=platform.id, user_id=user_id, now=now)
            detail = f"user {user_id}"
        version = platform.directory_version + (1 if erased else 0)
        platforms.set_directory_version(connection, platform_id=platform.id, version=version)
        outcome: audit.Outcome = "changed" if erased else "unchanged"
        audit.insert(connection, audit.Event("erase", outcome, operator, platform_key, version, detail=detail))
    return erased


def _find_former(connection: Connection, platform_id: int, external_id: str) -> int:
    found = users.find_user(connection, platform_id=platform_id, external_id=external_id)
    if found is None:
        raise errors.UnknownUserError(external_id)
    if found.status != "disabled":
        raise errors.UserNotDisabledError(external_id, found.status)
    return found.id
