"""Groups on the wire. Members are kept apart: a change names a few of many, and the others are never loaded."""

from collections.abc import Iterable
from typing import Any

import scim2_models
from scim2_models import Context, Path
from scim2_models.path import AttrPath, CompareOperator, Comparison, FilterNode, LogicalExpr, LogicalOperator, ValuePath

from services.directory.provisioned import GroupState, MemberChange, StatedScope, is_id
from services.directory.scim import resources
from services.directory.scim.clean import clean
from services.directory.values import EXTERNAL_ID, Column

_NAME = Column("displayName", 255)
_ROLES = ("member", "administrator")
_LEVELS = ("platform", "organisation", "clinic")
_MEMBERS = "members"
# What a client repeats of a resource without meaning a change.
_UNCHANGEABLE = ("id", "schemas", "meta")


def read(payload: dict[str, Any], *, replaces: bool = False) -> tuple[GroupState, MemberChange]:
    """What a client states of a group that is created or replaced. Raises scim2_models' errors and `pydantic.ValidationError`."""
    rest, given = _split(payload)
    context = Context.RESOURCE_REPLACEMENT_REQUEST if replaces else Context.RESOURCE_CREATION_REQUEST
    state = _state(resources.ScopedGroup.model_validate(rest, scim_ctx=context))
    return state, MemberChange(frozenset(_read_members(given)), replaces=True)


def patch(payload: dict[str, Any], now: GroupState) -> tuple[GroupState, MemberChange]:
    """What the operations make of a group, and who joins and leaves. Raises like `read`."""
    members = MemberChange()
    others = []
    for operation in _operations(payload):
        op, path, value = operation["op"], operation.get("path"), operation.get("value")
        if path is None and isinstance(value, dict):
            rest, given = _split(value)
            rest = {name: one for name, one in rest.items() if name.casefold() not in _UNCHANGEABLE}
            if given is not None:
                members = _change(members, op, None, given)
            if rest or given is None:
                others.append({**operation, "value": rest})
        elif isinstance(path, str) and (found := Path[resources.ScopedGroup](path)).attr.casefold() == _MEMBERS:
            members = _change(members, op, found, value)
        else:
            others.append(operation)
    group = _resource(now)
    if others:
        rest = {**payload, "Operations": others}
        kind = scim2_models.PatchOp[resources.ScopedGroup]
        kind.model_validate(rest, scim_ctx=Context.RESOURCE_PATCH_REQUEST).patch(group)
    return _state(group), members


def dump(
    state: GroupState,
    *,
    meta: dict[str, Any],
    id_: int,
    members: Iterable[dict[str, str]] | None,
    search: scim2_models.SearchRequest[Any],
) -> dict[str, Any]:
    """A group as an answer, with `members` unless that is None; `search`: which attributes."""
    group = _resource(state)
    group.id = str(id_)
    group.meta = scim2_models.Meta.model_validate(meta)
    dumped: dict[str, Any] = group.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE, response_parameters=search)
    if members is not None:
        dumped[_MEMBERS] = list(members)
    return dumped


def wants_members(search: scim2_models.SearchRequest[Any]) -> bool:
    """Whether an answer names the members."""
    if search.attributes:
        return any(one.attr.casefold() == _MEMBERS for one in search.attributes)
    return not any(one.attr.casefold() == _MEMBERS for one in search.excluded_attributes or ())


def _operations(payload: dict[str, Any]) -> list[dict[str, Any]]:
    """The operations of a message with `op` in lower case. The rest of the message is checked by scim2_models."""
    given = next((one for name, one in payload.items() if name.casefold() == "operations"), None)
    if not isinstance(given, list) or not given or not all(isinstance(one, dict) for one in given):
        raise scim2_models.InvalidSyntaxException(detail="Operations must be a list of objects, and not empty.")
    operations = [{name.casefold(): one for name, one in operation.items()} for operation in given]
    for operation in operations:
        operation["op"] = str(operation.get("op", "")).casefold()
        if operation["op"] not in ("add", "remove", "replace"):
            raise scim2_models.InvalidSyntaxException(detail="op must be add, remove or replace.")
    return operations


