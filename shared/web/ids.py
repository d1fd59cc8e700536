"""Ids in paths."""

import re
import uuid
from typing import Any

from shared import errors

_CANONICAL = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def read_uuid(text: str, what: str) -> uuid.UUID:
    """The id that `text` spells. Raises `HubError` not-found for anything else."""
    if not _CANONICAL.fullmatch(text):
        raise errors.not_found(what)
    return uuid.UUID(text)


def path_id(description: str) -> list[dict[str, Any]]:
    """The id in a path for the OpenAPI document. Anything else there is answered 404, not 422."""
    schema = {"type": "string", "format": "uuid"}
    return [{"in": "path", "name": "message_id", "required": True, "description": description, "schema": schema}]
