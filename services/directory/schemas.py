"""The shapes of requests and answers under /v1/directory."""

from typing import Any

import marshmallow
from marshmallow import fields, validate

from services.directory import csv_import, domain, values
from shared.web import parsing, times

MAX_PAGE = 100
_LEVELS = (domain.ROOT_LEVEL, *(layout.level for layout in csv_import.SCOPES))
_ROLES = ("member", "administrator")


class Value(fields.String):
    """A string that follows the rules of a column of the import, and is cleaned like it."""

    def __init__(self, column: values.Column, **kwargs: Any) -> None:
        limits = {"minLength": 1, "maxLength": column.max_length, "pattern": r"^[^\x00]+$"}
        super().__init__(metadata={**limits, **kwargs.pop("metadata", {})}, **kwargs)
        self._column = column

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        given = super()._deserialize(value, attr, data, **kwargs)
        bad = self._column.find_bad_characters(given)
        problem = bad or self._column.find_problem(self._column.clean(given))
        if problem:
            raise marshmallow.ValidationError(f"It {problem}." if bad else f"{problem[0].upper()}{problem[1:]}.")
        return self._column.clean(given)


class OrganisationIn(marshmallow.Schema):
    name = Value(values.NAME, required=True)
    active = fields.Boolean(
        load_default=True,
        truthy={True},
        falsy={False},
        metadata={"description": "False: it and its clinics have no people until it is active again."},
    )


class ClinicIn(OrganisationIn):
    organisation = Value(
        values.EXTERNAL_ID, required=True, metadata={"description": "External id of the organisation it belongs to."}
    )


class ChangedOrganisationOut(marshmallow.Schema):
    id = fields.String(required=True)
    name = fields.String(required=True)
    active = fields.Boolean(required=True)
    directory_version = fields.Integer(
        required=True, metadata={"description": "Of the platform, after this request.", "minimum": 0}
    )


class ChangedClinicOut(ChangedOrganisationOut):
    organisation = fields.String(required=True)


def _id(**options: Any) -> fields.String:
    return fields.String(required=True, metadata={"pattern": "^[0-9]{1,18}$"}, **options)


def _time(description: str, **options: Any) -> times.Time:
    return times.Time(required=True, allow_none=True, metadata={"description": description}, **options)


def _count(description: str, **options: Any) -> fields.Integer:
    return fields.Integer(required=True, metadata={"description": description, "minimum": 0}, **options)


class BrakeOut(marshmallow.Schema):
    """The request that was refused first."""

    at = times.Time(required=True, attribute="braked_at")
    request = fields.String(required=True, attribute="braked_request", metadata={"description": "Method and path."})
    token_id = _id(attribute="braked_token_id")
    request_id = fields.String(required=True, attribute="braked_request_id")


class ProvisioningOut(marshmallow.Schema):
    platform = fields.String(required=True)
    managed_by = fields.String(
        required=True,
        validate=validate.OneOf((domain.CSV, domain.SCIM)),
        metadata={"description": "`csv`: the directory is imported from files, and changes over SCIM are refused."},
    )
    scim_url = fields.String(required=True, metadata={"description": "What the identity provider calls."})
    last_request_at = _time("To the minute; of any token.")
    valid_token_count = _count("Tokens that are accepted.", attribute="valid_tokens")
    user_count = _count("Active users of the platform.", attribute="users")
    provisioned_user_count = _count("Users whom the identity provider has written.", attribute="provisioned_users")
    group_count = _count("Groups.", attribute="groups")
    waiting_group_count = _count("Groups that mean nothing yet.", attribute="waiting_groups")
    deactivated_last_hour = _count("Users whom the identity provider deactivated within an hour.")
    brake = fields.Nested(
        BrakeOut,
        required=True,
        allow_none=True,
        metadata={"description": "Since it deactivated unusually many users, further deactivations are refused."},
    )
    released_until = _time("Until then no deactivation is refused.")


class ResumeIn(marshmallow.Schema):
    minutes = fields.Integer(
        strict=True,
        load_default=60,
        validate=validate.Range(min=1, max=7 * 24 * 60),
        metadata={"description": "For how long no deactivation is refused."},
    )


class GroupsQuery(marshmallow.Schema):
    status = fields.String(load_default="all", validate=validate.OneOf(("all", "waiting", "mapped")))
    limit = parsing.StrictInteger(load_default=MAX_PAGE, validate=validate.Range(min=1, max=MAX_PAGE))
    after = fields.String(metadata={"description": "`next_cursor` of the page before."})


class MeaningOut(marshmallow.Schema):
    level = fields.String(required=True, validate=validate.OneOf(_LEVELS))
    scope = fields.String(required=True, metadata={"description": "External id; of the platform, its key."})
    scope_name = fields.String(required=True)
    role = fields.String(required=True, validate=validate.OneOf(_ROLES))
    mapped_by = fields.String(required=True, validate=validate.OneOf(("administrator", "provider")))


class GroupOut(marshmallow.Schema):
    id = _id()
    name = fields.String(required=True)
    external_id = fields.String(required=True, allow_none=True)
    member_count = _count("Members.", attribute="members")
    meaning = fields.Nested(
        MeaningOut, required=True, allow_none=True, metadata={"description": "Null: the group waits for a mapping."}
    )
    stated_scope = fields.String(
        required=True, allow_none=True, metadata={"description": "The scope that the identity provider names."}
    )


class GroupsOut(marshmallow.Schema):
    data = fields.List(fields.Nested(GroupOut), required=True)
    has_more = fields.Boolean(required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class MappingIn(marshmallow.Schema):
    level = fields.String(required=True, validate=validate.OneOf(_LEVELS))
    scope = Value(
        values.EXTERNAL_ID,
        metadata={"description": "External id of the organisation or clinic; left out for the platform."},
    )
    role = fields.String(required=True, validate=validate.OneOf(_ROLES))

    @marshmallow.validates_schema
    def check_scope(self, given: dict[str, Any], **_: Any) -> None:
        if (given["level"] == domain.ROOT_LEVEL) == ("scope" in given):
            raise marshmallow.ValidationError("Name an organisation or a clinic; the platform needs no name.", "scope")


class DirectoryTokenOut(marshmallow.Schema):
    id = _id()
    created_at = times.Time(required=True)
    expires_at = _time("Null: never.")
    last_used_at = _time("To the minute.")
    revoked_at = _time("Since then it is refused.")
    valid = fields.Boolean(required=True, attribute="is_valid")


class DirectoryTokensOut(marshmallow.Schema):
    data = fields.List(fields.Nested(DirectoryTokenOut), required=True)


class DirectoryTokenIn(marshmallow.Schema):
    expires_in_days = fields.Integer(
        strict=True,
        allow_none=True,
        load_default=None,
        validate=validate.Range(min=1, max=3650),
        metadata={"description": "Null: it does not expire."},
    )


class CreatedDirectoryTokenOut(marshmallow.Schema):
    id = _id()
    token = fields.String(required=True, metadata={"description": "The secret, for the identity provider."})
    expires_at = _time("Null: never.")


class RefusalOut(marshmallow.Schema):
    happened_at = times.Time(required=True)
    token_id = _id()
    request = fields.String(required=True, metadata={"description": "Method and path."})
    status = fields.Integer(required=True, validate=validate.Range(min=400, max=499))
    code = fields.String(required=True)
    detail = fields.String(required=True)
    request_id = fields.String(required=True)


class RefusalsOut(marshmallow.Schema):
    data = fields.List(fields.Nested(RefusalOut), required=True)
