"""The message that a draft's content is. Needs no web framework: operators release drafts too."""

from typing import Any

import marshmallow

from services.compose_api import domain
from services.compose_api.content_schemas import MessageIn
from shared import errors

_MESSAGE = MessageIn()


def read_content(content: dict[str, Any]) -> domain.Content:
    """The message that a draft's content is. Raises `HubError` draft-incomplete, validation-failed."""
    try:
        message: domain.Content = _MESSAGE.load(content)
    except marshmallow.ValidationError as error:
        found = error.normalized_messages()  # type: ignore[no-untyped-call]
        missing = {name: ["Missing."] for name in found if name not in content and name in _MESSAGE.fields}
        if missing:
            raise errors.HubError(
                "draft-incomplete", f"The draft has no {errors.listed(sorted(missing))} yet.", errors=missing
            ) from None
        raise errors.validation_failed(found) from None
    return message