def _split(payload: dict[str, Any]) -> tuple[dict[str, Any], Any]:
    """An object without its members, and these; None where it has none."""
    rest = {name: one for name, one in payload.items() if name.casefold() != _MEMBERS}
    given = [one for name, one in payload.items() if name.casefold() == _MEMBERS]
    return rest, given[0] if given else None


def _change(before: MemberChange, op: str, path: Path[Any] | None, value: Any) -> MemberChange:
    """One more operation on the members, after those of `before`."""
    selected = None if path is None else _selected(path)
    if op == "remove":
        # Entra names the members to remove in the value. Read to the letter that would remove everybody.
        leaving = selected if selected is not None else None if value is None else set(_read_members(value))
        if leaving is None:
            return MemberChange(replaces=True)
        return MemberChange(before.joining - leaving, before.leaving | leaving, before.replaces)
    if selected is not None:
        raise scim2_models.InvalidPathException(detail="Members are added and replaced by their value.")
    joining = frozenset(_read_members(value))
    if op == "replace":
        return MemberChange(joining, replaces=True)
    return MemberChange(before.joining | joining, before.leaving - joining, before.replaces)


def _selected(path: Path[Any]) -> set[int] | None:
    """The members that a path selects; None for all of them."""
    match path.ast:
        case AttrPath(sub_attr=None):
            return None
        case ValuePath(val_filter=selection, sub_attr=None):
            return set(_values(selection))
        case _:
            raise scim2_models.InvalidPathException(detail='Use members, or members[value eq "…"].')


def _values(selection: FilterNode) -> Iterable[int]:
    match selection:
        case LogicalExpr(op=LogicalOperator.or_, terms=terms):
            for term in terms:
                yield from _values(term)
        case Comparison(op=CompareOperator.eq, attr_path=AttrPath(attr=attribute, sub_attr=None), value=str(value)) if (
            attribute.casefold() == "value"
        ):
            # A value that cannot be an id selects no member.
            yield int(value) if is_id(value) else 0
        case _:
            raise scim2_models.InvalidFilterException(detail='Members are selected by value eq "…", joined by or.')


def _read_members(given: Any) -> Iterable[int]:
    """The ids in a list of members, or a single one. Raises for groups, which are no members here."""
    for member in given if isinstance(given, list) else [] if given is None else [given]:
        stated = (
            {name.casefold(): one for name, one in member.items()} if isinstance(member, dict) else {"value": member}
        )
        value = stated.get("value")
        if str(stated.get("type") or "user").casefold() == "group" or "/groups/" in str(stated.get("$ref")).casefold():
            raise scim2_models.InvalidValueException(detail="Groups inside groups are not supported; use their users.")
        if not isinstance(value, str) or not value:
            raise scim2_models.InvalidValueException(
                detail="A member must be an object with the id of a user as value."
            )
        if not is_id(value):
            raise scim2_models.InvalidValueException(detail=f"There is no user {value[:100]!r}.")
        yield int(value)


def _resource(state: GroupState) -> Any:
    stated: dict[str, Any] = {"displayName": state.display_name, "externalId": state.external_id}
    if state.scope:
        scope = {"scopeId": state.scope.external_id, "role": state.scope.role, "level": state.scope.level}
        stated[resources.SCOPE_SCHEMA] = {name: value for name, value in scope.items() if value}
    return resources.ScopedGroup.model_validate(stated)


def _state(group: Any) -> GroupState:
    name = clean(_NAME, group.display_name, what="displayName")
    if name is None:
        raise scim2_models.InvalidValueException(detail="displayName is empty.")
    return GroupState(name, clean(EXTERNAL_ID, group.external_id, what="externalId"), _scope(group[resources.Scope]))


def _scope(stated: resources.Scope | None) -> StatedScope | None:
    if stated is None or not (stated.scope_id or stated.role or stated.level):
        return None
    scope_id = clean(EXTERNAL_ID, stated.scope_id, what="scopeId")
    role, level = (value and value.casefold() for value in (stated.role, stated.level))
    if (role and role not in _ROLES) or (level and level not in _LEVELS):
        raise scim2_models.InvalidValueException(
            detail=f"A role is one of {', '.join(_ROLES)}, and a level one of {', '.join(_LEVELS)}."
        )
    return StatedScope(scope_id, role or None, level or None)
