"""Rules for every change of a directory: one at a time for a platform, and refusals are recorded in the audit trail."""

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from services.directory import domain, errors
from services.directory.provisioned import Client
from services.directory.store import audit, brakes, platforms, stated, users
from shared import db, logging
from shared.errors import HubError

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


def known_platform(platform: platforms.Platform | None, key: str) -> platforms.Platform:
    """Raises `UnknownPlatformError` for None."""
    if platform is None:
        raise errors.UnknownPlatformError(key)
    return platform


@dataclass
class Change:
    """A change under way of a platform that is managed over SCIM. `what`: what it did so far, for the audit trail; nothing if it had no
    effect. `has_version`: whether the directory itself changed.
    """

    connection: Connection
    platform: platforms.Platform
    what: list[str] = field(default_factory=list)
    has_version: bool = False

    @property
    def version(self) -> int:
        """The version that the change makes."""
        return self.platform.directory_version + 1

    def update_memberships(self, user_ids: Iterable[int]) -> None:
        """The memberships of these users become what is stated for them."""
        if stated.update(self.connection, platform_id=self.platform.id, version=self.version, user_ids=user_ids):
            self.has_version = True


@contextlib.contextmanager
def completed(connection: Connection, platform: platforms.Platform, event: audit.Event) -> Iterator[Change]:
    """A change of the locked platform, which makes one version and one audit event if it changes anything.

    `event` is completed by the version and by what the change did.
    """
    change = Change(connection, platform)
    yield change
    if change.has_version:
        platforms.set_directory_version(connection, platform_id=platform.id, version=change.version)
    if change.what:
        version = change.version if change.has_version else platform.directory_version
        audit.insert(connection, replace(event, directory_version=version, detail="; ".join(change.what)))


@contextlib.contextmanager
def over_http(engine: Engine, client: Client, *, action: audit.Action) -> Iterator[Change]:
    """One transaction under the platform's lock, with one version and one audit event if it changes anything.

    Raises `HubError` directory-managed-by-csv. A `MassDeactivationError` puts the brake on.
    """
    event = audit.Event(
        action,
        "changed",
        client.operator,
        client.platform_key,
        user_id=client.user_id,
        request_id=client.request_id,
        address=client.address,
    )
    try:
        with engine.begin() as connection:
            db.lock(connection, purpose="directory", key=client.platform_key)
            platform = platforms.lock_platform(connection, key=client.platform_key)
            if platform is None or platform.managed_by != domain.SCIM:
                raise HubError(
                    "directory-managed-by-csv",
                    "The directory of this platform is imported from files. "
                    f"An operator changes that: message-hub platform {client.platform_key} --managed-by scim",
                )
            with completed(connection, platform, event) as change:
                yield change
    except errors.MassDeactivationError as error:
        with engine.begin() as connection:
            platforms.lock_platform(connection, key=client.platform_key)
            brakes.brake(connection, platform_id=client.platform_id, now=users.get_time(connection))
            audit.insert(connection, replace(event, outcome="refused", reason=error.code))
        raise
