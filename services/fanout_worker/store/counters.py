"""SQL: what workers count for operators. In PostgreSQL, so that it is the same whoever is asked, and outlives every process."""

import sqlalchemy
from sqlalchemy import Connection

# Sweeps that ended, and those that began.
SWEEPS = "sweeps"
_SWEEPS_BEGUN = "sweeps_begun"
# What a sweep had to do because something was lost or left undone.
MESSAGES_PUBLISHED_AGAIN = "messages_published_again"
BATCHES_PUBLISHED_AGAIN = "batches_published_again"
MESSAGES_COMPLETED = "messages_completed"
# Attempts that raised: those that are tried again at once and those that are left to the sweep.
TASKS_FAILED = "tasks_failed"
# Tasks that a worker did not try, because it does not know their version, their fields or their name.
TASKS_REFUSED = "tasks_refused"

# PostgreSQL's own clock: this table is never distributed.
_ADD = sqlalchemy.text("""
    INSERT INTO fanout_counters AS c (name, value, changed_at, detail) VALUES (:name, :count, clock_timestamp(), :detail)
    ON CONFLICT (name) DO UPDATE SET value = c.value + excluded.value, changed_at = excluded.changed_at, detail = excluded.detail
""")

# A begin far ahead of the clock, which was set back, counts for nothing.
_BEGIN_SWEEP = sqlalchemy.text("""
    INSERT INTO fanout_counters AS c (name, value, changed_at) VALUES (:name, 1, clock_timestamp())
    ON CONFLICT (name) DO UPDATE SET value = c.value + 1, changed_at = excluded.changed_at
    WHERE c.changed_at NOT BETWEEN excluded.changed_at - make_interval(secs => :period_s)
                               AND excluded.changed_at + make_interval(secs => :period_s)
""")


def add(connection: Connection, *, name: str, count: int = 1, detail: str | None = None) -> None:
    """Last in its transaction: others who count the same thing wait for it to end. `detail` is kept of the last one."""
    connection.execute(_ADD, {"name": name, "count": count, "detail": detail})


def begin_sweep(connection: Connection, *, period_s: float) -> bool:
    """Whether a sweep may begin: none has within `period_s`, by PostgreSQL's clock."""
    return connection.execute(_BEGIN_SWEEP, {"name": _SWEEPS_BEGUN, "period_s": period_s}).rowcount == 1
