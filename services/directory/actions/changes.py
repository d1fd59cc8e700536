"""Rules for every change of a directory: one at a time for a platform, and refusals are recorded in the audit trail."""

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from services.directory import domain, errors
from services.directory.provisioned import Actor, Client
from services.directory.store import audit, brakes, platforms, stated, users
from shared import db, logging
from shared.errors import HubError

UNKNOWN_OPERATOR = "unknown"
UNKNOWN_ACTOR = Actor(UNKNOWN_OPERATOR)
_logger = logging.get_logger(__name__)


def event(action: audit.Action, actor: Actor, platform_key: str) -> audit.Event:
    """That the actor changed something; to be completed."""
    return audit.Event(action, "changed", platform_key=platform_key, **vars(actor))


@contextlib.contextmanager
def recorded_refusals(engine: Engine, action: audit.Action, platform_key: str, actor: Actor) -> Iterator[None]:
    """Records a `DirectoryError` after the rollback, and raises it again even if it cannot be recorded."""
    try:
        yield
    except errors.DirectoryError as error:
        known = f"platform {platform_key}" if domain.KEY.fullmatch(platform_key) else ""
        detail = "; ".join(filter(None, (known, error.numbers)))
        refused = replace(event(action, actor, platform_key), outcome="refused", reason=error.code, detail=detail)
        try:
            with engine.begin() as connection:
                audit.insert(connection, refused)
        except SQLAlchemyError as failure:
            _logger.warning(
                "a refusal is not in the audit trail",
                error=type(failure).__name__,
                action=action,
                refusal=error.code,
                operator=actor.operator,
                user_id=actor.user_id,
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
def completed(connection: Connection, platform: platforms.Platform, done: audit.Event) -> Iterator[Change]:
    """A change of the locked platform, which makes one version and one audit event if it changes anything.

    `done` is completed by the version and by what the change did.
    """
    change = Change(connection, platform)
    yield change
    if change.has_version:
        platforms.set_directory_version(connection, platform_id=platform.id, version=change.version)
    if change.what:
        version = change.version if change.has_version else platform.directory_version
        audit.insert(connection, replace(done, directory_version=version, detail="; ".join(change.what)))


@contextlib.contextmanager
def over_http(engine: Engine, client: Client, *, action: audit.Action) -> Iterator[Change]:
    """One transaction under the platform's lock, with one version and one audit event if it changes anything.

    Raises `HubError` directory-managed-by-csv. A `MassDeactivationError` puts the brake on.
    """
    done = event(action, client.actor, client.platform_key)
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
            with completed(connection, platform, done) as change:
                yield change
    except errors.MassDeactivationError as error:
        with engine.begin() as connection:
            platforms.lock_platform(connection, key=client.platform_key)
            brakes.brake(connection, client=client, now=users.get_time(connection))
            audit.insert(connection, replace(done, outcome="refused", reason=error.code, detail=client.request))
        raise
