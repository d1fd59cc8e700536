"""SQL: the counters that workers keep for operators. In PostgreSQL, so that they are the same everywhere and outlive every process."""

import sqlalchemy
from sqlalchemy import Connection

# Sweeps that ended, and those that began.
SWEEPS = "sweeps"
_SWEEPS_BEGUN = "sweeps_begun"
# What sweeps repaired.
MESSAGES_PUBLISHED_AGAIN = "messages_published_again"
BATCHES_PUBLISHED_AGAIN = "batches_published_again"
MESSAGES_COMPLETED = "messages_completed"
# Tasks of an unknown version, name or shape, which were not run.
TASKS_REFUSED = "tasks_refused"

# clock_timestamp() is allowed: Citus never distributes this table.
_BUMP = sqlalchemy.text("""
    INSERT INTO fanout_counters AS c (name, value, changed_at, detail) VALUES (:name, :count, clock_timestamp(), :detail)
    ON CONFLICT (name) DO UPDATE SET value = c.value + excluded.value, changed_at = excluded.changed_at, detail = excluded.detail
""")

# A time far ahead of a clock that was set back is ignored.
_CLAIM_SWEEP = sqlalchemy.text("""
    INSERT INTO fanout_counters AS c (name, value, changed_at) VALUES (:name, 1, clock_timestamp())
    ON CONFLICT (name) DO UPDATE SET value = c.value + 1, changed_at = excluded.changed_at
    WHERE c.changed_at NOT BETWEEN excluded.changed_at - make_interval(secs => :period_s)
                               AND excluded.changed_at + make_interval(secs => :period_s)
""")


def bump(connection: Connection, *, name: str, count: int = 1, detail: str | None = None) -> None:
    """Last in its transaction, which locks the counter until it ends. The last `detail` is kept."""
    connection.execute(_BUMP, {"name": name, "count": count, "detail": detail})


def claim_sweep(connection: Connection, *, period_s: float) -> bool:
    """Whether a sweep may begin: none began within `period_s`, by PostgreSQL's clock."""
    return connection.execute(_CLAIM_SWEEP, {"name": _SWEEPS_BEGUN, "period_s": period_s}).rowcount == 1
