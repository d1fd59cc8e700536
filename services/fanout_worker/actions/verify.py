"""Proves that a message reached just whom it should. Called by `message-hub verify`; reads only, and no task runs it."""

import uuid
from collections.abc import Callable

from sqlalchemy import Engine

from services.fanout_worker import proof
from services.fanout_worker.store import messages
from services.fanout_worker.store import proof as store

# progress(done, total): how many windows
Progress = Callable[[int, int], None]


class NotRepairableError(Exception):
    """Nothing may be written of this message any more; says why."""


def verify_message(
    engine: Engine, *, message_id: uuid.UUID, limit: int, progress: Progress = lambda _done, _total: None
) -> proof.Report | None:
    """The report, or None where there is no such message. Names at most `limit` people of each kind, by id.

    What is said of the message comes from one snapshot, and each window from one of its own: nothing is held while a message
    of any size is looked over, and what workers do meanwhile makes nobody missing.
    """
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection, connection.begin():
        facts = store.find_facts(connection, message_id=message_id)
        message = messages.find_message(connection, message_id=message_id)
    if facts is None or message is None:
        return None
    windows = list(proof.windows(facts.batches, facts.last_user_id))
    found: list[tuple[proof.Window, proof.Found]] = []
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for done, window in enumerate(windows, 1):
            one = store.compare(
                connection,
                message_id=message_id,
                sent_at=message.sent_at,
                of=message.audience,
                window=window,
                limit=limit,
            )
            found.append((window, one))
            progress(done, len(windows))
    return proof.sum_up(facts, found, limit=limit)


def check_repairable(report: proof.Report) -> None:
    """Raises `NotRepairableError` where a missing entry is as it should be."""
    if report.facts.is_recalled:
        raise NotRepairableError("it was recalled, and what is not written of it stays unwritten")
    if report.facts.is_expired:
        raise NotRepairableError(
            "its entries have expired: they were dropped with their month and are not written again"
        )
