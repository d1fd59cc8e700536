"""Answers that can be asked again cheaply: an ETag over the representation, and 304 when the client has it already."""

import hashlib

import flask


def conditional(answer: flask.Response, *, user_id: int) -> flask.Response:
    """`answer` with its ETag, salted with the user so that two users' tags never tell them of each other; 304 where it matches."""
    tag = hashlib.blake2b(answer.get_data(), digest_size=16, salt=user_id.to_bytes(8, "big")).hexdigest()
    # Only If-None-Match is asked about: nothing here is changed on the condition that it is still as it was.
    if is_known(tag):
        return unchanged(tag)
    answer.set_etag(tag)
    return private(answer)


def unchanged(tag: str) -> flask.Response:
    """What `conditional` makes of an answer with this tag where the client has it already."""
    answer = flask.Response(status=304)
    answer.set_etag(tag)
    return private(answer)


def is_known(tag: str) -> bool:
    """Whether the client of the request being served has the answer with this tag."""
    return flask.request.if_none_match.contains_weak(tag)


def private(answer: flask.Response) -> flask.Response:
    """Marks an answer as this caller's own, to be asked about each time."""
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.headers["Vary"] = "Authorization"
    return answer
