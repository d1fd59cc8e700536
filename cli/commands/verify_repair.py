"""Writes the entries that `message-hub verify` found missing. It writes tables of two services, so it is here (docs/decisions/0012)."""

import uuid

from sqlalchemy import Engine

from cli import connect
from cli.store import audit as audit_store
from services.fanout_worker import proof
from services.fanout_worker.actions import verify
from services.fanout_worker.store import messages
from services.fanout_worker.store import proof as worker_store
from services.inbox_api.store import states
from shared import db


def repair_message(
    engine: Engine, *, message_id: uuid.UUID, report: proof.Report, progress: verify.Progress, by: str = "unknown"
) -> int:
    """The number of entries written. `engine` is the owner's. Safe to run at any time, to repeat and to interrupt.

    One transaction per window: the entries, as fanout_worker, and their users' revisions, as inbox_api, so that old ETags no longer
    match. Entries that a worker will write are left to it. The audit trail names `by`. Raises `verify.NotRepairableError`.
    """
    verify.check_repairable(report)
    written = 0
    for done, window in enumerate(report.lacking, 1):
        with engine.begin() as connection:
            connect.act_as(connection, db.WORKER_ROLE)
            message = messages.find_message(connection, message_id=message_id)
            if message is None or message.is_recalled:
                raise verify.NotRepairableError("it was recalled just now")
            user_ids = worker_store.insert_missing(
                connection, message_id=message_id, sent_at=message.sent_at, of=message.audience, window=window
            )
            connect.act_as(connection, db.INBOX_ROLE)
            states.bump_revisions(connection, user_ids=user_ids)
            if user_ids:
                connect.act_as(connection, None)
                audit_store.insert_repair(connection, message_id=message_id, operator=by, entries=len(user_ids))
        written += len(user_ids)
        progress(done, len(report.lacking))
    return written
