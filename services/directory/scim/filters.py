"""Filters, as far as clients send them: comparisons by `eq`, joined by `and`."""

from collections.abc import Iterator, Mapping
from typing import Any

import scim2_models
from scim2_models.path import AttrPath, CompareOperator, Comparison, FilterNode, LogicalExpr, LogicalOperator, ValuePath

from services.directory.provisioned import is_id
from shared import text

MAX_LENGTH = 2_000
Conditions = tuple[tuple[str, Any], ...]
# Of an attribute with several values, what a comparison without a sub-attribute means; and what is no condition: only one address is kept.
_VALUE, _IGNORED = "value", {("emails", "type"), ("emails", "primary"), ("members", "type")}


def read(found: scim2_models.ScimFilter[Any] | None, known: Mapping[str, type]) -> Conditions:
    """Attribute and value of each comparison. `known`: the attributes that can be compared, with their type.

    Raises `scim2_models.InvalidFilterException`.
    """
    if found is None:
        return ()
    if len(found) > MAX_LENGTH:
        raise _refused(f"a filter has at most {MAX_LENGTH} characters")
    names = {name.casefold(): name for name in known}
    conditions = []
    for attribute, sub_attribute, value in _comparisons(found.ast):
        name = names.get(attribute.casefold())
        sub = (sub_attribute or _VALUE).casefold()
        if name is not None and (name, sub) in _IGNORED:
            continue
        if name is None or sub != _VALUE:
            raise _refused(f"{attribute} cannot be compared; use {', '.join(known)}")
        conditions.append((name, _value(name, value, known[name])))
    return tuple(conditions)


def _comparisons(node: FilterNode, inside: str | None = None) -> Iterator[tuple[str, str | None, Any]]:
    match node:
        case LogicalExpr(op=LogicalOperator.and_, terms=terms):
            for term in terms:
                yield from _comparisons(term, inside)
        case ValuePath(attr_path=path, val_filter=selection) if inside is None and path.sub_attr is None:
            yield from _comparisons(selection, path.attr)
        case Comparison(op=CompareOperator.eq, attr_path=AttrPath(attr=attribute, sub_attr=sub_attribute), value=value):
            yield (attribute, sub_attribute, value) if inside is None else (inside, attribute, value)
        case _:
            raise _refused("only comparisons by eq are supported, joined by and")


def _value(name: str, value: Any, kind: type) -> Any:
    """The value to look for; ids that are no numbers match nothing."""
    if kind is int:
        return int(value) if isinstance(value, str) and is_id(value) else 0
    if kind is bool and isinstance(value, str) and value.casefold() in ("true", "false"):
        return value.casefold() == "true"
    if not isinstance(value, kind) or (isinstance(value, str) and not text.is_storable(value)):
        raise _refused(f"{name} is compared with a value of another type")
    return value


def _refused(why: str) -> scim2_models.InvalidFilterException:
    return scim2_models.InvalidFilterException(detail=f"This filter is not supported: {why}.")
