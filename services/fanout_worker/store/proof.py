"""SQL: a message as operators see it, and its recipients compared with its entries. For `message-hub`, as the schema's owner.

Whether a worker will still write an entry is read in the same statement, so from the same snapshot, as the entry: a batch's
entries and its mark are committed together, so an entry that is only late is never called missing.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy
from sqlalchemy import Connection

from services.fanout_worker.domain import proof
from services.fanout_worker.domain.acknowledgements import Acknowledgements
from services.fanout_worker.domain.model import Batch
from shared import audience, lifecycle


@dataclass(frozen=True)
class Person:
    """Who an entry belongs to; None where there is no such user."""

    user_id: int
    platform: str | None
    external_id: str | None


# How far the fan-out of the message `m` is.
PROGRESS = """
    SELECT count(*) AS batches, count(*) FILTER (WHERE delivered_at IS NULL) AS undelivered,
           CAST(coalesce(sum(recipient_count) FILTER (WHERE delivered_at IS NOT NULL), 0) AS bigint) AS delivered_count
    FROM fanout_batches WHERE message_id = m.id
"""

_FIND_MESSAGE = sqlalchemy.text(f"""
    SELECT m.id, m.platform_id, p.key AS platform, s.external_id AS sender, {lifecycle.STATUS} AS status,
           m.directory_version, m.follows, CAST(m.recipient_role AS text) AS recipient_role,
           m.request_id, m.created_at, m.sent_at, m.completed_at, m.recalled_at,
           r.external_id AS recalled_by, m.recipient_count, b.*, m.expand_published_at, m.expand_attempts, m.last_error,
           m.expires_at, {lifecycle.IS_EXPIRED} AS is_expired, {lifecycle.ENTRIES_DROPPED} AS entries_dropped,
           (SELECT coalesce(max(id), 0) FROM users) AS last_user_id,
           (SELECT json_agg(json_build_object(
                'scope_id', t.scope_id, 'level', c.level, 'external_id', c.external_id,
                'is_in_flight', EXISTS (SELECT FROM inflight_targets i WHERE i.message_id = m.id AND i.scope_id = t.scope_id)
            ) ORDER BY t.position)
            FROM message_targets t JOIN scopes c ON c.id = t.scope_id WHERE t.message_id = m.id) AS targets
    FROM messages m
    JOIN platforms p ON p.id = m.platform_id
    JOIN users s ON s.id = m.sender_id
    LEFT JOIN users r ON r.id = m.recalled_by_id
    CROSS JOIN LATERAL ({PROGRESS}) b
    WHERE m.id = :message_id
""")  # noqa: S608 (constants)

_LIST_BATCHES = sqlalchemy.text("""
    SELECT seq, after_user_id, up_to_user_id, recipient_count, delivered_at IS NOT NULL AS is_delivered
    FROM fanout_batches WHERE message_id = :message_id
    ORDER BY seq
""")

# The ranges that a worker will still write: undelivered batches, and the part of the audience that is not cut yet.
_PENDING = """
    pending AS MATERIALIZED (
        SELECT b.after_user_id AS low, b.up_to_user_id AS high FROM fanout_batches b
        WHERE b.message_id = :message_id AND b.delivered_at IS NULL
          AND b.after_user_id < :up_to_user_id AND b.up_to_user_id > :after_user_id
        UNION ALL
        SELECT (SELECT coalesce(max(b.up_to_user_id), 0) FROM fanout_batches b WHERE b.message_id = m.id), :last_user_id
        FROM messages m WHERE m.id = :message_id AND m.status <> 'sent' AND m.recipient_count IS NULL
    )"""
_IS_PENDING = "EXISTS (SELECT FROM pending r WHERE r.low < p.user_id AND p.user_id <= r.high)"
# One probe of the primary key: entries of other messages are not read.
_IS_WRITTEN = """
    EXISTS (SELECT FROM inbox_entries e WHERE e.user_id = p.user_id AND e.sent_at = :sent_at AND e.message_id = :message_id)"""

_COMPARE = {
    people: sqlalchemy.text(f"""
        WITH {_PENDING}, compared AS MATERIALIZED (
            SELECT p.user_id, {_IS_WRITTEN} AS is_written, {_IS_PENDING} AS is_pending FROM ({people}) AS p
        )
        SELECT count(*) AS planned,
               count(*) FILTER (WHERE is_written) AS delivered,
               count(*) FILTER (WHERE NOT is_written AND is_pending) AS pending,
               count(*) FILTER (WHERE NOT is_written AND NOT is_pending) AS absent,
               count(*) FILTER (WHERE is_written AND is_pending) AS early,
               (coalesce(array_agg(user_id ORDER BY user_id) FILTER (WHERE NOT is_written AND NOT is_pending), '{{}}'))[1 : :limit]
                   AS absent_ids
        FROM compared
    """)  # noqa: S608 (only constants are put in)
    for people in audience.STATEMENTS
}

_HAS_NO_ENTRY = """
    NOT EXISTS (SELECT FROM inbox_entries e
                WHERE e.user_id = s.user_id AND e.sent_at = s.sent_at AND e.message_id = s.message_id)"""

# Entries and states without an entry, of all messages or of one.
_COUNT_ROWS = sqlalchemy.text(f"""
    SELECT message_id, sum(entries) AS entries, sum(states) AS states
    FROM (
        SELECT message_id, count(*) AS entries, 0 AS states FROM inbox_entries
        WHERE sent_at >= :month AND sent_at < :next_month
          AND (CAST(:message_id AS uuid) IS NULL OR message_id = :message_id)
        GROUP BY message_id
        UNION ALL
        SELECT s.message_id, 0, count(*) FROM inbox_states s
        WHERE s.sent_at >= :month AND s.sent_at < :next_month
          AND (CAST(:message_id AS uuid) IS NULL OR s.message_id = :message_id) AND {_HAS_NO_ENTRY}
        GROUP BY s.message_id
    ) AS counted
    GROUP BY message_id
