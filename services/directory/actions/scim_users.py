"""Creates, changes, deletes and lists users for a provisioning client.

A user who is disabled keeps what groups state for them, so becoming active again restores it. A deleted user is disabled and hidden, and
comes back with the same external id.
"""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Engine

from services.directory import errors
from services.directory.actions import brakes, changes
from services.directory.provisioned import Client, Page, UserState
from services.directory.store import scim_users as store
from services.directory.store import users

User = store.User


def get_user(engine: Engine, *, client: Client, user_id: int) -> User:
    """Raises `ScimError` 404."""
    with engine.connect() as connection:
        return _known(store.get_user(connection, platform_id=client.platform_id, user_id=user_id), user_id)


def list_users(engine: Engine, *, client: Client, page: Page) -> tuple[int, Sequence[User]]:
    """How many users match, and those of the page."""
    with engine.connect() as connection:
        return store.list_users(connection, platform_id=client.platform_id, page=page)


def create_user(engine: Engine, *, client: Client, state: UserState) -> User:
    """The new user; or the one with this external id whom the client deleted, or only an import has written yet.

    Raises `ScimError` 409.
    """
    with changes.over_http(engine, client, action="scim") as change:
        found = store.find_by_external_id(
            change.connection, platform_id=client.platform_id, external_id=state.external_id or state.user_name
        )
        if found is not None and not (found.is_hidden or found.is_erased or found.user_name is None):
            raise _taken("externalId")
        what = "created" if found is None else "revived" if found.is_hidden or found.is_erased else "taken over"
        return _write(change, found, state, what)


def change_user(
    engine: Engine, *, client: Client, user_id: int, decide: Callable[[User], UserState]
) -> tuple[User, User]:
    """The user before and after; `decide` says what they become, and may raise.

    Raises `ScimError` 404, 409, and `MassDeactivationError`.
    """
    with changes.over_http(engine, client, action="scim") as change:
        found = store.get_user(change.connection, platform_id=client.platform_id, user_id=user_id)
        before = _known(found, user_id)
        state = decide(before)
        what = "changed"
        if state.active != before.is_active:
            what = "activated" if state.active else "deactivated"
        return before, _write(change, before, state, what)


def delete_user(engine: Engine, *, client: Client, user_id: int, check: Callable[[User], None]) -> User:
    """Disables and hides the user, and returns them as they were; `check` may raise. Raises like `change_user`."""
    with changes.over_http(engine, client, action="scim") as change:
        connection, platform_id = change.connection, client.platform_id
        before = _known(store.get_user(connection, platform_id=platform_id, user_id=user_id), user_id)
        check(before)
        if before.is_active:
            brakes.check(connection, platform_id=platform_id)
        now = users.get_time(connection)
        store.put_stated(connection, platform_id=platform_id, user_id=user_id, state=before.state, hidden=True, now=now)
        if before.status != "disabled":
            store.disable_user(connection, user_id=user_id, now=now)
            change.has_version = True
        if before.is_active:
            store.mark_deactivated(connection, user_id=user_id, at=now)
        change.update_memberships([user_id])
        change.what.append(f"user {user_id} deleted")
        return before


def _write(change: changes.Change, before: User | None, state: UserState, what: str) -> User:
    """Makes the user what `state` says. Without an effect nothing is written."""
    connection, platform_id = change.connection, change.platform.id
    wanted = _columns(before, state)
    _check_free(change, before, state)
    is_changed = before is None or wanted != {name: getattr(before, name) for name in wanted}
    deactivates = before is not None and before.is_active and wanted["status"] != "active"
    if deactivates:
        brakes.check(connection, platform_id=platform_id)
    now = users.get_time(connection)
    if before is None:
        user_id = store.insert_user(connection, platform_id=platform_id, user=wanted, now=now)
    else:
        user_id = before.id
        if is_changed:
            store.update_user(connection, user_id=user_id, user=wanted, now=now)
    if is_changed or before is None or before.is_hidden or before.user_name is None or before.state != state:
        store.put_stated(connection, platform_id=platform_id, user_id=user_id, state=state, hidden=False, now=now)
        change.what.append(f"user {user_id} {what}")
    if is_changed:
        change.has_version = True
        store.mark_deactivated(connection, user_id=user_id, at=now if deactivates else None)
        change.update_memberships([user_id])
    return _known(store.get_user(connection, platform_id=platform_id, user_id=user_id), user_id)


def _check_free(change: changes.Change, before: User | None, state: UserState) -> None:
    """Raises `ScimError` 409 if another user has the user name or the external id."""
    connection, platform_id = change.connection, change.platform.id
    user_id = before.id if before else None
    if store.has_user_name(connection, platform_id=platform_id, user_name=state.user_name, other_than=user_id):
        raise _taken("userName")
    external_id = state.external_id or state.user_name
    is_new = before is not None and external_id != before.external_id
    if is_new and store.find_by_external_id(connection, platform_id=platform_id, external_id=external_id):
        raise _taken("externalId")


def _columns(before: User | None, state: UserState) -> dict[str, Any]:
    """The user's row."""
    status = "active" if state.active else "pending" if before and before.status == "pending" else "disabled"
    external_id = state.external_id or state.user_name
    return {"external_id": external_id, "name": state.name, "email": state.email, "status": status}


def _known(found: User | None, user_id: int) -> User:
    if found is None:
        raise errors.ScimError(404, f"There is no user {user_id}.", code="not-found")
    return found


def _taken(attribute: str) -> errors.ScimError:
    return errors.ScimError(409, f"Another user has this {attribute}.", scim_type="uniqueness")
