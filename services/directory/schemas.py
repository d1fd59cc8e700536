"""The shapes of requests and answers under /v1/directory."""

from typing import Any

import marshmallow
from marshmallow import fields

from services.directory import values


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
