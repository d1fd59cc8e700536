"""The shape of what a sender states of a message: of messages, drafts and previews. Meaning is checked in domain and actions."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import marshmallow
from marshmallow import fields, validate

from services.compose_api import domain, text
from shared.audience import ChosenScopes
from shared.sent_messages import schemas as sent_messages
from shared.web import ids

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


class WholeNumber(fields.Integer):
    """A number without a fraction, also written as 3.0, which JSON Schema counts as an integer."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        is_whole = type(value) is int or (isinstance(value, float) and value.is_integer())
        if not is_whole:
            raise self.make_error("invalid", input=value)
        return int(value)


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
    description = "Stands with `follows`. `unread`: those who had not read it; `not_acknowledged`: not acknowledged, as it asks for."
    return {
        "only": fields.String(validate=validate.OneOf(domain.ONLY), metadata={"description": description}, **kwargs)
    }


class AcknowledgementIn(marshmallow.Schema):
    """What recipients are asked to confirm. With a due date at most, there can be reminders."""

    error_messages = {"type": "Must be a JSON object."}  # noqa: RUF012 (as in the base class)

    statement = CleanText(
        text.clean_statement,
        load_default=domain.DEFAULT_STATEMENT,
        metadata={
            "description": f"One line of 1 to {text.MAX_STATEMENT} characters, counted as in the title.",
            "minLength": 1,
            "pattern": r"^[^\x00]+$",
        },
    )
    due_at = Moment(
        allow_none=True,
        metadata={
            "description": f"After the message is sent, at most {domain.MAX_DUE.days} days; without it there is no due date."
        },
    )
    due_in_days = WholeNumber(
        allow_none=True,
        validate=validate.Range(1, domain.MAX_DUE.days),
        metadata={"description": "Instead of `due_at`: so many times 24 hours after the message is sent."},
    )
    remind_days_before = fields.List(
        WholeNumber(validate=validate.Range(0, domain.MAX_REMIND_DAYS)),
        validate=validate.Length(max=domain.MAX_REMINDERS),
        metadata={
            "description": "So many days before the due date those who have not acknowledged get a reminder. Days that have passed"
            " when the message is sent are left out.",
            "uniqueItems": True,
        },
    )

    @marshmallow.validates_schema
    def _check(self, data: dict[str, Any], **_kwargs: Any) -> None:
        days = data.get("remind_days_before", [])
        has_due = [name for name in ("due_at", "due_in_days") if data.get(name) is not None]
        if len(has_due) > 1:
            raise marshmallow.ValidationError("Give either due_at or due_in_days.", "due_in_days")
        if days and not has_due:
            raise marshmallow.ValidationError("Reminders need a due date.", "remind_days_before")
        if len(set(days)) < len(days):
            raise marshmallow.ValidationError("Name each number of days once.", "remind_days_before")

    @marshmallow.post_load
    def _make(self, data: dict[str, Any], **_kwargs: Any) -> domain.Acknowledgement:
        days = tuple(sorted(data.pop("remind_days_before", ()), reverse=True))
        return domain.Acknowledgement(remind_days_before=days, **data)


def _check_correction(data: dict[str, Any]) -> None:
    """Raises where a request states only one of `supersedes` and `change_summary`."""
    stated = {name for name in ("supersedes", "change_summary") if data.get(name) is not None}
    if len(stated) == 1:
        missing = "change_summary" if "supersedes" in stated else "supersedes"
        raise marshmallow.ValidationError(
            "Missing: a correction states both `supersedes` and `change_summary`.", missing
        )


def _check_follow_up(data: dict[str, Any]) -> None:
    """Raises where a request names neither an audience nor `follows` and `only`, or both."""
    if ("follows" in data) != ("only" in data):
        missing = "only" if "follows" in data else "follows"
        raise marshmallow.ValidationError("Missing: a follow-up states both `follows` and `only`.", missing)
    if "follows" in data and "audience" in data:
        raise marshmallow.ValidationError(
            "Leave it out: a follow-up goes to recipients of the earlier message.", "audience"
        )
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
            "description": f"Until then it is pinned to the top of the bell; at most {domain.MAX_PINNED.days} days after it is sent."
        },
    )
    expires_at = Moment(
        allow_none=True, metadata={"description": "In the future. From then on it is in no bell any more."}
    )
    acknowledgement = fields.Nested(
        AcknowledgementIn,
        allow_none=True,
        metadata={"description": "Recipients are asked to confirm it; null or left out: they are not."},
    )
    supersedes = fields.UUID(
        allow_none=True,
        metadata={
            "description": "Id of an earlier message that this one corrects: outstanding acknowledgements of it are not asked for any more."
        },
    )
    change_summary = CleanText(
        text.clean_summary,
        allow_none=True,
        metadata={
            "description": f"With `supersedes`: what has changed, in one line of {text.MIN_SUMMARY} to {text.MAX_SUMMARY} characters.",
            "minLength": text.MIN_SUMMARY,
            "pattern": r"^[^\x00]+$",
        },
    )


class MessageIn(ContentIn):
    @marshmallow.validates_schema(skip_on_field_errors=False, pass_original=True)
    def _check_audience(self, _data: dict[str, Any], original: Any, **_kwargs: Any) -> None:
        if isinstance(original, dict):
            _check_follow_up(original)
            _check_correction(original)

    @marshmallow.post_load
    def _make(self, data: dict[str, Any], **_kwargs: Any) -> domain.Content:
        return domain.Content(**data)


class ReminderIn(marshmallow.Schema):
    note = CleanText(
        text.clean_note,
        allow_none=True,
        metadata={
            "description": f"Stands above the reminder's text: 1 to {text.MAX_NOTE} characters, counted as in the title.",
            "minLength": 1,
            "pattern": r"^[^\x00]+$",
        },
    )


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
