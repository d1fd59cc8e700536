"""Changes single organisations and clinics of a platform whose people come over SCIM, which has no tree."""

from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from services.directory import csv_import, domain
from services.directory.actions import changes
from services.directory.provisioned import Client, ScopeState
from services.directory.store import scim_groups, stated
from services.directory.store import tree as store
from shared import errors

_PARENT_LEVEL = {layout.level: layout.parent_level for layout in csv_import.SCOPES}


@dataclass(frozen=True)
class Put:
    """`directory_version`: the platform's afterwards."""

    is_new: bool
    directory_version: int


def put_scope(engine: Engine, *, client: Client, scope: ScopeState) -> Put:
    """Makes the organisation or clinic what `scope` says. An inactive one, and all inside it, has no people until it is active again.

    Raises `HubError` validation-failed for an unknown parent, and directory-managed-by-csv.
    """
    with changes.over_http(engine, client, action="scope") as change:
        connection, platform_id = change.connection, client.platform_id
        parent_id = _find_parent(connection, platform_id, scope)
        before = store.find_scope(connection, platform_id=platform_id, level=scope.level, external_id=scope.external_id)
        after = (scope.name, scope.active, parent_id)
        if before is not None and (before.name, before.active, before.parent_id) == after:
            return Put(is_new=False, directory_version=change.platform.directory_version)
        scope_id = store.put_scope(connection, platform_id=platform_id, parent_id=parent_id, scope=scope)
        change.has_version = True
        change.what.append(f"{scope.level} {scope_id} {'updated' if before else 'created'}")
        if before is None or (before.active, before.parent_id) != after[1:]:
            _move(change, scope_id)
        return Put(is_new=before is None, directory_version=change.version)


def _find_parent(connection: Connection, platform_id: int, scope: ScopeState) -> int:
    level = _PARENT_LEVEL[scope.level]
    if level == domain.ROOT_LEVEL:
        return platform_id
    parent = store.find_scope(connection, platform_id=platform_id, level=level, external_id=scope.parent or "")
    if parent is None:
        raise errors.validation_failed({level: [f"Unknown {level}: {scope.parent}."]})
    return parent.id


def _move(change: changes.Change, scope_id: int) -> None:
    """Updates the scope's ancestors, and the memberships that depend on them."""
    connection, platform_id = change.connection, change.platform.id
    inside = store.list_inside(connection, scope_id=scope_id)
    store.update_ancestors(connection, platform_id=platform_id, scope_ids=inside, version=change.version)
    scim_groups.resolve_waiting(connection, platform_id=platform_id)
    concerned = stated.list_concerned(connection, platform_id=platform_id, scope_id=scope_id, inside=inside)
    change.update_memberships(concerned)
