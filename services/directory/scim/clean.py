"""Single values, by the rules of the directory (services/directory/values.py)."""

import scim2_models

from services.directory.values import Column


def clean(column: Column, value: str | None, *, what: str) -> str | None:
    """The value as it is stored; None for an empty one. Raises `scim2_models.InvalidValueException`."""
    if value is None or not value.strip():
        return None
    bad = column.find_bad_characters(value)
    cleaned = column.clean(value)
    problem = bad or column.find_problem(cleaned)
    if problem:
        raise scim2_models.InvalidValueException(detail=f"{what}: {problem}.")
    return cleaned
