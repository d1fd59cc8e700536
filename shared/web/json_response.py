"""JSON responses without marshmallow, for frequent or large ones. The schema that the route declares documents them."""

from datetime import datetime
from typing import Any

import flask
import orjson

from shared.web import times


def write(value: Any) -> flask.Response:
    """JSON of a dataclass whose fields are those of the schema that the route declares; tests compare them.

    A feed of 20 takes 0.08 ms of processor time, a tree of 5,000 clinics 0.4 ms; marshmallow's dump and Flask's JSON 0.3 and 24 ms.
    """
    return flask.Response(
        orjson.dumps(value, default=_write_time, option=orjson.OPT_PASSTHROUGH_DATETIME), mimetype="application/json"
    )


def _write_time(value: Any) -> str:
    if not isinstance(value, datetime):
        raise TypeError(f"{type(value).__name__} has no JSON here")
    return times.write(value)
