"""SQL of `message-hub retry`: what waits for its next attempt becomes due at once."""

import collections
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy
from sqlalchemy import Connection

from shared import lifecycle

# Longer than any wait between two attempts.
_LONG_AGO = timedelta(hours=1)
_CHOSEN = """
    (CAST(:message_ids AS uuid[]) IS NULL OR m.id = ANY(:message_ids))
    AND (CAST(:platform_id AS bigint) IS NULL OR m.platform_id = :platform_id)
"""

# A locked row is being worked on.
_MAKE_BATCHES_DUE = sqlalchemy.text(f"""
    WITH waiting AS MATERIALIZED (
        SELECT b.message_id, b.seq FROM fanout_batches b JOIN messages m ON m.id = b.message_id
        WHERE {lifecycle.IS_UNDELIVERED} AND (b.attempts > 0 OR b.last_error IS NOT NULL) AND {_CHOSEN}
        FOR UPDATE OF b SKIP LOCKED
    )
    UPDATE fanout_batches b SET published_at = :long_ago, attempts = 0
    FROM waiting w WHERE b.message_id = w.message_id AND b.seq = w.seq
    RETURNING b.message_id
""")  # noqa: S608 (constants)

_MAKE_MESSAGES_DUE = sqlalchemy.text(f"""
    WITH waiting AS MATERIALIZED (
        SELECT m.id FROM messages m
        WHERE {lifecycle.IS_UNFINISHED} AND m.recipient_count IS NULL AND (m.expand_attempts > 0 OR m.last_error IS NOT NULL)
          AND {_CHOSEN}
        FOR UPDATE SKIP LOCKED
    )
    UPDATE messages m SET expand_published_at = :long_ago, expand_attempts = 0
    FROM waiting w WHERE m.id = w.id
    RETURNING m.id
""")  # noqa: S608 (constants)


@dataclass(frozen=True)
class Due:
    """What of a message is due now: so many batches, and the cutting of its audience."""

    message_id: uuid.UUID
    batches: int
    is_cutting: bool


def make_due(
    connection: Connection,
    *,
    now: datetime,
    message_ids: Sequence[uuid.UUID] | None = None,
    platform_id: int | None = None,
) -> list[Due]:
    """Makes due what failed or was retried and is not done, and counts its retries from 0 again, so that their waits are short.

    Of these messages, of this platform, or of all. The next sweep publishes it.
    """
    chosen = {
        "message_ids": None if message_ids is None else list(message_ids),
        "platform_id": platform_id,
        "long_ago": now - _LONG_AGO,
    }
    batches = collections.Counter(connection.execute(_MAKE_BATCHES_DUE, chosen).scalars())
    cutting = set(connection.execute(_MAKE_MESSAGES_DUE, chosen).scalars())
    return [Due(one, batches[one], one in cutting) for one in sorted({*batches, *cutting})]