""")  # noqa: S608 (a constant)

# In flight a state may come before its entry.
_FIND_STRAYS = {
    people: sqlalchemy.text(f"""
        WITH strays AS MATERIALIZED (
            SELECT e.user_id FROM inbox_entries e LEFT JOIN ({people}) AS p ON p.user_id = e.user_id
            WHERE e.message_id = :message_id AND (p.user_id IS NULL OR e.sent_at <> :sent_at)
        )
        SELECT (SELECT count(*) FROM strays) AS unexpected,
               ARRAY(SELECT DISTINCT user_id FROM strays ORDER BY user_id LIMIT :limit) AS unexpected_ids,
               (SELECT count(*) FROM inbox_states s JOIN messages m ON m.id = s.message_id
                WHERE s.message_id = :message_id AND m.completed_at IS NOT NULL AND {_HAS_NO_ENTRY}) AS states
    """)  # noqa: S608 (only constants are put in)
    for people in audience.STATEMENTS
}

# The platform's own scope has all recipients.
_CHECK_ACKNOWLEDGEMENTS = {
    people: sqlalchemy.text(f"""
        SELECT m.statement IS NOT NULL AS asked, a.*, c.recipients AS counted_recipients,
               c.acknowledged + (SELECT count(*) FROM uncounted_acknowledgements q WHERE q.message_id = m.id) AS counted
        FROM messages m
        CROSS JOIN LATERAL (
            SELECT count(*) AS number, count(*) FILTER (WHERE p.user_id IS NULL) AS strangers,
                   count(*) FILTER (WHERE a.content_hash IS DISTINCT FROM m.content_hash) AS other_texts,
                   count(*) FILTER (WHERE a.acknowledged_at < m.sent_at OR a.sent_at <> m.sent_at) AS too_early
            FROM acknowledgements a LEFT JOIN ({people}) AS p ON p.user_id = a.user_id WHERE a.message_id = m.id
        ) AS a
        LEFT JOIN acknowledgement_counts c ON c.message_id = m.id AND c.scope_id = m.platform_id
        WHERE m.id = :message_id
    """)  # noqa: S608 (only constants are put in)
    for people in audience.STATEMENTS
}
_HAS_ACKNOWLEDGEMENTS = sqlalchemy.text("""
    SELECT (m.statement IS NOT NULL OR EXISTS (SELECT FROM acknowledgements a WHERE a.message_id = m.id))
           AND m.sent_at >= (SELECT acknowledgements_dropped_before FROM inbox_retention)
    FROM messages m WHERE m.id = :message_id
