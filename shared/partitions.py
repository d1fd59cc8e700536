"""SQL: the months for which the inbox tables and acknowledgements have partitions."""

import sqlalchemy
from sqlalchemy import Connection

# A month, as YYYY_MM, counts once all tables have its partition.
MONTHS = """
    SELECT right(c.relname, 7) AS month FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent IN (to_regclass('inbox_entries'), to_regclass('inbox_states'), to_regclass('acknowledgements'))
    GROUP BY 1 HAVING count(*) = 3
"""

_LIST_MONTHS = sqlalchemy.text(f"SELECT replace(month, '_', '-') FROM ({MONTHS}) AS made ORDER BY 1")  # noqa: S608 (a constant)


def list_months(connection: Connection) -> list[str]:
    """As YYYY-MM, in order."""
    return list(connection.execute(_LIST_MONTHS).scalars())
