"""SQL: the rows that are valid in a version of a platform's directory.

A row is valid from `valid_from_version` up to, not including, `valid_to_version`; if that is null, it is still valid.
"""


def valid_at(row: str, version: str) -> str:
    """A condition: the `row` (a table's alias in the statement) was valid in `version` (an expression)."""
    return f"{row}.valid_from_version <= {version} AND ({row}.valid_to_version IS NULL OR {row}.valid_to_version > {version})"
