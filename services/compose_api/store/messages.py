"""SQL: storing a message with all that belongs to it, finding and recalling one."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
import sqlalchemy
from psycopg import rows
from sqlalchemy import Connection

from services.compose_api import domain
from services.compose_api.store import audiences, follow_ups
from shared import audit, db, lifecycle, versions
from shared.audience import ChosenScopes
from shared.auth.store import Caller
from shared.sent_messages import words


@dataclass(frozen=True)
class Earlier:
    """The message, or draft, that the same person made with the same idempotency key."""

    id: uuid.UUID
    request_hash: bytes


@dataclass(frozen=True)
class New:
    """What is sent by whom. `message_id`: a draft's; None for a new one. `detail` is for the audit trail."""

    caller: Caller
    content: domain.Content
    origin: audit.Origin
    idempotency_key: str | None = None
    message_id: uuid.UUID | None = None
    detail: str | None = None


@dataclass(frozen=True)
class Accepted:
    id: uuid.UUID
    created_at: datetime
    sent_at: datetime
    audience: ChosenScopes


@dataclass(frozen=True)
class Recallable:
    """The facts that decide whether a message may be seen and recalled."""

    sender_id: int
    is_recalled: bool
    targets: tuple[domain.Target, ...]


_FIND_EARLIER = db.driver_sql("""
    SELECT id, request_hash FROM messages WHERE sender_id = :sender_id AND idempotency_key = :idempotency_key
""")

_WORDS = words.vector(platform_id=":platform_id", title=":title", body=":body", category="CAST(:category AS text)")
# A message and all its rows in one statement in autocommit: the platform's lock, which next_sent_at takes, is held for no round trip.
# Nothing is stored if the directory has changed since the choice was read.
_INSERT = f"""
    WITH message AS (
        INSERT INTO messages (id, platform_id, sender_id, title, body, category, priority, pinned_until, expires_at, follows, follows_only,
                              directory_version, request_id, idempotency_key, request_hash, created_at, sent_at)
        SELECT coalesce(CAST(:new_id AS uuid), uuidv7()), p.id, :user_id, :title, :body, :category, :priority, :pinned_until, :expires_at,
               :follows, :only, :audience_version, :request_id, :idempotency_key, :request_hash, now(), taken.sent_at
        FROM platforms p CROSS JOIN LATERAL (SELECT {{next_sent_at}} AS sent_at) AS taken
        WHERE p.id = :platform_id AND p.directory_version = :directory_version AND taken.sent_at IS NOT NULL
        RETURNING id, directory_version, created_at, sent_at
    ), targets AS (
        INSERT INTO message_targets (message_id, position, scope_id)
        SELECT m.id, t.position, t.scope_id
        FROM message m, unnest(CAST(:target_ids AS bigint[])) WITH ORDINALITY AS t(scope_id, position)
    ), in_flight AS (
        INSERT INTO inflight_targets (scope_id, message_id)
        SELECT t.scope_id, m.id FROM message m, unnest(CAST(:target_ids AS bigint[])) AS t(scope_id)
    ), visibility AS (
        INSERT INTO message_visibility (scope_id, sent_at, message_id, is_target, directory_version)
        SELECT t.scope_id, m.sent_at, m.id, t.is_target, m.directory_version
        FROM message m, unnest(CAST(:visible_ids AS bigint[]), CAST(:is_target AS boolean[])) AS t(scope_id, is_target)
    ), searched AS (
        INSERT INTO message_words (message_id, words)
        SELECT m.id, {_WORDS} FROM message m
    ), audited AS (
        {audit.INSERT.format(message_id="m.id")} FROM message m
    ){{more}}
    SELECT id, created_at, sent_at FROM message
"""  # noqa: S608 (a constant)
_INSERT_MESSAGE = db.driver_sql(_INSERT.format(next_sent_at="next_sent_at(p.id)", more=""))
_FOLLOWED = f""", followed AS (
        INSERT INTO followed_messages (message_id, earlier_id, earlier_sent_at, follows_only, accepted_at, platform_id, directory_version,
                                       active_version)
        SELECT m.id, f.* FROM message m CROSS JOIN LATERAL ({follow_ups.NEXT_CHAIN.format(accepted_at="m.sent_at")}) AS f
    )"""  # noqa: S608 (a constant)
_INSERT_FOLLOW_UP = db.driver_sql(
    _INSERT.format(next_sent_at="next_follow_up_sent_at(p.id, CAST(:follows AS uuid))", more=_FOLLOWED)
)

