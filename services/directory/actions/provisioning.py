"""What an operator or an administrator does about provisioning: maps groups to scopes, releases the brake, looks at its state.

Called by the command line and by the routes.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine

from services.directory import domain, errors
from services.directory.actions import changes, scim_groups
from services.directory.provisioned import Actor, is_id
from services.directory.store import brakes, platforms, refusals, stated, tree, users
from services.directory.store import scim_groups as groups
from services.directory.store import scim_tokens as tokens
from services.directory.store import scim_users as provisioned_users
from shared import db

Group = groups.Summary
Refusal = refusals.Refusal


@dataclass(frozen=True)
class Target:
    """A scope, by level and external id, and the role that a group's members get in it."""

    level: str
    external_id: str
    role: str


@dataclass(frozen=True)
class Status:
    """`last_request_at`: of any token. `users`: all who are active; `provisioned_users`: those whom the client has written.
    `waiting_groups` mean nothing yet. `deactivated_last_hour`: by the client. `braked_…`: since when, and because of which request, the
    brake is on.
    """

    platform: str
    managed_by: str
    directory_version: int
    last_request_at: datetime | None
    valid_tokens: int
    users: int
    provisioned_users: int
    groups: int
    waiting_groups: int
    imported_memberships: int
    deactivated_last_hour: int
    braked_at: datetime | None
    braked_request: str | None
    braked_token_id: int | None
    braked_request_id: str | None
    released_until: datetime | None


def choose_platform(engine: Engine, given: str | None) -> str:
    """The `given` platform's key, else that of the only platform that is managed over SCIM. Raises `ChoosePlatformError`."""
    if given is not None:
        return given
    with engine.begin() as connection:
        found = [one.key for one in platforms.list_platforms(connection) if one.managed_by == domain.SCIM]
    if len(found) != 1:
        raise errors.ChoosePlatformError(found)
    return found[0]


def list_groups(
    engine: Engine, *, platform_key: str, is_waiting: bool | None = None, after: int = 0, limit: int | None = None
) -> list[Group]:
    """The platform's groups with what they mean, by id; with `is_waiting` only those that mean nothing, or only the others."""
    with engine.begin() as connection:
        platform = changes.known_platform(platforms.get_platform(connection, key=platform_key), platform_key)
        return groups.list_summaries(
            connection, platform_id=platform.id, is_waiting=is_waiting, after=after, limit=limit
        )


def list_refusals(engine: Engine, *, platform_key: str) -> list[Refusal]:
    """The newest refused requests of the client, newest first."""
    with engine.begin() as connection:
        platform = changes.known_platform(platforms.get_platform(connection, key=platform_key), platform_key)
        return refusals.list_refusals(connection, platform_id=platform.id)


def map_group(
    engine: Engine,
    *,
    platform_key: str,
    group: str | int,
    target: Target | None,
    actor: Actor = changes.UNKNOWN_ACTOR,
) -> Group:
    """Gives the group a scope and a role, which override what the client states; None removes that mapping.

    `group`: its id, or as text what an operator typed: its name or its id.
    """
    with _changing(engine, platform_key, actor) as change:
        connection, platform_id = change.connection, change.platform.id
        before = _find_group(change, group)
        if target is None:
            meaning = scim_groups.find_stated_meaning(change, before.state)
        else:
            scope = tree.find_scope(
                connection, platform_id=platform_id, level=target.level, external_id=target.external_id
            )
            if scope is None:
                raise errors.UnknownScopeError(target.level, target.external_id)
            meaning = groups.Meaning(scope.id, target.role, is_mapped=True)
        if meaning != before.meaning:
            groups.update_group(connection, group_id=before.id, state=before.state, meaning=meaning)
            change.update_memberships(groups.list_all_members(connection, group_id=before.id))
            change.what.append(f"group {before.id} {'mapped' if target else 'no longer mapped'}")
        return groups.get_summary(connection, group_id=before.id)


def drop_imported(engine: Engine, *, platform_key: str, actor: Actor = changes.UNKNOWN_ACTOR) -> int:
    """Ends the memberships that the last import stated and no group does; returns the number of users who had any."""
    with _changing(engine, platform_key, actor) as change:
        had = stated.drop_imported(change.connection, platform_id=change.platform.id)
        if had:
            change.update_memberships(had)
            change.what.append(f"imported memberships of {len(had)} users dropped")
        return len(had)


def resume(engine: Engine, *, platform_key: str, lasts: timedelta, actor: Actor = changes.UNKNOWN_ACTOR) -> datetime:
    """Releases the brake on mass deactivation until the time that is returned."""
    with _changing(engine, platform_key, actor) as change:
        until = users.get_time(change.connection) + lasts
        brakes.release(change.connection, platform_id=change.platform.id, until=until)
        change.what.append("deactivations resumed")
        return until


def get_status(engine: Engine, *, platform_key: str) -> Status:
    with engine.begin() as connection:
        platform = changes.known_platform(platforms.get_platform(connection, key=platform_key), platform_key)
        known_tokens = tokens.list_tokens(connection, platform_id=platform.id)
        group_count, waiting_count = groups.count_groups(connection, platform_id=platform.id)
        brake = brakes.get_brake(connection, platform_id=platform.id)
        uses = [one.last_used_at for one in known_tokens if one.last_used_at]
        return Status(
            platform=platform.key,
            managed_by=platform.managed_by,
            directory_version=platform.directory_version,
            last_request_at=max(uses, default=None),
            valid_tokens=sum(one.is_valid for one in known_tokens),
            users=brake.active,
            provisioned_users=provisioned_users.count_provisioned(connection, platform_id=platform.id),
            groups=group_count,
            waiting_groups=waiting_count,
            imported_memberships=stated.count_imported(connection, platform_id=platform.id),
            deactivated_last_hour=brake.deactivated,
            braked_at=brake.braked_at,
            braked_request=brake.braked_request,
            braked_token_id=brake.braked_token_id,
            braked_request_id=brake.braked_request_id,
            released_until=brake.released_until,
        )


@contextlib.contextmanager
def _changing(engine: Engine, platform_key: str, actor: Actor) -> Iterator[changes.Change]:
    with changes.recorded_refusals(engine, "scim", platform_key, actor), engine.begin() as connection:
        # Waits: a provider writes often, each time for milliseconds.
        db.lock(connection, purpose="directory", key=platform_key)
        platform = changes.known_platform(platforms.lock_platform(connection, key=platform_key), platform_key)
        if platform.managed_by != domain.SCIM:
            raise errors.ManagedByImportsError(platform_key)
        with changes.completed(connection, platform, changes.event("scim", actor, platform_key)) as change:
            yield change


def _find_group(change: changes.Change, group: str | int) -> groups.Group:
    platform_id = change.platform.id
    group_id: int | None
    if isinstance(group, int):
        group_id = group
    else:
        group_id = groups.find_by_name(change.connection, platform_id=platform_id, name=group)
        if group_id is None and is_id(group):
            group_id = int(group)
    found = (
        None if group_id is None else groups.get_group(change.connection, platform_id=platform_id, group_id=group_id)
    )
    if found is None:
        raise errors.UnknownGroupError(change.platform.key, str(group))
    return found
