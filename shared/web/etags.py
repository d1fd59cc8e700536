"""ETags over the representation, and 304 when the client has it already; ETags of a version, for `If-Match`."""

import hashlib
import re

import flask
from werkzeug.datastructures import ETags

# Proxies that compress an answer add it to the ETag.
_SUFFIX = re.compile(r"-(gzip|br|zstd)$")


def conditional(answer: flask.Response, *, user_id: int) -> flask.Response:
    """`answer` with its ETag, or 304 if the client has it. Salted with the user: ETags do not show that two users' answers are equal."""
    tag = hashlib.blake2b(answer.get_data(), digest_size=16, salt=user_id.to_bytes(8, "big")).hexdigest()
    if is_known(tag):
        return unchanged(tag)
    answer.set_etag(tag)
    return private(answer)


def unchanged(tag: str) -> flask.Response:
    """304 with this ETag."""
    answer = flask.Response(status=304)
    answer.set_etag(tag)
    return private(answer)


def is_known(tag: str) -> bool:
    """Whether the client of the request being served has the answer with this tag."""
    return _holds(flask.request.if_none_match, tag)


def of_version(version: int) -> str:
    return f"{version:032x}"


def is_expected(version: int, *, is_required: bool) -> bool:
    """Whether the request being served may change what has this version: its If-Match names it, or may be missing and is."""
    given = flask.request.if_match
    return _holds(given, of_version(version)) or not (given or is_required)


def _holds(given: ETags, tag: str) -> bool:
    # For "" it holds None.
    return given.star_tag or any(_SUFFIX.sub("", one or "") == tag for one in given.as_set(include_weak=True))


def private(answer: flask.Response) -> flask.Response:
    """Lets only the caller's own cache keep an answer, and revalidate it each time."""
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.headers["Vary"] = "Authorization"
    return answer
