"""ETags over the representation, and 304 when the client has it already."""

import hashlib
import re

import flask

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
    given = flask.request.if_none_match  # for "" it holds None
    return given.star_tag or any(_SUFFIX.sub("", one or "") == tag for one in given.as_set(include_weak=True))


def private(answer: flask.Response) -> flask.Response:
    """Lets only the caller's own cache keep an answer, and revalidate it each time."""
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.headers["Vary"] = "Authorization"
    return answer