""")

# DO NOTHING: another repair may write the same entries. A message that was recalled meanwhile gets none.
_INSERT_MISSING = {
    people: sqlalchemy.text(f"""
        WITH {_PENDING}
        INSERT INTO inbox_entries (user_id, sent_at, message_id)
        SELECT p.user_id, :sent_at, :message_id FROM ({people}) AS p
        WHERE NOT {_IS_WRITTEN} AND NOT {_IS_PENDING}
          AND EXISTS (SELECT FROM messages m WHERE m.id = :message_id AND NOT {lifecycle.IS_RECALLED})
        ORDER BY p.user_id
        ON CONFLICT DO NOTHING
        RETURNING user_id
    """)  # noqa: S608 (only constants are put in)
    for people in audience.STATEMENTS
}

_LIST_PEOPLE = sqlalchemy.text("""
    SELECT asked.user_id, p.key AS platform, u.external_id
    FROM unnest(CAST(:user_ids AS bigint[])) WITH ORDINALITY AS asked (user_id, position)
    LEFT JOIN users u ON u.id = asked.user_id
    LEFT JOIN platforms p ON p.id = u.platform_id
    ORDER BY asked.position
""")

_LIST_MESSAGES = sqlalchemy.text("""
    SELECT m.id FROM messages m JOIN platforms p ON p.id = m.platform_id
    WHERE m.sent_at >= CAST(:since AS timestamptz) AND (CAST(:platform AS text) IS NULL OR p.key = :platform)
    ORDER BY m.sent_at, m.id
""")


def find_message(connection: Connection, *, message_id: uuid.UUID) -> proof.Message | None:
    row = connection.execute(_FIND_MESSAGE, {"message_id": message_id}).mappings().one_or_none()
    if row is None:
        return None
    return proof.Message(**{**row, "targets": [proof.Target(**target) for target in row["targets"] or ()]})


def list_batches(connection: Connection, *, message_id: uuid.UUID) -> list[Batch]:
    return [Batch(**row) for row in connection.execute(_LIST_BATCHES, {"message_id": message_id}).mappings()]


def compare(connection: Connection, *, message: proof.Message, window: proof.Window, limit: int) -> proof.Found:
    """The recipients in the window now, with at most `limit` ids of those who lack it: 1,000,000 in 5 s."""
    values = {**_parameters(message, window), "limit": limit}
    return proof.Found(**connection.execute(_COMPARE[message.audience.sql], values).mappings().one())


def count_rows(
    connection: Connection, *, month: datetime, message_id: uuid.UUID | None
) -> dict[uuid.UUID, tuple[int, int]]:
    """How many entries each message has in a month, and how many states without an entry; of one message only if it is given."""
    values = {"month": month, "next_month": (month + timedelta(days=31)).replace(day=1), "message_id": message_id}
    return {row.message_id: (int(row.entries), int(row.states)) for row in connection.execute(_COUNT_ROWS, values)}


def find_strays(connection: Connection, *, message: proof.Message, limit: int) -> proof.Strays:
    """The message's rows that should not exist, in all months, with at most `limit` ids. Reads every entry there is."""
    values = {**_parameters(message, proof.EVERYONE), "limit": limit}
    return proof.Strays(**connection.execute(_FIND_STRAYS[message.audience.sql], values).mappings().one())


def check_acknowledgements(connection: Connection, *, message: proof.Message) -> Acknowledgements | None:
    """None where there are none and none are asked for, or they are dropped: most messages. A million take 3 s."""
    if not connection.execute(_HAS_ACKNOWLEDGEMENTS, {"message_id": message.id}).scalar_one():
        return None
    statement = _CHECK_ACKNOWLEDGEMENTS[message.audience.sql]
    return Acknowledgements(**connection.execute(statement, _parameters(message, proof.EVERYONE)).mappings().one())


def insert_missing(connection: Connection, *, message: proof.Message, window: proof.Window) -> list[int]:
    """Writes the entries of the window that no worker will write, and returns their users' ids, in order.

    The caller bumps these users' revisions in the same transaction: without that, polls keep answering 304.
    """
    return sorted(connection.execute(_INSERT_MISSING[message.audience.sql], _parameters(message, window)).scalars())


def list_people(connection: Connection, *, user_ids: list[int]) -> list[Person]:
    """Those users, in the order given."""
    return [Person(**row) for row in connection.execute(_LIST_PEOPLE, {"user_ids": user_ids}).mappings()]


def list_messages(connection: Connection, *, since: datetime | None, platform: str | None) -> list[uuid.UUID]:
    """Messages sent from `since` on, oldest first."""
    values = {"since": since or "-infinity", "platform": platform}
    return list(connection.execute(_LIST_MESSAGES, values).scalars())


def _parameters(message: proof.Message, window: proof.Window) -> dict[str, object]:
    return {
        **message.audience.parameters(after_user_id=window.after_user_id, up_to_user_id=window.up_to_user_id),
        "message_id": message.id,
        "sent_at": message.sent_at,
        "last_user_id": audience.LAST_USER,
    }
