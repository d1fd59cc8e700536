"""A platform's directory passes from CSV imports to SCIM, or back."""

from sqlalchemy import Connection

from services.directory import domain
from services.directory.store import platforms, stated


def hand_over(connection: Connection, *, platform: platforms.Platform) -> None:
    """Keeps what the last import stated, or drops it: the next import states everything again.

    The caller has locked the platform, and its version has just been raised.
    """
    if platform.managed_by == domain.CSV:
        stated.drop_imported(connection, platform_id=platform.id)
        return
    stated.keep_imported(connection, platform_id=platform.id)
    # Groups of an earlier time under SCIM.
    members = stated.list_members(connection, platform_id=platform.id)
    stated.update(connection, platform_id=platform.id, version=platform.directory_version + 1, user_ids=members)
