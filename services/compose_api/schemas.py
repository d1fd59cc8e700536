"""The shapes of compose_api's requests and answers. Meaning is checked in domain and actions."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import marshmallow
from marshmallow import fields, validate

from services.compose_api import domain, text
from shared.audience import ChosenScopes
from shared.sent_messages import schemas as sent_messages
from shared.web import ids, times

_LONGEST_PATH = 2_000
# A path of this origin: browsers read `//` and `/\\` as another host, and skip controls.
_PATH = re.compile(r"/(?![/\\])[^\x00-\x20\\\x7f]*")


def _check_path(value: str) -> None:
    if value and (len(value) > _LONGEST_PATH or not _PATH.fullmatch(value)):
        raise marshmallow.ValidationError("Must be a path that begins with one slash.")


_RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)


class LiteralTrue(fields.Boolean):
    """The JSON literal `true` and nothing that resembles it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if value is not True:
            raise marshmallow.ValidationError("Must be true.")
        return True


class CleanText(fields.String):
    """A string that passes `rule`, as the rule returns it."""

    def __init__(self, rule: Callable[[str], str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._rule = rule

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        try:
            return self._rule(value)
        except text.TextRefusedError as error:
            raise marshmallow.ValidationError(str(error)) from None


class Moment(fields.AwareDateTime):
    """A time in a request: RFC 3339, with its offset. As UTC."""

    default_error_messages = {"invalid": "Must be a time with its offset, as 2026-11-22T15:30:00Z."}  # noqa: RUF012 (as in the base class)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        if not isinstance(value, str) or not _RFC_3339.fullmatch(value):
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE)
        try:
            return super()._deserialize(value.upper(), attr, data, **kwargs).astimezone(UTC)
        except OverflowError:
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE) from None


def _scopes(what: str) -> fields.List[str]:
    return fields.List(
        ids.ExternalId(), metadata={"description": f"External ids of {what}.", "maxItems": domain.MAX_SCOPES}
    )


class AudienceIn(marshmallow.Schema):
    """Either everyone, alone, or 1 to 1,000 organisations and clinics."""

    error_messages = {"type": "Must be a JSON object."}  # noqa: RUF012 (as in the base class)

    everyone = LiteralTrue(metadata={"enum": [True], "description": "For platform administrators; stands alone."})
    organisations = _scopes("organisations")
    clinics = _scopes("clinics")

    @marshmallow.pre_load
    def _check_count(self, data: Any, **_kwargs: Any) -> Any:
        """Runs before the items are checked: a body may hold tens of thousands."""
        for key in ("organisations", "clinics"):
            given = data.get(key) if isinstance(data, dict) else None
            if isinstance(given, list) and (count := len(set(map(str, given)))) > domain.MAX_SCOPES:
                raise marshmallow.ValidationError(f"Choose at most {domain.MAX_SCOPES} scopes, not {count}.", key)
        return data

    @marshmallow.validates_schema
    def _check_choice(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if "everyone" in data:
            if len(data) > 1:
                raise marshmallow.ValidationError(
                    "Stands alone: name no organisations or clinics beside it.", "everyone"
                )
            return
        count = sum(len(set(data.get(key, ()))) for key in ("organisations", "clinics"))
        if count == 0:
            raise marshmallow.ValidationError(
                "Choose everyone, or at least one organisation or clinic.", "organisations"
            )
        if count > domain.MAX_SCOPES:
            raise marshmallow.ValidationError(
                f"Choose at most {domain.MAX_SCOPES} scopes, not {count}.", "organisations"
            )

    @marshmallow.post_load
    def _make(self, data: dict[str, Any], **_kwargs: Any) -> ChosenScopes:
        return ChosenScopes(
            everyone="everyone" in data,
            organisations=tuple(dict.fromkeys(data.get("organisations", ()))),
            clinics=tuple(dict.fromkeys(data.get("clinics", ()))),
        )


def _follows() -> fields.UUID:
    return fields.UUID(
        metadata={
            "description": "Id of an earlier message; goes to those of its recipients who are still active and fit `only`."
        }
    )


def only_field(**kwargs: Any) -> dict[str, fields.Field[Any]]:
    """The field `only`, for `Meta.include`: marshmallow's schemas have an attribute of this name."""
    description = "Stands with `follows`. `unread`: those who had not read it; `not_acknowledged`: not possible yet."
    return {
        "only": fields.String(validate=validate.OneOf(domain.ONLY), metadata={"description": description}, **kwargs)
    }


def _check_follow_up(data: dict[str, Any]) -> None:
    """Raises where a request names neither an audience nor `follows` and `only`, or both."""
    if ("follows" in data) != ("only" in data):
        missing = "only" if "follows" in data else "follows"
        raise marshmallow.ValidationError("Missing: a follow-up states both `follows` and `only`.", missing)
    if "follows" in data and "audience" in data:
        raise marshmallow.ValidationError(
            "Leave it out: a follow-up goes to recipients of the earlier message.", "audience"
        )
    if data.get("only") == "not_acknowledged":
        raise marshmallow.ValidationError("The earlier message asks for no acknowledgement.", "only")
    if "follows" not in data and "audience" not in data:
        raise marshmallow.ValidationError("Missing: name an audience, or `follows` and `only`.", "audience")


class ContentIn(marshmallow.Schema):
    """What a sender states of a message."""

    class Meta:
        include = only_field()

    title = CleanText(
        text.clean_title,
        required=True,
        metadata={
            "description": "1 to 70 characters in NFC, at least one visible. Line ends become spaces; invisible characters are removed.",
            "minLength": 1,
            "pattern": r"^[^\x00]+$",
        },
    )
    body = CleanText(
        text.clean_body,
        required=True,
        metadata={
            "description": "Plain text of 1 to 1000 characters, counted as in the title; line ends become LF, web addresses links.",
            "minLength": 1,
            "pattern": r"^[^\x00]+$",
        },
    )
    audience = fields.Nested(
        AudienceIn, metadata={"description": "Left out in a follow-up only, which has the earlier message's."}
    )
    follows = _follows()
    category = fields.String(
        allow_none=True, metadata={"description": "One of the platform's categories, which `GET /v1/viewer` lists."}
    )
    priority = fields.String(
        validate=validate.OneOf(sent_messages.PRIORITIES), metadata={"description": "`normal` where it is left out."}
    )
    pinned_until = Moment(
        allow_none=True,
        metadata={
            "description": f"Until then it is pinned to the top of the bell; at most {domain.MAX_PINNED.days} days ahead."
        },
    )
    expires_at = Moment(
        allow_none=True, metadata={"description": "In the future. From then on it is in no bell any more."}
    )


class MessageIn(ContentIn):
    @marshmallow.validates_schema(skip_on_field_errors=False, pass_original=True)
    def _check_audience(self, _data: dict[str, Any], original: Any, **_kwargs: Any) -> None:
        if isinstance(original, dict):
            _check_follow_up(original)

    @marshmallow.post_load
    def _make(self, data: dict[str, Any], **_kwargs: Any) -> domain.Content:
        return domain.Content(**data)


class PreviewIn(marshmallow.Schema):
    class Meta:
        include = only_field()

    audience = fields.Nested(AudienceIn)
    follows = _follows()

    @marshmallow.validates_schema(skip_on_field_errors=False, pass_original=True)
    def _check_audience(self, _data: dict[str, Any], original: Any, **_kwargs: Any) -> None:
        if isinstance(original, dict):
            _check_follow_up(original)

    @marshmallow.post_load
    def _make(self, data: dict[str, Any], **_kwargs: Any) -> domain.Addressed:
        return domain.Addressed(**data)


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
