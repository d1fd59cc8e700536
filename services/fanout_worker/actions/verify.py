"""Proves that messages reached exactly their recipients. Called by `message-hub verify` as the schema's owner; reads only."""

import uuid
from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy import Engine

from services.fanout_worker.domain import proof
from services.fanout_worker.store import proof as store
from shared import partitions

# progress(done, total): how many statements
Progress = Callable[[int, int], None]
# By message: its entries, and its states without an entry.
RowCounts = Mapping[uuid.UUID, tuple[int, int]]


def ignore(_done: int, _total: int) -> None:
    """A `Progress` that shows nothing."""


class NotRepairableError(Exception):
    """No more entries of this message may be written; says why."""


def count_rows(engine: Engine, *, message_id: uuid.UUID | None = None, progress: Progress = ignore) -> RowCounts:
    """One pass over all entries and states, a statement per month: 18,000,000 entries in 4 s."""
    counts: dict[uuid.UUID, tuple[int, int]] = {}
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        months = partitions.list_months(connection)
        for done, month in enumerate(months, 1):
            first = datetime.fromisoformat(f"{month}-01T00:00Z")
            for key, (entries, states) in store.count_rows(connection, month=first, message_id=message_id).items():
                before = counts.get(key, (0, 0))
                counts[key] = (before[0] + entries, before[1] + states)
            progress(done, len(months))
    return counts


def verify_message(
    engine: Engine,
    *,
    message_id: uuid.UUID,
    limit: int,
    row_counts: RowCounts | None = None,
    progress: Progress = ignore,
) -> proof.Report | None:
    """The report, or None for an unknown message. Names at most `limit` people of each kind, by id.

    `row_counts` were counted before, for many messages at once. Each window of recipients is a snapshot of its own. Rows that
    should not exist are searched, at the cost of reading every entry, only where the counts leave room for some.
    """
    if row_counts is None:
        row_counts = count_rows(engine, message_id=message_id)
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection, connection.begin():
        message = store.find_message(connection, message_id=message_id)
        batches = store.list_batches(connection, message_id=message_id)
    if message is None:
        return None
    if message.is_counted_only:
        return proof.sum_up(message, batches, proof.found_in_batches(batches), proof.Strays(), limit=limit)
    windows = list(proof.windows(batches, message.last_user_id))
    found: list[tuple[proof.Window, proof.Found]] = []
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for done, window in enumerate(windows, 1):
            found.append((window, store.compare(connection, message=message, window=window, limit=limit)))
            progress(done, len(windows))
        strays = proof.Strays()
        entries, states = row_counts.get(message_id, (0, 0))
        is_complete = message.completed_at is not None
        is_changing = not is_complete and not message.is_final
        if is_changing or entries != sum(one.delivered for _, one in found) or (is_complete and states):
            strays = store.find_strays(connection, message=message, limit=limit)
        acknowledged = store.check_acknowledgements(connection, message=message)
    return proof.sum_up(message, batches, found, strays, limit=limit, acknowledged=acknowledged)


def check_repairable(message: proof.Message) -> None:
    """Raises `NotRepairableError` where a missing entry is as it should be."""
    if message.status == "recalled":
        raise NotRepairableError("it was recalled, and what is not written of it stays unwritten")
    if message.entries_dropped:
        raise NotRepairableError(
            "its entries were past the retention: they were dropped with their month and are not written again"
        )
