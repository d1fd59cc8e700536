"""SQL: what workers count for operators. In PostgreSQL, so that it is the same whoever is asked, and outlives every process."""

import sqlalchemy
from sqlalchemy import Connection

SWEEPS = "sweeps"
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
    INSERT INTO fanout_counters AS c (name, value, changed_at) VALUES (:name, :count, clock_timestamp())
    ON CONFLICT (name) DO UPDATE SET value = c.value + excluded.value, changed_at = excluded.changed_at
""")


def add(connection: Connection, *, name: str, count: int = 1) -> None:
    """Last in its transaction: whoever counts the same thing waits for it to end."""
    connection.execute(_ADD, {"name": name, "count": count})
