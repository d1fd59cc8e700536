"""Ids in paths, queries and bodies."""

import re
import uuid
from collections.abc import Mapping
from typing import Any

import marshmallow
from marshmallow import fields, validate

from shared import errors
from shared import text as characters

_CANONICAL = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def read_uuid(text: str, what: str) -> uuid.UUID:
    """The id that `text` spells. Raises `HubError` not-found for anything else."""
    if not _CANONICAL.fullmatch(text):
        raise errors.not_found(what)
    return uuid.UUID(text)


def path_id(description: str, name: str = "message_id") -> list[dict[str, Any]]:
    """The id in a path for the OpenAPI document. Anything else there is answered 404, not 422."""
    schema = {"type": "string", "format": "uuid"}
    return [{"in": "path", "name": name, "required": True, "description": description, "schema": schema}]


class ExternalId(fields.String):
    """An external id of a scope, in the directory's normal form. Refuses what PostgreSQL cannot look for."""

    def __init__(self, *, metadata: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        limits = validate.Length(min=1, max=characters.MAX_IDENTIFIER)
        super().__init__(validate=limits, metadata={"pattern": r"^[^\x00]+$", **(metadata or {})}, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        found = characters.identifier(super()._deserialize(value, attr, data, **kwargs))
        if not characters.is_storable(found):
            raise marshmallow.ValidationError("Not an id of this platform.")
        return found
