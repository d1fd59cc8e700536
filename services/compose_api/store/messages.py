"""SQL: storing a message with all that belongs to it."""

# ruff: noqa: S608 (only constants are put into statements)

import functools
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg import rows

from services.compose_api import domain
from services.compose_api.store import audiences, follow_ups
from shared import audit, db
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
    """What is sent by whom. `message_id`: a draft's; None for a new one. `detail` is for the audit trail.

    `notice_of`: of what the hub sends by itself, the message it is about. `recipient_role`: it goes to people with this role only.
    """

    caller: Caller
    content: domain.Content
    origin: audit.Origin
    idempotency_key: str | None = None
    message_id: uuid.UUID | None = None
    detail: str | None = None
    notice_of: uuid.UUID | None = None
    recipient_role: str | None = None


@dataclass(frozen=True)
class Accepted:
    id: uuid.UUID
    created_at: datetime
    sent_at: datetime
    due_at: datetime | None
    remind_days_before: tuple[int, ...]
    audience: ChosenScopes


_FIND_EARLIER = db.driver_sql("""
    SELECT id, request_hash FROM messages WHERE sender_id = :sender_id AND idempotency_key = :idempotency_key
""")

_WORDS = words.vector(platform_id=":platform_id", title=":title", body=":body", category="CAST(:category AS text)")
# A message and all its rows in one statement in autocommit: the platform's lock, which next_sent_at takes, is held for no round trip.
# Nothing is stored if the directory has changed since the choice was read.
_INSERT = f"""
    WITH message AS (
        INSERT INTO messages (id, platform_id, sender_id, title, body, category, priority, pinned_until, expires_at, follows, follows_only,
                              directory_version, request_id, idempotency_key, request_hash, created_at, sent_at{{columns}})
        SELECT coalesce(CAST(:new_id AS uuid), uuidv7()), p.id, :user_id, :title, :body, :category, :priority, :pinned_until, :expires_at,
               :follows, :only, :audience_version, :request_id, :idempotency_key, :request_hash, now(), taken.sent_at{{values}}
        FROM platforms p CROSS JOIN LATERAL (SELECT {{next_sent_at}} AS sent_at) AS taken
        WHERE p.id = :platform_id AND p.directory_version = :directory_version AND taken.sent_at IS NOT NULL
        RETURNING id, directory_version, created_at, sent_at, due_at, remind_days_before
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
        SELECT m.id, {_WORDS} FROM message m WHERE :is_listed
    ), audited AS (
        {audit.INSERT.format(message_id="m.id")} FROM message m
    ){{more}}
    SELECT id, created_at, sent_at, due_at, remind_days_before FROM message
"""
_FOLLOWED = f""", followed AS (
        INSERT INTO followed_messages (message_id, earlier_id, earlier_sent_at, follows_only, accepted_at, platform_id, directory_version,
                                       active_version)
        SELECT m.id, f.* FROM message m CROSS JOIN LATERAL ({follow_ups.NEXT_CHAIN.format(accepted_at="m.sent_at")}) AS f
    )"""
_DUE_AT = "coalesce(CAST(:due_at AS timestamptz), taken.sent_at + CAST(:due_in_days AS integer) * interval '24 hours')"
# Reminders whose time has passed are left out.
_REMINDERS = f"""
    ARRAY(SELECT days FROM unnest(CAST(:remind_days_before AS integer[])) AS asked(days)
          WHERE {_DUE_AT} - days * interval '24 hours' > taken.sent_at ORDER BY days DESC)"""
_STEPS = """, steps AS (
        INSERT INTO acknowledgement_steps (message_id, kind, at)
        SELECT id, 'remind', due_at - days * interval '24 hours' FROM message, unnest(remind_days_before) AS asked(days)
        UNION ALL
        SELECT id, 'due', due_at FROM message WHERE due_at IS NOT NULL
    )"""
# The index by which a message is superseded once.
SUPERSEDED_ONCE = "messages_by_superseded"
_SUPERSEDED = """, superseded AS (
        UPDATE messages e SET superseded_at = m.sent_at FROM message m WHERE e.id = :supersedes
    )"""


def find_earlier(connection: psycopg.Connection[Any], *, sender_id: int, idempotency_key: str) -> Earlier | None:
    cursor = connection.cursor(row_factory=rows.class_row(Earlier))
    return cursor.execute(_FIND_EARLIER, {"sender_id": sender_id, "idempotency_key": idempotency_key}).fetchone()


@functools.cache
def _insert(*, follows: bool, asks: bool, supersedes: bool, is_notice: bool = False) -> str:
    """The statement that stores a message of this kind."""
    values: dict[str, str] = {}
    more = ""
    if follows:
        more += _FOLLOWED
    if asks:
        values |= {
            "statement": ":statement",
            "content_hash": ":content_hash",
            "due_at": _DUE_AT,
            "remind_days_before": _REMINDERS,
        }
        more += _STEPS
    if is_notice:
        values |= {"notice_of": ":notice_of", "recipient_role": "CAST(:recipient_role AS membership_role)"}
    if supersedes:
        values |= {"supersedes": ":supersedes", "change_summary": ":change_summary"}
        more += _SUPERSEDED
    # Nobody reads or acknowledges meanwhile, so that both are before it or after it for ever.
    is_exclusive = follows or supersedes
    next_sent_at = "next_follow_up_sent_at(p.id, CAST(:follows AS uuid))" if is_exclusive else "next_sent_at(p.id)"
    columns, stated = (", ".join(["", *part]) for part in (values.keys(), values.values()))
    return db.driver_sql(_INSERT.format(next_sent_at=next_sent_at, columns=columns, values=stated, more=more))


def insert_message(connection: psycopg.Connection[Any], *, new: New, choice: audiences.Choice) -> Accepted | None:
    """Stores a message, its targets (also as in flight), its visibility, its words and its audit event.

    None, and nothing stored, if the directory is at another version than the choice's by now, or if who had read the earlier message of a
    follow-up has just been dropped.
    Raises `psycopg.errors.UniqueViolation` when the sender has used the idempotency key, or when the message that it corrects has just been
    superseded.
    """
    # A notice to administrators is in no list of sent messages.
    is_listed = new.recipient_role is None
    visibility = domain.visibility(choice.targets) if is_listed else {}
    caller, content = new.caller, new.content
    asked = content.acknowledgement
    details = (
        new.detail,
        None if content.follows is None else f"follows {content.follows}",
        None if content.supersedes is None else f"supersedes {content.supersedes}",
        None if asked is None else "asks for an acknowledgement",
    )
    detail = "; ".join(filter(None, details)) or None
    event = audit.Event("compose", "accepted", caller.platform_id, caller.user_id, new.origin, detail=detail)
    stored = (
        connection.cursor(row_factory=rows.dict_row)
        .execute(
            _insert(
                follows=choice.follow_up is not None,
                asks=asked is not None,
                supersedes=content.supersedes is not None,
                is_notice=new.notice_of is not None,
            ),
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
                **({**vars(asked), "remind_days_before": list(asked.remind_days_before)} if asked else {}),
                "content_hash": content.content_hash,
                "supersedes": content.supersedes,
                "change_summary": content.change_summary,
                "is_listed": is_listed,
                "notice_of": new.notice_of,
                "recipient_role": new.recipient_role,
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
    if stored is None:
        return None
    stored["remind_days_before"] = tuple(stored["remind_days_before"] or ())
    return Accepted(**stored, audience=choice.chosen)
