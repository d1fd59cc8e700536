"""Adds error responses with their codes, and headers, to every operation of the OpenAPI document.

They follow from the guard, from whether there is a body, and from `blueprint.refuses`.
tests/fuzz compares every response with the document.
"""

from collections.abc import Iterable
from typing import Any

import apispec

from shared import errors, problem_details

_EVERYBODY = ("token-missing", "token-invalid", "token-expired", "user-inactive", "validation-failed", "unavailable")
_BY_GUARD = {
    "public": ("unavailable",),
    "navigation": ("unavailable",),
    "session": ("session-missing", "session-expired", "user-inactive", "validation-failed", "unavailable"),
    "user": _EVERYBODY,
    "administrator": (*_EVERYBODY, "administrator-required"),
    "platform administrator": (*_EVERYBODY, "administrator-required"),
    "sending administrator": (*_EVERYBODY, "feature-not-available", "administrator-required"),
}
_OF_A_BODY = {
    None: ("payload-too-large", "bad-request"),
    "application/json": ("payload-too-large", "unsupported-media-type", "malformed-json"),
    "application/x-www-form-urlencoded": ("payload-too-large",),
}
_HEADERS = {
    "X-Request-ID": {
        "description": "The request's own id where it sent a sane one, else a new one; the logs know it.",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{8,64}$"},
        "required": True,
    },
    "Retry-After": {
        "description": "Seconds to wait before asking again.",
        "schema": {"type": "integer", "minimum": 1},
        "required": True,
    },
    "WWW-Authenticate": {"schema": {"type": "string", "const": "Bearer"}, "required": True},
    "ETag": {
        "description": "Of this very answer, for If-None-Match.",
        "schema": {"type": "string", "pattern": '^(W/)?"[0-9a-f]{32}"$'},
        "required": True,
    },
}
_OF_A_STATUS = {401: ("WWW-Authenticate",), 429: ("Retry-After",), 503: ("Retry-After",)}
_IF_NONE_MATCH = {
    "in": "header",
    "name": "If-None-Match",
    "schema": {"type": "string"},
    "description": "The ETag of the answer that the client has; it is answered 304 where that is still right.",
}


_PAGE = {"text/html": {"schema": {"type": "string"}}}
# In the documentation of a view, until the plugin below replaces them by responses.
GUARD, CODES = "x-guard", "x-codes"


class RefusalsPlugin(apispec.BasePlugin):
    """Completes each operation."""

    def init_spec(self, spec: apispec.APISpec) -> None:
        super().init_spec(spec)
        self._spec = spec

    def operation_helper(self, path: str | None = None, operations: dict[str, Any] | None = None, **_: Any) -> None:
        for operation in (operations or {}).values():
            guard, codes = operation.pop(GUARD, "public"), operation.pop(CODES, ())
            _describe(operation, self._spec, guard=guard, declared=codes)


def _describe(operation: dict[str, Any], spec: apispec.APISpec, *, guard: str, declared: Iterable[str]) -> None:
    """Completes an operation with its refusals, and all its answers with the headers that they carry."""
    codes = {*_BY_GUARD[guard], *declared, *_OF_A_BODY.get(_media_type(operation), ())}
    is_page = guard == "navigation"
    if is_page or guard == "public":
        operation["security"] = []
    answers: dict[Any, Any] = operation["responses"]
    for status, answer in answers.items():
        if status != "default" and status < 400:
            answer.setdefault("headers", {}).update(
                _headers(spec, "X-Request-ID", *(("ETag",) if 304 in answers else ()))
            )
    if 304 in answers:
        operation.setdefault("parameters", []).append(_IF_NONE_MATCH)
    for status in sorted({errors.CATALOGUE[code][0] for code in codes}):
        of_status = [code for code, (its, _title) in errors.CATALOGUE.items() if its == status and code in codes]
        answers[status] = _component(spec, status, of_status, is_page=is_page)
    if "requestBody" in operation:
        answers[408] = _component(spec, 408, ["bad-request"])


def _media_type(operation: dict[str, Any]) -> str | None:
    """Of the request's body; None where the operation takes none."""
    return next(iter(operation["requestBody"]["content"])) if "requestBody" in operation else None


def _component(spec: apispec.APISpec, status: int, codes: list[str], *, is_page: bool = False) -> str:
    """The name of the response of this status with one of these codes. `is_page`: browsers get a page that says the same."""
    own_status = errors.CATALOGUE[codes[0]][0]
    name = ".".join([*codes, *([] if status == own_status else [str(status)]), *(["page"] if is_page else [])])
    if name not in spec.components.responses:
        schema = {
            "$ref": "#/components/schemas/Problem",
            "properties": {"status": {"const": status}, "code": {"enum": codes}},
        }
        spec.components.response(
            name,
            {
                "description": "; ".join(f"`{code}`: {errors.CATALOGUE[code][1]}" for code in codes),
                "headers": _headers(spec, "X-Request-ID", *_OF_A_STATUS.get(status, ())),
                "content": {problem_details.MEDIA_TYPE: {"schema": schema}, **(_PAGE if is_page else {})},
            },
        )
    return name


def _headers(spec: apispec.APISpec, *names: str) -> dict[str, Any]:
    for name in names:
        if name not in spec.components.headers:
            spec.components.header(name, _HEADERS[name])
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
