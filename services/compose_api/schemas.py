"""The shapes of compose_api's requests and answers, without the content of messages (content_schemas.py)."""

import re

import marshmallow
from marshmallow import fields, validate

from shared.sent_messages import schemas as sent_messages
from shared.web import times

_LONGEST_PATH = 2_000
# A path of this origin: browsers read `//` and `/\\` as another host, and skip controls.
_PATH = re.compile(r"/(?![/\\])[^\x00-\x20\\\x7f]*")


def _check_path(value: str) -> None:
    if value and (len(value) > _LONGEST_PATH or not _PATH.fullmatch(value)):
        raise marshmallow.ValidationError("Must be a path that begins with one slash.")


class PreviewOut(marshmallow.Schema):
    recipient_count = fields.Integer(
        required=True, metadata={"description": "Distinct people it would reach now.", "minimum": 0}
    )


class ViewerOut(sent_messages.PersonOut):
    level = fields.String(
        required=True,
        allow_none=True,
        validate=validate.OneOf(("platform", "organisation", "clinic")),
        metadata={
            "description": "The highest level that they administer something of; null if they administer nothing."
        },
    )
    categories = fields.List(
        fields.String(), required=True, metadata={"description": "What messages on this platform can be about."}
    )


class SignInQuery(marshmallow.Schema):
    platform = fields.String(
        required=True, metadata={"description": "The platform's key, an e-mail domain of it, or an address there."}
    )
    next = fields.String(
        load_default="",
        validate=_check_path,
        metadata={
            "description": "Where the browser goes after the sign-in: a path of this origin. [default: the console]",
            "maxLength": _LONGEST_PATH,
            "pattern": f"^({_PATH.pattern})?$",
        },
    )


class TokenQuery(marshmallow.Schema):
    background = fields.String(
        load_default="false",
        validate=validate.OneOf(("true", "false")),
        metadata={"description": "`true`: the page asks by itself, and the session's idle time goes on."},
    )


class SessionTimesOut(marshmallow.Schema):
    now = times.Time(required=True, metadata={"description": "By the clock that the other times are of."})
    expires_at = times.Time(required=True, metadata={"description": "12 hours after the sign-in."})
    idle_expires_at = times.Time(
        required=True, metadata={"description": "30 minutes after the person last did something."}
    )


class SessionOut(SessionTimesOut):
    user = fields.Nested(sent_messages.PersonOut, required=True)
    platform = fields.String(required=True, metadata={"description": "The platform's key."})
    signed_in_at = times.Time(required=True)
    csrf_token = fields.String(required=True, metadata={"description": "For the header `X-CSRF-Token`."})


class TokenOut(SessionTimesOut):
    token = fields.String(required=True, metadata={"description": "For all APIs, good for five minutes at most."})


class SignedOutOut(marshmallow.Schema):
    end_session_url = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "Where the browser signs out at the provider too; null if it offers none.",
            "format": "uri",
        },
    )


class ClinicOut(marshmallow.Schema):
    id = fields.String(required=True)
    name = fields.String(required=True)
    user_count = fields.Integer(required=True, metadata={"minimum": 0})


class OrganisationOut(marshmallow.Schema):
    id = fields.String(required=True)
    name = fields.String(required=True)
    user_count = fields.Integer(required=True, metadata={"minimum": 0})
    selectable = fields.Boolean(required=True, metadata={"description": "False where it only groups clinics."})
    clinics = fields.List(fields.Nested(ClinicOut), required=True)


class AudiencesOut(marshmallow.Schema):
    viewer = fields.Nested(
        sent_messages.PersonOut, required=True, metadata={"description": "The administrator who asks."}
    )
    everyone = fields.Boolean(required=True)
    user_count = fields.Integer(
        required=True, allow_none=True, metadata={"description": "Null where `everyone` is not yours.", "minimum": 0}
    )
    organisations = fields.List(fields.Nested(OrganisationOut), required=True)


MessageOut = sent_messages.MessageOut
