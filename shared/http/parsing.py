"""Strict reading of what clients send: JSON bodies and query parameters. Nothing unknown, repeated or guessed at is let through."""

import json
import math
from typing import Any, NoReturn

import flask
import marshmallow
from marshmallow import fields
from webargs import multidictproxy
from webargs.flaskparser import FlaskParser

from shared import errors

MAX_BODY_BYTES = 64 * 1024


class StrictParser(FlaskParser):
    """webargs' Flask parser, reading JSON strictly and raising the hub's own errors."""

    DEFAULT_UNKNOWN_BY_LOCATION = {"json": marshmallow.RAISE, "query": marshmallow.RAISE}  # noqa: RUF012 (as in the base class)

    def load_json(self, req: flask.Request, _schema: Any) -> Any:
        return read_json(req)

    def load_querystring(self, req: flask.Request, schema: marshmallow.Schema) -> Any:
        return multidictproxy.MultiDictProxy(req.args, schema)

    def handle_error(self, error: marshmallow.ValidationError, *_args: Any, **_kwargs: Any) -> NoReturn:
        (by_field,) = error.normalized_messages().values()  # type: ignore[no-untyped-call]
        raise errors.validation_failed(by_field) from None


def read_json(request: flask.Request) -> dict[str, Any]:
    """The request's JSON object. Raises `HubError`: 413, 415, 400 malformed-json, 422 for a repeated field or another type."""
    if not request.is_json:
        raise errors.HubError("unsupported-media-type", "Send the request with Content-Type: application/json.")
    try:
        value = json.loads(
            request.get_data().decode("utf-8"),
            object_pairs_hook=_object,
            parse_float=_finite_float,
            parse_constant=_refuse_constant,
        )
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise errors.HubError("malformed-json", f"The body is not JSON that makes sense: {reason}.") from None
    if not isinstance(value, dict):
        raise errors.validation_failed({"request": ["Must be a JSON object."]})
    return value


def check_query(request: flask.Request, known: frozenset[str]) -> None:
    """Refuses query parameters that are not `known` or given twice."""
    bad = {}
    for name, values in request.args.lists():
        if name not in known:
            bad[name] = ["Unknown parameter."]
        elif len(values) > 1:
            bad[name] = ["Given more than once."]
    if bad:
        raise errors.validation_failed(bad)


class StrictInteger(fields.Integer):
    """A whole number in plain ASCII digits: no sign, blank or underscore, as Python's int() would allow."""

    def _validated(self, value: Any) -> int:
        if not (isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 9):
            raise self.make_error("invalid", input=value)
        return int(value)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        names = [name for name, _ in pairs]
        raise errors.validation_failed({name: ["Given more than once."] for name in names if names.count(name) > 1})
    return value


def _finite_float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a number is out of range")
    return value


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")
