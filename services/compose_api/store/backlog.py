"""SQL: how much is accepted but not yet delivered."""

from dataclasses import dataclass

import sqlalchemy
from sqlalchemy import Connection


@dataclass(frozen=True)
class Backlog:
    messages: int
    oldest_seconds: float
    batches: int
    failing_batches: int


_GET_BACKLOG = sqlalchemy.text("""
    SELECT m.messages, COALESCE(EXTRACT(epoch FROM clock_timestamp() - m.oldest), 0) AS oldest_seconds, b.batches, b.failing
    FROM (SELECT count(*) AS messages, min(sent_at) AS oldest FROM messages
          WHERE status <> 'sent' AND recalled_at IS NULL) AS m,
         (SELECT count(*) AS batches, count(*) FILTER (WHERE b.last_error IS NOT NULL) AS failing
          FROM fanout_batches b JOIN messages m ON m.id = b.message_id
          WHERE b.delivered_at IS NULL AND m.recalled_at IS NULL) AS b
""")


def get_backlog(connection: Connection) -> Backlog:
    row = connection.execute(_GET_BACKLOG).one()
    return Backlog(
        messages=row.messages,
        oldest_seconds=float(row.oldest_seconds),
        batches=row.batches,
        failing_batches=row.failing,
    )
