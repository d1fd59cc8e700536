"""SQL: the audit trail of what users do through the APIs. Rows are added and never changed; no service's role can read them."""

import uuid
from dataclasses import dataclass
from typing import Any, Literal

import psycopg

from shared import db

Action = Literal["compose", "recall", "export", "session", "draft"]
Outcome = Literal[
    "accepted",
    "recalled",
    "exported",
    "signed-in",
    "signed-out",
    "scheduled",
    "changed",
    "unscheduled",
    "cancelled",
    "missed",
    "failed",
    "refused",
]


@dataclass(frozen=True)
class Origin:
    """A request's id in the logs, and the client's address if known."""

    request_id: str
    address: str | None = None


@dataclass(frozen=True)
class Event:
    """`reason`: the code of a refusal, or of why a draft was missed or failed. `user_id`: None for a person who is no user.

    `detail` never contains a user's text or name.
    """

    action: Action
    outcome: Outcome
    platform_id: int
    user_id: int | None
    origin: Origin
    message_id: uuid.UUID | None = None
    reason: str | None = None
    detail: str | None = None


# Id and time are the table's defaults: no role may give them.
INSERT = """
    INSERT INTO audit_events (action, outcome, reason, platform_id, user_id, message_id, request_id, address, detail)
    SELECT :action, :outcome, :reason, :platform_id, :user_id, {message_id}, :request_id, CAST(:address AS inet), :detail
"""
_INSERT = db.driver_sql(INSERT.format(message_id="CAST(:message_id AS uuid)"))


def parameters(event: Event) -> dict[str, Any]:
    """The parameters of `INSERT`, for use inside another statement."""
    return {
        "action": event.action,
        "outcome": event.outcome,
        "reason": event.reason,
        "platform_id": event.platform_id,
        "user_id": event.user_id,
        "message_id": event.message_id,
        "request_id": event.origin.request_id,
        "address": event.origin.address,
        "detail": event.detail,
    }


def insert(connection: psycopg.Connection[Any], event: Event) -> None:
    connection.execute(_INSERT, parameters(event))
