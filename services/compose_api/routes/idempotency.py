"""The header `Idempotency-Key`: a request that is repeated with its key makes nothing new."""

import re
from typing import Any

import flask

from shared import errors

_NAME = "Idempotency-Key"
_REPLAYED = "Idempotency-Replayed"
# Visible ASCII. Servers join headers of the same name with a comma.
_KEY = re.compile(r"[\x21-\x2b\x2d-\x7e]{1,255}")


def parameter(what: str) -> dict[str, Any]:
    """The header of a request that makes `what`, for the OpenAPI document."""
    return {
        "in": "header",
        "name": _NAME,
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[\\x21-\\x2b\\x2d-\\x7e]+$"},
        "description": f"Send the same request again with the same key, and no second {what} comes of it.",
    }


def response_header(what: str) -> dict[str, Any]:
    """The header of its answer, for the OpenAPI document."""
    return {
        _REPLAYED: {
            "description": f"Only where an earlier request with this key was accepted, and this is its {what}.",
            "schema": {"type": "string", "const": "true"},
        }
    }


def read_key() -> str | None:
    """The key of the request being served. Raises `HubError` validation-failed."""
    key = flask.request.headers.get(_NAME)
    if key is not None and not _KEY.fullmatch(key):
        raise errors.validation_failed(
            {_NAME: ["Send it once, with 1 to 255 visible ASCII characters other than the comma."]}
        )
    return key


def replayed_header() -> dict[str, str]:
    """The header of an answer to a repeated request."""
    return {_REPLAYED: "true"}
