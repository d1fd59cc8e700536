"""What the statements on users and on groups share: the comparison of names, which users are visible, and pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, text

from services.directory.provisioned import Page

# Of a user u with their row s in scim_users: whether the client sees them. A user whom it deleted is hidden.
VISIBLE = "(NOT coalesce(s.hidden, false) OR u.status <> 'disabled')"


def is_same(column: str, parameter: str) -> str:
    """SQL: whether the column holds the text of the parameter, in any case."""
    return f"casefold({column} COLLATE pg_unicode_fast) = casefold(CAST(:{parameter} AS text) COLLATE pg_unicode_fast)"


@dataclass(frozen=True)
class Kind:
    """Users or groups, in SQL. `conditions`: by attribute; {0} is the name of the parameter."""

    columns: str
    source: str
    of_platform: str
    conditions: Mapping[str, str]

    @property
    def select(self) -> str:
        return f"SELECT {self.columns} FROM {self.source}"  # noqa: S608 (constants)


def list_page(connection: Connection, kind: Kind, *, platform_id: int, page: Page) -> tuple[int, Sequence[Row[Any]]]:
    """How many match, and those of the page, by id."""
    conditions = [kind.of_platform]
    values: dict[str, Any] = {"platform_id": platform_id}
    for number, (attribute, value) in enumerate(page.conditions):
        conditions.append(kind.conditions[attribute].format(f"value_{number}"))
        values[f"value_{number}"] = value
    where = f"WHERE {' AND '.join(conditions)}"
    count = text(f"SELECT count(*) FROM {kind.source} {where}")  # noqa: S608 (constants)
    total = int(connection.execute(count, values).scalar_one())
    if not page.count or page.start > total:
        return total, ()
    statement = text(f"{kind.select} {where} ORDER BY id OFFSET :skipped LIMIT :count")
    return total, connection.execute(statement, {**values, "skipped": page.start - 1, "count": page.count}).all()