_FIND_RECALLABLE = sqlalchemy.text(f"""
    SELECT m.sender_id, {lifecycle.IS_RECALLED} AS is_recalled, t.scope_id, s.level, s.external_id,
           ARRAY(SELECT a.ancestor_id FROM scope_ancestors a
                 WHERE a.scope_id = t.scope_id AND {versions.valid_at("a", "m.directory_version")}) AS ancestor_ids
    FROM messages m
    JOIN message_targets t ON t.message_id = m.id
    JOIN scopes s ON s.id = t.scope_id
    WHERE m.id = :message_id AND m.platform_id = :platform_id
    ORDER BY t.position
""")  # noqa: S608 (a constant)

# Under the platform's lock: later than every committed recall, so that readers see from the newest recall whether anything changed. A
# recall is possible while the clock is wrong too.
_GET_RECALL_TIME = sqlalchemy.text("""
    SELECT greatest(plausible_time(), newest.recalled_at + interval '1 microsecond')
    FROM (SELECT max(recalled_at) AS recalled_at FROM messages
          WHERE platform_id = :platform_id AND recalled_at IS NOT NULL) AS newest
""")

_MARK_RECALLED = sqlalchemy.text("""
    UPDATE messages SET recalled_at = :recalled_at, recalled_by_id = :user_id WHERE id = :message_id AND recalled_at IS NULL
""")


def find_earlier(connection: psycopg.Connection[Any], *, sender_id: int, idempotency_key: str) -> Earlier | None:
    cursor = connection.cursor(row_factory=rows.class_row(Earlier))
    return cursor.execute(_FIND_EARLIER, {"sender_id": sender_id, "idempotency_key": idempotency_key}).fetchone()


def insert_message(connection: psycopg.Connection[Any], *, new: New, choice: audiences.Choice) -> Accepted | None:
    """Stores a message, its targets (also as in flight), its visibility, its words and its audit event.

    None, and nothing stored, if the directory is at another version than the choice's by now, or if who had read the earlier message of a
    follow-up has just been dropped.
    Raises `psycopg.errors.UniqueViolation` when the sender has used the idempotency key.
    """
    visibility = domain.visibility(choice.targets)
    caller, content = new.caller, new.content
    details = (new.detail, None if content.follows is None else f"follows {content.follows}")
    detail = "; ".join(filter(None, details)) or None
    event = audit.Event("compose", "accepted", caller.platform_id, caller.user_id, new.origin, detail=detail)
    stored = (
        connection.cursor(row_factory=rows.dict_row)
        .execute(
            _INSERT_MESSAGE if choice.follow_up is None else _INSERT_FOLLOW_UP,
            {
                **audit.parameters(event),
                "new_id": new.message_id,
                "title": content.title,
                "body": content.body,
                "category": content.category,
                "priority": content.priority,
                "pinned_until": content.pinned_until,
                "expires_at": content.expires_at,
                "follows": content.follows,
                "only": content.only,
                "directory_version": choice.directory_version,
                "active_version": choice.directory_version,
                "audience_version": choice.audience_version,
                "idempotency_key": new.idempotency_key,
                "request_hash": content.request_hash,
                "target_ids": [target.scope_id for target in choice.targets],
                "visible_ids": list(visibility),
                "is_target": list(visibility.values()),
            },
        )
        .fetchone()
    )
    return None if stored is None else Accepted(**stored, audience=choice.chosen)


def find_recallable(connection: Connection, *, platform_id: int, message_id: uuid.UUID) -> Recallable | None:
    found = connection.execute(_FIND_RECALLABLE, {"platform_id": platform_id, "message_id": message_id}).all()
    if not found:
        return None
    return Recallable(
        sender_id=found[0].sender_id,
        is_recalled=found[0].is_recalled,
        targets=tuple(
            domain.Target(row.scope_id, row.level, row.external_id, frozenset(row.ancestor_ids)) for row in found
        ),
    )


def mark_recalled(connection: Connection, *, platform_id: int, message_id: uuid.UUID, user_id: int) -> bool:
    """Recalls the message; returns False if it was recalled before. The caller holds the platform's `recall` lock.

    The time is bound: Citus takes no now() in an UPDATE.
    """
    recalled_at = connection.execute(_GET_RECALL_TIME, {"platform_id": platform_id}).scalar_one()
    marked = connection.execute(
        _MARK_RECALLED, {"message_id": message_id, "user_id": user_id, "recalled_at": recalled_at}
    )
    return marked.rowcount > 0
