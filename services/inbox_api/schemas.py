"""The shapes of inbox_api's requests and answers, from which OpenAPI is made. Meaning is checked in actions."""

import uuid
from typing import Any

import marshmallow
from marshmallow import fields, validate

from services.inbox_api.actions import notifications
from shared import acknowledgements, errors
from shared import text as characters
from shared.sent_messages import schemas as sent_messages
from shared.web import ids, paging, times

MAX_SEARCHED = 100
MAX_WORDS = 10
MAX_CATEGORY = 100
CSV = "csv"
_HASH, _HASH_LENGTH = "^sha256:[0-9a-f]{64}$", 71


class Uuid(fields.UUID):
    """A UUID as it is always written, with its hyphens; not the other forms that Python's UUID() takes."""

    def _validated(self, value: Any) -> uuid.UUID:
        try:
            return ids.read_uuid(value if isinstance(value, str) else "", "message")
        except errors.HubError:
            raise self.make_error("invalid_uuid") from None


def _external_id(what: str) -> ids.ExternalId:
    return ids.ExternalId(metadata={"description": f"External id of {what}: only what reached it."})


def _category(description: str) -> fields.String:
    return fields.String(
        validate=[validate.Length(min=1, max=MAX_CATEGORY), _check_storable],
        metadata={"description": description, "pattern": r"^[^\x00]+$"},
    )


def _check_storable(text: str) -> None:
    if not characters.is_storable(text):
        raise marshmallow.ValidationError("Must not contain NUL (U+0000) or half of a surrogate pair.")


def _check_words(text: str) -> None:
    _check_storable(text)
    if not 1 <= (count := len(text.split())) <= MAX_WORDS:
        raise marshmallow.ValidationError(f"Search for 1 to {MAX_WORDS} words, not {count}.")


def _words(what: str) -> fields.String:
    return fields.String(
        validate=[validate.Length(min=1, max=MAX_SEARCHED), _check_words],
        metadata={
            "description": f"{what}, at most {MAX_WORDS}: all occur, in any order and case; the last may be the beginning of one.",
            "pattern": r"^[^\x00]+$",
        },
    )


def _time(description: str) -> times.Time:
    return times.Time(required=True, metadata={"description": description})


def _maybe_time(description: str) -> times.Time:
    return times.Time(required=True, allow_none=True, metadata={"description": description})


def _count(description: str, *, nullable: bool = False) -> fields.Integer:
    return fields.Integer(required=True, allow_none=nullable, metadata={"description": description, "minimum": 0})


class FeedQuery(paging.PageQuery):
    status = fields.String(
        load_default=notifications.ALL,
        validate=validate.OneOf(notifications.STATUSES),
        metadata={"description": "What is archived is only in `archived`."},
    )
    category = _category("Only what is of this category.")
    to_acknowledge = fields.Boolean(
        truthy={"true"},
        falsy={"false"},
        metadata={"description": "Only what is still to be acknowledged, or only what is not."},
    )


class HistoryQuery(paging.PageQuery):
    q = _words("Words of title or body")
    category = _category("Only what is of this category.")
    organisation = _external_id("an organisation")
    clinic = _external_id("a clinic")


class ExportQuery(marshmallow.Schema):
    status = fields.String(
        validate=validate.OneOf(("read", "unread")),
        metadata={"description": "Only those who have it marked as read, or have not."},
    )
    organisation = ids.ExternalId(metadata={"description": "External id of an organisation: only who belonged to it."})
    clinic = ids.ExternalId(metadata={"description": "External id of a clinic: only who belonged to it."})


class RecipientsQuery(ExportQuery, paging.PageQuery):
    pass


class _AcknowledgementFilters(marshmallow.Schema):
    status = fields.String(
        validate=validate.OneOf(("acknowledged", "outstanding", "overdue")),
        metadata={
            "description": "Only those who have acknowledged, or who are still asked to; `overdue`: once the due time has passed."
        },
    )
    organisation = ids.ExternalId(metadata={"description": "External id of an organisation: only who belonged to it."})
    clinic = ids.ExternalId(metadata={"description": "External id of a clinic: only who belonged to it."})


class AcknowledgementsQuery(_AcknowledgementFilters, paging.PageQuery):
    q = _words("Words of the name")


