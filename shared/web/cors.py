"""Lets pages of other origins call an API from a browser: those that are named in HUB_CORS_ORIGINS, and no others.

Tokens travel in a header that pages set themselves, never in cookies, so no credentials are allowed. A browser's question
before the call (preflight) is answered here at once: it carries no token and takes no place.
"""

import flask

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE")
REQUEST_HEADERS = ("Authorization", "Content-Type", "Idempotency-Key", "If-None-Match", "Last-Event-ID", "X-Request-ID")
ANSWER_HEADERS = ("ETag", "Idempotency-Replayed", "Location", "Retry-After", "X-Request-ID")
# How long a browser may remember the answer to a preflight: a longer time than browsers allow (2 h in Chromium) gains nothing.
MAX_AGE_S = 7_200


def register(app: flask.Flask, *, origins: tuple[str, ...]) -> None:
    """Does nothing where no origins are named: then there is only the same origin."""
    if not origins:
        return
    allowed = frozenset(origins)

    @app.before_request
    def answer_preflight() -> flask.Response | None:
        if flask.request.method != "OPTIONS" or "Access-Control-Request-Method" not in flask.request.headers:
            return None
        answer = flask.Response(status=204)
        answer.headers["Access-Control-Allow-Methods"] = ", ".join(METHODS)
        answer.headers["Access-Control-Allow-Headers"] = ", ".join(REQUEST_HEADERS)
        answer.headers["Access-Control-Max-Age"] = str(MAX_AGE_S)
        return answer

    @app.after_request
    def allow(answer: flask.Response) -> flask.Response:
        if "Access-Control-Allow-Origin" in answer.headers:
            return answer  # open to everybody already
        answer.vary.add("Origin")
        answer.headers.update(allowing(flask.request.headers.get("Origin", ""), allowed))
        return answer


def allowing(origin: str, allowed: frozenset[str]) -> dict[str, str]:
    """What an answer to a page of `origin` says, beside `Vary: Origin`."""
    if origin not in allowed:
        return {}
    return {"Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": ", ".join(ANSWER_HEADERS)}
