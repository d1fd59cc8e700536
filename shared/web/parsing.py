"""Strict parsing of JSON bodies and query parameters: unknown and repeated names are rejected, and nothing is converted silently."""

import collections
import json
import math
import re
from typing import Any, NoReturn

import flask
import marshmallow
from marshmallow import fields
from webargs import multidictproxy
from webargs.flaskparser import FlaskParser
from werkzeug import exceptions

from shared import errors

MAX_BODY_BYTES = 320 * 1024
_MAX_DIGITS = 100
_WHOLE_NUMBER = re.compile(r"0|[1-9][0-9]{0,8}")


class StrictParser(FlaskParser):
    """webargs' Flask parser, reading JSON strictly and raising the hub's own errors."""

    DEFAULT_UNKNOWN_BY_LOCATION = {"json": marshmallow.RAISE, "query": marshmallow.RAISE}  # noqa: RUF012 (as in the base class)

    def load_json(self, req: flask.Request, _schema: Any) -> Any:
        body = read_json(req)
        check_query(req, frozenset())
        return body

    def load_querystring(self, req: flask.Request, schema: marshmallow.Schema) -> Any:
        return multidictproxy.MultiDictProxy(req.args, schema)

    def handle_error(self, error: marshmallow.ValidationError, *_args: Any, **_kwargs: Any) -> NoReturn:
        (by_field,) = error.normalized_messages().values()  # type: ignore[no-untyped-call]
        raise errors.validation_failed({name: _of_field(found) for name, found in by_field.items()}) from None


def read_json(request: flask.Request) -> dict[str, Any]:
    """The request's JSON object. Raises, in this order: 413, 415, 400 malformed-json, 422 for a repeated field or another type."""
    body = read_body(request)
    if request.mimetype != "application/json":
        raise errors.HubError("unsupported-media-type", "Send the request with Content-Type: application/json.")
    value, repeated = load_json(request, body)
    if repeated:
        raise errors.validation_failed({name: ["Given more than once."] for name in sorted(repeated)})
    if not isinstance(value, dict):
        raise errors.validation_failed({"request": ["Must be a JSON object."]})
    return value


def read_body(request: flask.Request) -> bytes:
    """The bytes of the request's body. Raises 413: `max_content_length` is one byte more than allowed."""
    body = request.get_data()
    if (
        request.max_content_length and len(body) >= request.max_content_length
    ):  # sent in chunks; werkzeug stops reading there
        raise exceptions.RequestEntityTooLarge
    return body


def load_json(request: flask.Request, body: bytes) -> tuple[Any, set[str]]:
    """The value of the request's body, and the names that an object in it repeats. Raises 415 for an encoded one, 400 malformed-json."""
    if (request.content_encoding or "identity").lower() != "identity":
        raise errors.HubError("unsupported-media-type", "Send the body without Content-Encoding.")
    repeated: set[str] = set()

    def make_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        value = dict(pairs)
        if len(value) < len(pairs):
            counts = collections.Counter(name for name, _ in pairs)
            repeated.update(name for name, count in counts.items() if count > 1)
        return value

    try:
        value = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=make_object,
            parse_int=_sane_int,
            parse_float=_finite_float,
            parse_constant=_refuse_constant,
        )
    except (ValueError, RecursionError) as error:
        raise errors.HubError("malformed-json", f"The body is not JSON that makes sense: {_reason(error)}.") from None
    return value, repeated


def check_no_body(request: flask.Request) -> None:
    """Raises 413 or 400 for a body on a route that takes none."""
    if (request.content_length or "Transfer-Encoding" in request.headers) and read_body(request):
        raise errors.no_body()


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


def check_method() -> None:
    """Rejects a method in lower case: methods are case-sensitive, but werkzeug finds the route for any case."""
    rule = flask.request.url_rule
    if rule is not None and flask.request.environ["REQUEST_METHOD"] != flask.request.method:
        raise exceptions.MethodNotAllowed(rule.methods)


class StrictInteger(fields.Integer):
    """A whole number in plain ASCII digits: no sign, blank, underscore or leading zero, as Python's int() would allow."""

    def _validated(self, value: Any) -> int:
        if not (isinstance(value, str) and _WHOLE_NUMBER.fullmatch(value)):
            raise self.make_error("invalid", input=value)
        return int(value)


def _of_field(found: Any) -> Any:
    """What is wrong with a field: sentences, or a mapping of what is in it. What concerns an object as a whole marshmallow puts under
    `_schema`, a name that no client knows.
    """
    if not isinstance(found, dict):
        return found
    return found["_schema"] if found.keys() == {"_schema"} else {name: _of_field(one) for name, one in found.items()}


def _sane_int(text: str) -> int:
    if len(text) > _MAX_DIGITS:
        raise ValueError("a number is out of range")
    return int(text)


def _finite_float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a number is out of range")
    return value


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")


def _reason(error: ValueError | RecursionError) -> str:
    match error:
        case RecursionError():
            return "it is nested too deeply"
        case UnicodeDecodeError():
            return "it is not UTF-8"
        case json.JSONDecodeError(doc=""):
            return "it is empty"
        case json.JSONDecodeError(doc=text) if text.startswith("\ufeff"):
            return "it begins with a byte order mark"
        case json.JSONDecodeError(lineno=line, colno=column):
            return f"syntax error in line {line}, column {column}"
    return str(error)