class AcknowledgementExportQuery(_AcknowledgementFilters):
    format = fields.String(
        load_default=CSV,
        validate=validate.OneOf((CSV, "evidence")),
        metadata={"description": "Evidence has everyone: it takes no `status`."},
    )

    @marshmallow.validates_schema
    def _whole_evidence(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if data["format"] != CSV and "status" in data:
            raise marshmallow.ValidationError("Evidence has everyone, whatever their status.", "status")


class SummaryQuery(marshmallow.Schema):
    by = fields.String(
        load_default="organisation",
        validate=validate.OneOf(("organisation", "clinic")),
        metadata={"description": "What each row is."},
    )
    organisation = ids.ExternalId(metadata={"description": "External id of an organisation: only what was inside it."})


class ThroughIn(marshmallow.Schema):
    through = Uuid(
        required=True, metadata={"description": "The newest notification that was shown: it and everything older."}
    )


class AcknowledgedIn(marshmallow.Schema):
    content_hash = fields.String(
        required=True,
        validate=[validate.Length(equal=_HASH_LENGTH), validate.Regexp(_HASH)],
        metadata={"description": "`content_hash` of the notification that was shown."},
    )

    @marshmallow.post_load
    def _read(self, data: dict[str, str], **_kwargs: Any) -> dict[str, bytes]:
        return {"content_hash": acknowledgements.parse_hash(data["content_hash"])}


class CountsOut(marshmallow.Schema):
    unread_count = _count("How many are neither read nor archived.")
    unseen_count = _count("How many are neither seen nor archived.")
    to_acknowledge_count = _count("How many are still to be acknowledged.")


class NotificationSenderOut(marshmallow.Schema):
    name = fields.String(required=True)


class AcknowledgementOut(marshmallow.Schema):
    statement = fields.String(
        required=True,
        validate=validate.Length(1, 200),
        metadata={"description": "The sentence that is acknowledged, in the name of the user."},
    )
    due_at = _maybe_time("Until when.")
    overdue = fields.Boolean(
        required=True, metadata={"description": "`due_at` has passed, or had passed when it was acknowledged."}
    )
    acknowledged_at = _maybe_time("When the user acknowledged it. The first time counts.")
    content_hash = fields.String(
        required=True,
        validate=validate.Regexp(_HASH),
        metadata={"description": "SHA-256 over title, body and statement. It is sent with the acknowledgement."},
    )


class NotificationOut(marshmallow.Schema):
    id = fields.UUID(required=True)
    title = fields.String(
        required=True, validate=validate.Length(1, 70), metadata={"description": "One line of 1 to 70 characters."}
    )
    body = fields.String(
        required=True,
        validate=validate.Length(1, 1000),
        metadata={"description": "Plain text of 1 to 1000 characters; web addresses in it are meant as links."},
    )
    category = fields.String(
        required=True, allow_none=True, metadata={"description": "What it is about, if its sender said so."}
    )
    priority = fields.String(required=True, validate=validate.OneOf(sent_messages.PRIORITIES))
    pinned_until = _maybe_time("Until then it is pinned.")
    expires_at = _maybe_time("From then on it is in no list and no count, and has no pin.")
    expired = fields.Boolean(
        required=True,
        metadata={"description": "True once `expires_at` has passed: only where it is asked for by its id."},
    )
    sender = fields.Nested(NotificationSenderOut, required=True)
    sent_at = _time("When it was accepted. Lists are in this order.")
    seen_at = _maybe_time("When it was first seen in the list.")
    read_at = _maybe_time("When it was read.")
    archived_at = _maybe_time("When it was archived.")
    acknowledgement = fields.Nested(
        AcknowledgementOut,
        required=True,
        allow_none=True,
        metadata={
            "description": "Null where none is asked for, and where it was superseded before the user acknowledged it."
        },
    )
    supersedes = fields.UUID(
        required=True, allow_none=True, metadata={"description": "The earlier message that this one corrects."}
    )
    change_summary = fields.String(
        required=True,
        allow_none=True,
        validate=validate.Length(8, 300),
        metadata={"description": "What has changed since the earlier message."},
    )
    superseded = fields.Boolean(required=True, metadata={"description": "True once a later message corrects this one."})


class FeedOut(CountsOut):
    data = fields.List(fields.Nested(NotificationOut), required=True)
    pinned = fields.List(
        fields.Nested(NotificationOut),
        required=True,
        validate=validate.Length(max=notifications.MAX_PINNED),
        metadata={
            "description": "The newest pinned notifications that are not archived. Page and filters do not change them. They are in `data` "
            "as well, in their order."
        },
    )
    to_acknowledge = fields.List(
        fields.Nested(NotificationOut),
        required=True,
        validate=validate.Length(max=notifications.MAX_TO_ACKNOWLEDGE),
        metadata={
            "description": "On the first page: those still to be acknowledged, the earliest due first, those without a due time last. "
            "Filters do not change them. They are in `data` as well, in their order."
        },
    )
    has_more = fields.Boolean(required=True, metadata={"description": "Whether older ones follow."})
    next_cursor = paging.next_cursor()


class ChangedOut(CountsOut):
    notification = fields.Nested(NotificationOut, required=True)


class AcknowledgedOut(ChangedOut):
    acknowledged_at = _time("When the user acknowledged it first.")


class NumbersOut(marshmallow.Schema):
    """`recipients` = `acknowledged` + `outstanding` + `left` + `no_longer_asked`."""

    recipients = _count("People within the caller's reach who have the message.")
    acknowledged = _count("Of them have acknowledged it.")
    outstanding = _count("Of them are still asked to.")
    overdue = _count("Of these, once the due time has passed: all of them.")
    left = _count("Have not acknowledged and are not active any more.")
    no_longer_asked = _count("Have not acknowledged, and the message was recalled or superseded.")
    median_hours = fields.Float(
        required=True,
        allow_none=True,
        metadata={
            "description": "Median time from sending to acknowledging, at most 9 % wrong and some seconds behind; null without any.",
            "minimum": 0,
        },
    )


def _numbers() -> fields.Nested:
    return fields.Nested(
        NumbersOut,
        required=True,
        allow_none=True,
        metadata={
            "description": "Of the people within the caller's reach; in lists up to a minute old. Null where none is asked for, and once "
            "they are dropped."
        },
    )


class ListedMessageOut(sent_messages.MessageOut):
    read_count = _count(
        "Recipients who have it marked as read, counted in the last minute; null once its entries are dropped.",
        nullable=True,
    )
    acknowledgements = _numbers()


class HistoryOut(marshmallow.Schema):
    data = fields.List(fields.Nested(ListedMessageOut), required=True)
    has_more = fields.Boolean(required=True, metadata={"description": "Whether older ones follow."})
    next_cursor = paging.next_cursor()


class RecipientClinicOut(marshmallow.Schema):
    id = fields.String(required=True)
    name = fields.String(required=True)


class RecipientOut(sent_messages.PersonOut):
    clinics = fields.List(
        fields.Nested(RecipientClinicOut),
        required=True,
        metadata={
            "description": "Where they belonged in the message's directory version, as far as the caller administers it."
        },
    )
    read_at = _maybe_time("When they marked it as read; null if they have not, and once its entries are dropped.")


class RecipientsOut(marshmallow.Schema):
    data = fields.List(fields.Nested(RecipientOut), required=True)
    has_more = fields.Boolean(required=True, metadata={"description": "Whether others follow."})
    next_cursor = paging.next_cursor()


class AcknowledgingPersonOut(sent_messages.PersonOut):
    clinics = fields.List(
        fields.Nested(RecipientClinicOut),
        required=True,
        metadata={
            "description": "Where they belonged in the message's directory version, as far as the caller administers it."
        },
    )
    status = fields.String(
        required=True,
        validate=validate.OneOf(("acknowledged", "outstanding", "overdue", "left", "no_longer_asked")),
        metadata={
            "description": "`left`: not acknowledged and not active any more. `no_longer_asked`: not acknowledged, and the message was "
            "recalled or superseded."
        },
    )
    acknowledged_at = _maybe_time("When they acknowledged it.")


class AcknowledgementsOut(marshmallow.Schema):
    data = fields.List(fields.Nested(AcknowledgingPersonOut), required=True)
    has_more = fields.Boolean(required=True, metadata={"description": "Whether others follow."})
    next_cursor = paging.next_cursor()


class SentMessageOut(sent_messages.MessageOut):
    seen_count = _count("Recipients who have seen it; null once its entries are dropped.", nullable=True)
    read_count = _count("Recipients who have it marked as read; null once its entries are dropped.", nullable=True)
    acknowledgements = _numbers()


class ScopeNumbersOut(NumbersOut, sent_messages.PersonOut):
    level = fields.String(required=True, validate=validate.OneOf(("organisation", "clinic")))
    organisation = fields.Nested(
        RecipientClinicOut,
        required=True,
        allow_none=True,
        metadata={"description": "Of a clinic: where it belonged in the message's directory version."},
    )


class TotalsOut(NumbersOut):
    distinct = _count("The same as `recipients`: who belongs to several rows counts in each of them, and once here.")


class SummaryOut(marshmallow.Schema):
    by = fields.String(required=True, validate=validate.OneOf(("organisation", "clinic")))
    data = fields.List(
        fields.Nested(ScopeNumbersOut),
        required=True,
        metadata={"description": "By name. Scopes without recipients are left out."},
    )
    totals = fields.Nested(TotalsOut, required=True)
    due_at = _maybe_time("Until when it is to be acknowledged.")
    closed_because = fields.String(
        required=True,
        allow_none=True,
        validate=validate.OneOf(("superseded", "recalled")),
        metadata={"description": "Why what is outstanding is not asked for any more."},
    )
    as_of = _time("The moment of all these numbers.")
