"""SQL: the lifecycle of messages, and the users in their audience."""

import uuid
from datetime import datetime

import sqlalchemy
from sqlalchemy import Connection

from services.fanout_worker.domain.batching import Slice
from services.fanout_worker.domain.model import Message
from shared import audience, lifecycle

_FIND_MESSAGE = sqlalchemy.text(f"""
    SELECT m.id, m.sent_at, m.status, m.recipient_count, {lifecycle.IS_RECALLED} AS is_recalled, m.request_id,
           m.directory_version, m.follows, m.recipient_role,
           ARRAY(SELECT t.scope_id FROM message_targets t WHERE t.message_id = m.id ORDER BY t.scope_id) AS scope_ids
    FROM messages m
    WHERE m.id = :message_id
""")  # noqa: S608 (a constant)

_GET_LAST_USER = sqlalchemy.text("SELECT COALESCE(max(id), 0) FROM users")

_MARK_SENDING = sqlalchemy.text("""
    UPDATE messages
    SET status = 'sending', recipient_count = :recipient_count, expand_published_at = :now, expand_attempts = 0, last_error = NULL
    WHERE id = :message_id
""")

_MARK_SENT = sqlalchemy.text("""
    UPDATE messages
    SET status = 'sent', recipient_count = :recipient_count, completed_at = :now, last_error = NULL
    WHERE id = :message_id AND status <> 'sent'
""")

_MARK_FAILED = sqlalchemy.text("UPDATE messages SET last_error = :error WHERE id = :message_id AND status <> 'sent'")

_DELETE_INFLIGHT = sqlalchemy.text("DELETE FROM inflight_targets WHERE message_id = :message_id")

_ESTIMATE = sqlalchemy.text("""
    SELECT CAST(COALESCE(sum(s.user_count), 0) AS bigint) FROM message_targets t
    JOIN scopes s ON s.id = t.scope_id WHERE t.message_id = :message_id
""")

_COUNT_SLICE = {
    people: sqlalchemy.text(f"""
        SELECT count(*) AS counted, COALESCE(max(user_id), 0) AS last_user_id
        FROM ({people} ORDER BY user_id LIMIT :limit) AS first_ones
    """)  # noqa: S608 (constants)
    for people in audience.STATEMENTS
}

_GET_TIME = sqlalchemy.text("SELECT clock_timestamp()")


def find_message(connection: Connection, *, message_id: uuid.UUID) -> Message | None:
    row = connection.execute(_FIND_MESSAGE, {"message_id": message_id}).one_or_none()
    if row is None:
        return None
    return Message(
        id=row.id,
        sent_at=row.sent_at,
        status=row.status,
        recipient_count=row.recipient_count,
        is_recalled=row.is_recalled,
        request_id=row.request_id,
        audience=audience.Audience(
            tuple(row.scope_ids), row.directory_version, row.follows and row.id, row.recipient_role
        ),
    )


def get_last_user_id(connection: Connection) -> int:
    """The highest user id. Users who are added later are in no audience of an earlier message."""
    return int(connection.execute(_GET_LAST_USER).scalar_one())


def get_time(connection: Connection) -> datetime:
    """PostgreSQL's clock, to be bound into statements: Citus allows no now() in an UPDATE."""
    return connection.execute(_GET_TIME).scalar_one()  # type: ignore[no-any-return]


def estimate_recipients(connection: Connection, *, message_id: uuid.UUID) -> int:
    """The sum of the current user counts of the message's scopes: rarely much less than its recipients."""
    return int(connection.execute(_ESTIMATE, {"message_id": message_id}).scalar_one())


def count_slice(
    connection: Connection, *, of: audience.Audience, after_user_id: int, up_to_user_id: int, limit: int
) -> Slice:
    """The first `limit` users of the audience in the range: 2.5 ms for 20,000 users of one scope, 8.5 ms of several."""
    parameters = of.parameters(after_user_id=after_user_id, up_to_user_id=up_to_user_id)
    row = connection.execute(_COUNT_SLICE[of.sql], {**parameters, "limit": limit}).one()
    return Slice(count=row.counted, last_user_id=row.last_user_id)


def mark_sending(connection: Connection, *, message_id: uuid.UUID, recipient_count: int | None, now: datetime) -> None:
    """`recipient_count` is None until the whole audience is cut."""
    connection.execute(_MARK_SENDING, {"message_id": message_id, "recipient_count": recipient_count, "now": now})


def mark_sent(connection: Connection, *, message_id: uuid.UUID, recipient_count: int, now: datetime) -> bool:
    """Returns False if the message was sent before."""
    parameters = {"message_id": message_id, "recipient_count": recipient_count, "now": now}
    return connection.execute(_MARK_SENT, parameters).rowcount == 1


def mark_failed(connection: Connection, *, message_id: uuid.UUID, error: str) -> None:
    connection.execute(_MARK_FAILED, {"message_id": message_id, "error": error})


def delete_inflight_targets(connection: Connection, *, message_id: uuid.UUID) -> None:
    """Readers then find the message in its entries only: all must be committed, or the message be recalled."""
    connection.execute(_DELETE_INFLIGHT, {"message_id": message_id})
