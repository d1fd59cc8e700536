"""The shapes of requests and answers about drafts."""

import re
import typing
from datetime import datetime
from typing import Any

import marshmallow
from marshmallow import fields, validate

from services.compose_api import domain, local_times, text
from services.compose_api.content_schemas import ContentIn, Moment, only_field
from services.compose_api.store import drafts
from shared.sent_messages import schemas as sent_messages
from shared.web import paging, times

# The years that every time zone has in UTC too.
_LOCAL = re.compile(r"[1-8][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?")


class LocalTime(fields.NaiveDateTime):
    """A local time in a request, without an offset."""

    default_error_messages = {"invalid": "Must be a local time without offset, as 2026-11-22T09:00."}  # noqa: RUF012 (as in the base class)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        if not isinstance(value, str) or not _LOCAL.fullmatch(value):
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE)
        return super()._deserialize(value, attr, data, **kwargs)


class DraftIn(ContentIn):
    """What is known of a message so far. Of a draft null removes a field."""

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        field_obj.required = False
        field_obj.allow_none = True

    @marshmallow.post_load
    def _make(self, data: dict[str, Any], **_kwargs: Any) -> domain.Changes:
        removed = {name: None for name, value in data.items() if value is None}
        return domain.Changes({**_CONTENT.dump(data), **removed}, data.get("audience"), data.get("follows"))


class DraftedAcknowledgementOut(marshmallow.Schema):
    statement = fields.String(required=True, validate=validate.Length(1, text.MAX_STATEMENT))
    due_at = times.Time(required=True, allow_none=True)
    due_in_days = fields.Integer(
        required=True, allow_none=True, metadata={"description": "Counted from when the message is sent."}
    )
    remind_days_before = fields.List(fields.Integer(), required=True)


class ContentOut(marshmallow.Schema):
    """The fields of a message before it is sent. As JSON they are what `MessageIn` takes, and stored in this form."""

    class Meta:
        include = only_field(required=True, allow_none=True)

    title = fields.String(required=True, allow_none=True, validate=validate.Length(1, text.MAX_TITLE))
    body = fields.String(required=True, allow_none=True, validate=validate.Length(1, text.MAX_BODY))
    audience = fields.Nested(sent_messages.AudienceOut, required=True, allow_none=True)
    category = fields.String(required=True, allow_none=True)
    priority = fields.String(required=True, allow_none=True, validate=validate.OneOf(sent_messages.PRIORITIES))
    pinned_until = times.Time(required=True, allow_none=True)
    expires_at = times.Time(required=True, allow_none=True)
    follows = fields.UUID(required=True, allow_none=True)
    acknowledgement = fields.Nested(DraftedAcknowledgementOut, required=True, allow_none=True)
    supersedes = fields.UUID(required=True, allow_none=True)
    change_summary = fields.String(
        required=True, allow_none=True, validate=validate.Length(text.MIN_SUMMARY, text.MAX_SUMMARY)
    )


_CONTENT = ContentOut()


def _maybe_time(description: str) -> times.Time:
    return times.Time(required=True, allow_none=True, metadata={"description": description})


class DraftOut(ContentOut):
    id = fields.UUID(required=True, metadata={"description": "Also of the message that comes of it."})
    state = fields.String(required=True, validate=validate.OneOf(typing.get_args(drafts.State)))
    author = fields.Nested(sent_messages.PersonOut, required=True)
    sender = fields.Nested(
        sent_messages.PersonOut,
        required=True,
        metadata={"description": "The author, or the other administrator who scheduled it or changed it since."},
    )
    created_at = times.Time(required=True)
    updated_at = times.Time(required=True)
    send_at = _maybe_time("When a scheduled draft is released.")
    resolved_at = _maybe_time("The same, as `local` in `time_zone` was resolved.")
    local = fields.String(required=True, allow_none=True, metadata={"description": "As it was asked for."})
    time_zone = fields.String(required=True, allow_none=True)
    adjusted = fields.String(
        required=True,
        allow_none=True,
        validate=validate.OneOf(("gap", "ambiguous")),
        metadata={
            "description": "`gap`: the clocks skip `local`, so it moves forward; `ambiguous`: it comes twice, and the first one counts."
        },
    )
    not_after = _maybe_time("Past it the draft is missed instead of released.")
    ended_at = _maybe_time("When it was released, cancelled, missed or failed.")
    reason = fields.String(
        required=True, allow_none=True, metadata={"description": "Code of why it was missed or failed."}
    )
    detail = fields.String(
        required=True, allow_none=True, metadata={"description": "What there is to know about its end."}
    )


def write_draft(draft: drafts.Draft) -> dict[str, Any]:
    """What `DraftOut` documents. The content is JSON already."""
    return {
        **dict.fromkeys(_CONTENT.fields),
        **draft.content,
        "id": draft.id,
        "state": draft.state,
        "author": draft.author,
        "sender": draft.sender,
        "created_at": draft.created_at,
        "updated_at": draft.updated_at,
        "send_at": draft.send_at,
        "resolved_at": draft.send_at,
        "local": draft.local and draft.local.isoformat(),
        "time_zone": draft.time_zone,
        "adjusted": draft.adjusted,
        "not_after": draft.not_after,
        "ended_at": draft.ended_at,
        "reason": draft.reason,
        "detail": draft.detail,
    }


def _check_zone(name: str) -> None:
    if name not in local_times.ZONES:
        raise marshmallow.ValidationError("Must be a time zone of the IANA database, as Australia/Sydney.")


class ScheduleIn(marshmallow.Schema):
    """A moment, or a local time in a time zone."""

    send_at = Moment(metadata={"description": "In the future, at most a year ahead."})
    local = LocalTime(
        metadata={
            "description": "Instead of `send_at`, with `time_zone`. One that the clocks skip moves forward; of one that comes twice the"
            " first counts.",
            "format": "local-date-time",
            "pattern": f"^{_LOCAL.pattern}$",
        }
    )
    time_zone = fields.String(
        validate=_check_zone,
        metadata={"description": "A name of the IANA time zone database, as Australia/Sydney."},
    )
    not_after = Moment(
        metadata={
            "description": f"Past it the draft is missed instead of released: at most {domain.MAX_LATENESS.days} days after the time"
            " of sending. [default: an hour after it]"
        }
    )

    @marshmallow.validates_schema
    def _check_form(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if data.keys() - {"not_after"} not in ({"send_at"}, {"local", "time_zone"}):
            raise marshmallow.ValidationError("Send either send_at, or local with time_zone.", "send_at")

    @marshmallow.post_load
    def _make(self, data: dict[str, Any], **_kwargs: Any) -> domain.Schedule:
        if "send_at" in data:
            return domain.Schedule(**data)
        resolved = local_times.resolve(data["local"], data["time_zone"])
        return domain.Schedule(resolved.at, adjusted=resolved.adjusted, **data)


class DraftsQuery(paging.PageQuery):
    state = fields.String(
        validate=validate.OneOf(typing.get_args(drafts.State)),
        metadata={"description": "Only those; else of every state."},
    )


class DraftsOut(marshmallow.Schema):
    data = fields.List(fields.Nested(DraftOut), required=True)
    has_more = fields.Boolean(required=True)
    next_cursor = paging.next_cursor()
