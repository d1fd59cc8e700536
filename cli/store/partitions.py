"""SQL: which months have partitions, and which should have."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy
from sqlalchemy import Connection


@dataclass(frozen=True)
class Partitions:
    """Months (YYYY-MM) that have a partition in both inbox tables, and until when entries have been dropped."""

    months: tuple[str, ...]
    dropped_before: datetime | None


_GET_PARTITIONS = sqlalchemy.text("""
    SELECT replace(right(c.relname, 7), '_', '-') AS month
    FROM pg_inherits i
    JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent IN (to_regclass('inbox_entries'), to_regclass('inbox_states'))
    GROUP BY 1
    HAVING count(*) = 2
    ORDER BY 1
""")

# -infinity: nothing was dropped yet.
_GET_DROPPED_BEFORE = sqlalchemy.text("""
    SELECT CASE WHEN isfinite(dropped_before) THEN dropped_before END FROM inbox_retention
""")

_LIST_EXPECTED_MONTHS = sqlalchemy.text("""
    SELECT to_char((now() AT TIME ZONE 'UTC') + month * interval '1 month', 'YYYY-MM')
    FROM generate_series(0, CAST(:ahead AS integer)) month
    ORDER BY month
""")


def get_partitions(connection: Connection) -> Partitions:
    months = tuple(connection.execute(_GET_PARTITIONS).scalars())
    return Partitions(months, connection.execute(_GET_DROPPED_BEFORE).scalar_one_or_none())


def list_expected_months(connection: Connection, *, ahead: int) -> list[str]:
    """This month and the next `ahead` ones in UTC, as the partitions are named."""
    return list(connection.execute(_LIST_EXPECTED_MONTHS, {"ahead": ahead}).scalars())
