"""Writes the entries that `message-hub verify` found missing. It writes tables of two services, so it is here (docs/decisions/0012)."""

from sqlalchemy import Engine

from cli import connect
from cli.store import audit
from services.fanout_worker.actions import verify
from services.fanout_worker.domain import proof
from services.fanout_worker.store import proof as store
from services.inbox_api.store import states
from shared import db


def repair_message(
    engine: Engine, *, report: proof.Report, progress: verify.Progress = verify.ignore, by: str = "unknown"
) -> int:
    """The number of entries written. `engine` is the owner's. Safe to run at any time, to repeat and to interrupt.

    One transaction per window: the entries, as fanout_worker, and their users' revisions, as inbox_api, so that old ETags no longer
    match. Entries that a worker will write are left to it. The audit trail names `by`. Raises `verify.NotRepairableError`.
    """
    verify.check_repairable(report.message)
    written = 0
    for done, window in enumerate(report.lacking, 1):
        with engine.begin() as connection:
            now = store.find_message(connection, message_id=report.message.id)
            if now is None or now.recalled_at is not None:
                raise verify.NotRepairableError("it was recalled just now")
            connect.act_as(connection, db.WORKER_ROLE)
            user_ids = store.insert_missing(connection, message=now, window=window)
            connect.act_as(connection, db.INBOX_ROLE)
            states.bump_revisions(connection, user_ids=user_ids)
            if user_ids:
                connect.act_as(connection, None)
                detail = f"{len(user_ids)} entries written"
                audit.insert(connection, action="repair", message_id=now.id, operator=by, detail=detail)
        written += len(user_ids)
        progress(done, len(report.lacking))
    return written
