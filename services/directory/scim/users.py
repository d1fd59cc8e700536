"""Users on the wire."""

import hashlib
import json
from typing import Any

import scim2_models
from scim2_models import Context

from services.directory.provisioned import UserState
from services.directory.scim import resources
from services.directory.scim.clean import clean
from services.directory.values import EMAIL, EXTERNAL_ID, Column
from shared import text

_USER_NAME = Column("userName", text.MAX_IDENTIFIER)
_NAME = Column("name", 200, required=False, is_name=True)


def read(payload: dict[str, Any], *, replaces: UserState | None = None) -> UserState:
    """What a client states of a user that is created, or `replaces` one. Raises scim2_models' errors and `pydantic.ValidationError`.

    `active` stays as it is where a replacement leaves it out: it must not bring back somebody who was deactivated.
    """
    context = Context.RESOURCE_CREATION_REQUEST if replaces is None else Context.RESOURCE_REPLACEMENT_REQUEST
    if not any(name.casefold() == "active" and value is not None for name, value in payload.items()):
        rest = {name: value for name, value in payload.items() if name.casefold() != "active"}
        payload = {**rest, "active": True if replaces is None else replaces.active}
    return _state(resources.User.model_validate(payload, scim_ctx=context))


def patch(payload: dict[str, Any], now: UserState) -> UserState:
    """What the operations make of a user. Raises like `read`."""
    kind = scim2_models.PatchOp[resources.User]
    operations = kind.model_validate(_with_paths(payload), scim_ctx=Context.RESOURCE_PATCH_REQUEST)
    user = _resource(now)
    operations.patch(user)
    return _state(user)


def _with_paths(payload: dict[str, Any]) -> dict[str, Any]:
    """The message with an operation of its own for each key of a value that is a path with a filter, as Entra sends it."""
    key = next((name for name in payload if name.casefold() == "operations"), None)
    if key is None or not isinstance(payload[key], list):
        return payload
    operations: list[Any] = []
    for operation in payload[key]:
        value = operation.get("value") if isinstance(operation, dict) and not operation.get("path") else None
        if not isinstance(value, dict):
            operations.append(operation)
            continue
        filtered = {name: one for name, one in value.items() if "[" in name}
        rest = {name: one for name, one in value.items() if name not in filtered}
        operations += [{**operation, "value": rest}] if rest or not filtered else []
        operations += [{**operation, "path": name, "value": one} for name, one in filtered.items()]
    return {**payload, key: operations}


def dump(
    state: UserState, *, meta: dict[str, Any], id_: int, search: scim2_models.SearchRequest[Any]
) -> dict[str, Any]:
    """A user as an answer; `search`: which attributes."""
    user = _resource(state)
    user.id = str(id_)
    user.meta = scim2_models.Meta.model_validate(meta)
    return user.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE, response_parameters=search)


def tag(state: UserState) -> str:
    """The user's ETag, without quotes: of everything but `meta`."""
    content = json.dumps([state.user_name, state.external_id, state.active, dict(state.attributes)], sort_keys=True)
    return hashlib.blake2b(content.encode(), digest_size=12).hexdigest()


def _resource(state: UserState) -> resources.User:
    return resources.User.model_validate(
        {
            "userName": state.user_name,
            "externalId": state.external_id,
            "active": state.active,
            **state.attributes,
        }
    )


def _state(user: resources.User) -> UserState:
    user_name = clean(_USER_NAME, user.user_name, what="userName")
    if user_name is None:
        raise scim2_models.InvalidValueException(detail="userName is empty.")
    attributes: dict[str, Any] = {"displayName": clean(_NAME, user.display_name, what="displayName")}
    if user.name:
        named = {
            key: clean(_NAME, value, what=f"name.{key}")
            for key, value in (
                ("formatted", user.name.formatted),
                ("givenName", user.name.given_name),
                ("familyName", user.name.family_name),
            )
        }
        attributes["name"] = {key: value for key, value in named.items() if value} or None
    emails = [_email(one) for one in user.emails or () if one.value and one.value.strip()]
    attributes["emails"] = emails or None
    return UserState(
        user_name,
        clean(EXTERNAL_ID, user.external_id, what="externalId"),
        bool(user.active),
        {key: value for key, value in attributes.items() if value},
    )


def _email(given: resources.Email) -> dict[str, Any]:
    stated = {
        "value": clean(EMAIL, given.value, what="emails.value"),
        "type": clean(_NAME, given.type, what="emails.type"),
        "primary": given.primary,
    }
    return {key: value for key, value in stated.items() if value is not None}
