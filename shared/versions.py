"""SQL: what was true in a version of a platform's directory. Each row of the directory's history has the versions it is valid in.

A row is valid from a version up to, not including, another; without the second it is valid still.
"""


def valid_at(row: str, version: str) -> str:
    """A condition: the `row` (a table's alias in the statement) was valid in `version` (an expression)."""
    return f"{row}.valid_from_version <= {version} AND ({row}.valid_to_version IS NULL OR {row}.valid_to_version > {version})"
