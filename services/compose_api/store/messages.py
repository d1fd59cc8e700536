"""SQL: storing a message with all that belongs to it, finding and recalling one."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy
from sqlalchemy import Connection

from services.compose_api import domain
from services.compose_api.store import audit
from shared import db, versions


@dataclass(frozen=True)
class Earlier:
    """The message that already carries an idempotency key of this sender."""

    id: uuid.UUID
    request_hash: bytes


@dataclass(frozen=True)
class Accepted:
    id: uuid.UUID
    created_at: datetime
    sent_at: datetime


@dataclass(frozen=True)
class Recallable:
    """What decides whether a message may be recalled, and whether it may be seen at all."""

    sender_id: int
    is_recalled: bool
    targets: tuple[domain.Target, ...]


_FIND_EARLIER = sqlalchemy.text("""
    SELECT id, request_hash FROM messages WHERE sender_id = :sender_id AND idempotency_key = :idempotency_key
""")

_GET_FRESH_ID = db.driver_sql("SELECT uuidv7()")

# Runs under the platform's lock: the time is read there and is later than that of every message committed before, even if
# the clock stepped back. So nothing ever appears below what a reader has been shown as the newest.
_INSERT_MESSAGE = db.driver_sql("""
    INSERT INTO messages (id, platform_id, sender_id, title, body, directory_version, request_id, idempotency_key,
                          request_hash, created_at, sent_at)
    SELECT :message_id, :platform_id, :sender_id, :title, :body, :directory_version, :request_id, :idempotency_key,
           :request_hash, now(), greatest(clock_timestamp(), newest.sent_at + interval '1 microsecond')
    FROM (SELECT max(sent_at) AS sent_at FROM messages WHERE platform_id = :platform_id) AS newest
    RETURNING id, created_at, sent_at
""")

_INSERT_TARGETS = db.driver_sql("""
    INSERT INTO message_targets (message_id, position, scope_id)
    SELECT :message_id, t.position, t.scope_id
    FROM unnest(CAST(:scope_ids AS bigint[])) WITH ORDINALITY AS t(scope_id, position)
""")

_INSERT_INFLIGHT = db.driver_sql("""
    INSERT INTO inflight_targets (scope_id, message_id)
    SELECT scope_id, :message_id FROM unnest(CAST(:scope_ids AS bigint[])) AS t(scope_id)
""")

_INSERT_VISIBILITY = db.driver_sql("""
    INSERT INTO message_visibility (scope_id, sent_at, message_id, is_target, directory_version)
    SELECT t.scope_id, m.sent_at, m.id, t.is_target, m.directory_version
    FROM messages m, unnest(CAST(:scope_ids AS bigint[]), CAST(:is_target AS boolean[])) AS t(scope_id, is_target)
    WHERE m.id = :message_id
""")

_FIND_RECALLABLE = sqlalchemy.text(f"""
    SELECT m.sender_id, m.recalled_at IS NOT NULL AS is_recalled, t.scope_id, s.level, s.external_id,
           ARRAY(SELECT a.ancestor_id FROM scope_ancestors a
                 WHERE a.scope_id = t.scope_id AND {versions.valid_at("a", "m.directory_version")}) AS ancestor_ids
    FROM messages m
    JOIN message_targets t ON t.message_id = m.id
    JOIN scopes s ON s.id = t.scope_id
    WHERE m.id = :message_id AND m.platform_id = :platform_id
    ORDER BY t.position
""")  # noqa: S608 (a constant)

# Later than every recall committed before, under the platform's lock: the newest recall tells readers whether anything was.
_GET_RECALL_TIME = sqlalchemy.text("""
    SELECT greatest(clock_timestamp(), newest.recalled_at + interval '1 microsecond')
    FROM (SELECT max(recalled_at) AS recalled_at FROM messages
          WHERE platform_id = :platform_id AND recalled_at IS NOT NULL) AS newest
""")

_MARK_RECALLED = sqlalchemy.text("""
    UPDATE messages SET recalled_at = :recalled_at, recalled_by_id = :user_id WHERE id = :message_id AND recalled_at IS NULL
""")


def find_earlier(connection: Connection, *, sender_id: int, idempotency_key: str) -> Earlier | None:
    row = connection.execute(_FIND_EARLIER, {"sender_id": sender_id, "idempotency_key": idempotency_key}).one_or_none()
    return None if row is None else Earlier(id=row.id, request_hash=bytes(row.request_hash))


def insert_message(
    connection: Connection,
    *,
    platform_id: int,
    sender_id: int,
    draft: domain.Draft,
    directory_version: int,
    origin: audit.Origin,
    idempotency_key: str | None,
    targets: Sequence[domain.Target],
    is_target: Mapping[int, bool],
) -> Accepted:
    """Stores a message with the choice as it was made, the same scopes as being in flight, who may see it, and its line of the audit.

    `is_target` maps every scope concerned to whether it was itself chosen. To be called last: takes the platform's lock, under which
    the message is given its time, until the commit. So that the lock is held for as short as can be, all of it is one round
    trip, hence psycopg's pipeline. Raises `psycopg.errors.UniqueViolation` when the sender has used the idempotency key.
    """
    driver = db.driver(connection)
    ((message_id,),) = driver.execute(_GET_FRESH_ID)
    scope_ids = [target.scope_id for target in targets]
    with driver.pipeline():
        driver.execute(db.LOCK, db.lock_parameters(purpose="accept", key=platform_id))
        stored = driver.execute(
            _INSERT_MESSAGE,
            {
                "message_id": message_id,
                "platform_id": platform_id,
                "sender_id": sender_id,
                "title": draft.title,
                "body": draft.body,
                "directory_version": directory_version,
                "request_id": origin.request_id,
                "idempotency_key": idempotency_key,
                "request_hash": draft.request_hash,
            },
        )
        driver.execute(_INSERT_TARGETS, {"message_id": message_id, "scope_ids": scope_ids})
        driver.execute(_INSERT_INFLIGHT, {"message_id": message_id, "scope_ids": scope_ids})
        driver.execute(
            _INSERT_VISIBILITY,
            {"message_id": message_id, "scope_ids": list(is_target), "is_target": list(is_target.values())},
        )
        event = audit.Event("compose", "accepted", platform_id, sender_id, origin, message_id)
        driver.execute(audit.INSERT, audit.parameters(event))
    (row,) = stored
    return Accepted(*row)


def find_recallable(connection: Connection, *, platform_id: int, message_id: uuid.UUID) -> Recallable | None:
    rows = connection.execute(_FIND_RECALLABLE, {"platform_id": platform_id, "message_id": message_id}).all()
    if not rows:
        return None
    return Recallable(
        sender_id=rows[0].sender_id,
        is_recalled=rows[0].is_recalled,
        targets=tuple(
            domain.Target(row.scope_id, row.level, row.external_id, frozenset(row.ancestor_ids)) for row in rows
        ),
    )


def mark_recalled(connection: Connection, *, platform_id: int, message_id: uuid.UUID, user_id: int) -> bool:
    """Recalls the message unless it is recalled already, and says whether. The platform's `recall` lock must be held.

    The time is bound: Citus takes no now() in an UPDATE.
    """
    recalled_at = connection.execute(_GET_RECALL_TIME, {"platform_id": platform_id}).scalar_one()
    marked = connection.execute(
        _MARK_RECALLED, {"message_id": message_id, "user_id": user_id, "recalled_at": recalled_at}
    )
    return marked.rowcount > 0
