"""Creates, changes, deletes and lists groups for a provisioning client, and maps them to scopes.

A member has the group's role in its scope, for as long as any group says so. The cost of a change does not grow with the group.
"""

from collections.abc import Callable, Collection, Sequence

from sqlalchemy import Engine

from services.directory import errors
from services.directory.actions import changes
from services.directory.provisioned import Client, GroupState, MemberChange, Page
from services.directory.store import scim_groups as store
from services.directory.store import users
from shared import errors as hub_errors

Group = store.Group
FEW_MEMBERS = 100


def get_group(engine: Engine, *, client: Client, group_id: int) -> Group:
    """Raises `ScimError` 404."""
    with engine.connect() as connection:
        return _known(store.get_group(connection, platform_id=client.platform_id, group_id=group_id), group_id)


def list_groups(engine: Engine, *, client: Client, page: Page) -> tuple[int, Sequence[Group]]:
    """How many groups match, and those of the page."""
    with engine.connect() as connection:
        return store.list_groups(connection, platform_id=client.platform_id, page=page)


def list_members(engine: Engine, *, groups: Collection[Group]) -> dict[int, list[int]]:
    """The user ids of each group's members."""
    with engine.connect() as connection:
        return store.list_members(connection, group_ids=[one.id for one in groups])


def list_few_members(engine: Engine, *, group: Group) -> list[int] | None:
    """The user ids of the group's members; None if they are more than FEW_MEMBERS."""
    with engine.connect() as connection:
        return store.list_few_members(connection, group_id=group.id, at_most=FEW_MEMBERS)


def create_group(engine: Engine, *, client: Client, state: GroupState, members: MemberChange) -> Group:
    """Raises `ScimError` 400 for an unknown member, 409."""
    with changes.over_http(engine, client, action="scim") as change:
        connection, platform_id = change.connection, client.platform_id
        _check_name(change, state, None)
        now = users.get_time(connection)
        group_id = store.insert_group(connection, platform_id=platform_id, state=state, now=now)
        change.what.append(f"group {group_id} created")
        made = _known(store.get_group(connection, platform_id=platform_id, group_id=group_id), group_id)
        _write(change, made, state, members)
        return _known(store.get_group(connection, platform_id=platform_id, group_id=group_id), group_id)


def change_group(
    engine: Engine, *, client: Client, group_id: int, decide: Callable[[Group], tuple[GroupState, MemberChange]]
) -> Group:
    """The group afterwards; `decide` says what it becomes and who joins and leaves, and may raise. Raises `ScimError` 400, 404, 409."""
    with changes.over_http(engine, client, action="scim") as change:
        connection, platform_id = change.connection, client.platform_id
        before = _known(store.get_group(connection, platform_id=platform_id, group_id=group_id), group_id)
        state, members = decide(before)
        if state != before.state:
            _check_name(change, state, group_id)
        _write(change, before, state, members)
        if not change.what:
            return before
        return store.bump_revision(connection, group_id=group_id, now=users.get_time(connection))


def delete_group(engine: Engine, *, client: Client, group_id: int, check: Callable[[Group], None]) -> None:
    """Its members lose what it gave them. `check` may raise. Raises `ScimError` 404."""
    with changes.over_http(engine, client, action="scim") as change:
        connection, platform_id = change.connection, client.platform_id
        before = _known(store.get_group(connection, platform_id=platform_id, group_id=group_id), group_id)
        check(before)
        left = store.delete_all_members_but(connection, group_id=group_id, user_ids=())
        store.delete_group(connection, group_id=group_id)
        change.what.append(f"group {group_id} deleted, members -{len(left)}")
        if before.scope_id is not None:
            change.update_memberships(left)


def _write(change: changes.Change, before: Group, state: GroupState, members: MemberChange) -> None:
    connection, group_id = change.connection, before.id
    meaning = before.meaning
    is_other = state != before.state
    if not before.is_mapped and (is_other or before.scope_id is None):
        meaning = find_stated_meaning(change, state)
    has_other_meaning = meaning != before.meaning
    joined, left = _change_members(change, group_id, members)
    if is_other or has_other_meaning:
        store.update_group(connection, group_id=group_id, state=state, meaning=meaning)
        change.what.append(f"group {group_id} changed")
    if joined or left:
        change.what.append(f"group {group_id} members +{len(joined)} -{len(left)}")
    if has_other_meaning:
        change.update_memberships(left | store.list_all_members(connection, group_id=group_id))
    elif meaning.scope_id is not None:
        change.update_memberships(joined | left)


def find_stated_meaning(change: changes.Change, state: GroupState) -> store.Meaning:
    """As the client states it, else nothing."""
    if state.scope is None or state.scope.role is None:
        return store.Meaning()
    scope_id = store.find_scope(change.connection, platform_id=change.platform.id, scope=state.scope)
    return store.Meaning(scope_id, state.scope.role) if scope_id else store.Meaning()


def _change_members(change: changes.Change, group_id: int, members: MemberChange) -> tuple[set[int], set[int]]:
    """Returns who joined and who left."""
    connection = change.connection
    left: set[int] = set()
    joined: set[int] = set()
    if members.replaces:
        left = store.delete_all_members_but(connection, group_id=group_id, user_ids=members.joining)
    elif members.leaving:
        left = store.delete_members(connection, group_id=group_id, user_ids=members.leaving)
    if members.joining:
        platform_id = change.platform.id
        joined = store.insert_members(connection, platform_id=platform_id, group_id=group_id, user_ids=members.joining)
        others = members.joining - joined
        unknown = store.list_unknown(connection, platform_id=platform_id, user_ids=others) if others else []
        if unknown:
            named = hub_errors.listed([str(one) for one in unknown])
            raise errors.ScimError(400, f"These members are no users: {named}.", scim_type="invalidValue")
    return joined, left


def _check_name(change: changes.Change, state: GroupState, group_id: int | None) -> None:
    other = store.find_by_name(change.connection, platform_id=change.platform.id, name=state.display_name)
    if other is not None and other != group_id:
        raise errors.ScimError(409, "Another group has this displayName.", scim_type="uniqueness")


def _known(found: Group | None, group_id: int) -> Group:
    """Raises `ScimError` 404."""
    if found is None:
        raise errors.ScimError(404, f"There is no group {group_id}.", code="not-found")
    return found
