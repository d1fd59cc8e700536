"""The JSON of a message."""

from typing import Any, ClassVar

import marshmallow
from marshmallow import fields, validate

from shared.audience import ChosenScopes
from shared.web import times

PRIORITIES = ("normal", "important")
STATUSES = ("queued", "sending", "sent", "recalled")


class PersonOut(marshmallow.Schema):
    id = fields.String(required=True, metadata={"description": "The platform's own id."})
    name = fields.String(required=True)


class AudienceOut(marshmallow.Schema):
    """`everyone`, or the chosen scopes; `other_scopes` counts those that the viewer may not see, when there are any."""

    everyone = fields.Boolean(metadata={"enum": [True]})
    organisations = fields.List(fields.String())
    clinics = fields.List(fields.String())
    other_scopes = fields.Integer(metadata={"minimum": 1})
    out_of_reach = fields.Integer(
        metadata={
            "minimum": 1,
            "description": "Of a follow-up: scopes of the earlier message that its sender could not address, or not as a whole.",
        }
    )

    @marshmallow.pre_dump
    def _only_what_was_chosen(self, audience: ChosenScopes, **_kwargs: Any) -> dict[str, Any]:
        counts = {"other_scopes": audience.other_scopes, "out_of_reach": audience.out_of_reach}
        others = {name: count for name, count in counts.items() if count}
        if audience.everyone:
            return {"everyone": True, **others}
        return {"organisations": list(audience.organisations), "clinics": list(audience.clinics), **others}


class AskedAcknowledgementOut(marshmallow.Schema):
    statement = fields.String(
        required=True, validate=validate.Length(1, 200), metadata={"description": "What recipients confirm."}
    )
    due_at = times.Time(required=True, allow_none=True)
    remind_days_before = fields.List(
        fields.Integer(metadata={"minimum": 0, "maximum": 60}),
        required=True,
        metadata={"description": "So many days before `due_at` those who have not acknowledged get a reminder."},
    )
    content_hash = fields.String(
        required=True,
        validate=validate.Regexp("^sha256:[0-9a-f]{64}$"),
        metadata={"description": "SHA-256 of title, body and statement: three texts joined by LF, in UTF-8."},
    )


class MessageOut(marshmallow.Schema):
    class Meta:
        # Not as an attribute: marshmallow's schemas have one of this name.
        include: ClassVar = {
            "only": fields.String(
                required=True,
                allow_none=True,
                validate=validate.OneOf(("unread", "not_acknowledged")),
                metadata={"description": "Of a follow-up: which recipients of the earlier message it went to."},
            )
        }

    id = fields.UUID(required=True)
    title = fields.String(required=True, validate=validate.Length(1, 70))
    body = fields.String(required=True, validate=validate.Length(1, 1000))
    audience = fields.Nested(AudienceOut, required=True)
    category = fields.String(required=True, allow_none=True)
    priority = fields.String(required=True, validate=validate.OneOf(PRIORITIES))
    pinned_until = times.Time(required=True, allow_none=True)
    expires_at = times.Time(required=True, allow_none=True)
    sender = fields.Nested(PersonOut, required=True)
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    recipient_count = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "People in the audience; null until counted.", "minimum": 0},
    )
    delivered_count = fields.Integer(required=True, metadata={"description": "Entries written so far.", "minimum": 0})
    created_at = times.Time(required=True)
    sent_at = times.Time(required=True)
    completed_at = times.Time(required=True, allow_none=True)
    recalled_at = times.Time(required=True, allow_none=True)
    recalled_by = fields.Nested(PersonOut, required=True, allow_none=True)
    expired = fields.Boolean(
        required=True, metadata={"description": "True once `expires_at` has passed: it is in no bell any more."}
    )
    entries_dropped = fields.Boolean(
        required=True, metadata={"description": "True once its entries are past the retention."}
    )
    follows = fields.UUID(
        required=True, allow_none=True, metadata={"description": "The earlier message that it is a follow-up to."}
    )
    acknowledgement = fields.Nested(
        AskedAcknowledgementOut, required=True, allow_none=True, metadata={"description": "Null: none is asked for."}
    )
    supersedes = fields.UUID(
        required=True, allow_none=True, metadata={"description": "The earlier message that it corrects."}
    )
    superseded_at = times.Time(
        required=True,
        allow_none=True,
        metadata={
            "description": "Since then another message corrects it, and it asks for no acknowledgement any more."
        },
    )
    superseded_by = fields.UUID(
        required=True, allow_none=True, metadata={"description": "The message that corrects it."}
    )
    change_summary = fields.String(
        required=True, allow_none=True, metadata={"description": "What it changes of the message that it corrects."}
    )
