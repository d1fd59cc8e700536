"""Lets pages of the origins in HUB_CORS_ORIGINS call an API from a browser (flask-cors).

Pages send tokens in a header, never in a cookie, so credentials are not allowed.
"""

import flask
import flask_cors

REQUEST_HEADERS = (
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "Last-Event-ID",
    "X-Request-ID",
)
RESPONSE_HEADERS = ("ETag", "Idempotency-Replayed", "Location", "Retry-After", "X-Request-ID")
# The longest time for which Chromium keeps the response to a preflight.
MAX_AGE_S = 7_200


def register(app: flask.Flask, *, origins: tuple[str, ...]) -> None:
    """Does nothing without origins."""
    if not origins:
        return
    flask_cors.CORS(
        app,
        origins=list(origins),
        allow_headers=list(REQUEST_HEADERS),
        expose_headers=list(RESPONSE_HEADERS),
        max_age=MAX_AGE_S,
        # Without the header Origin there is nothing to allow. Errors have their own handlers, and after_request runs for them too.
        always_send=False,
        intercept_exceptions=False,
        vary_header=False,
    )

    @app.after_request
    def vary(response: flask.Response) -> flask.Response:
        # flask-cors adds it to responses for allowed origins only; a cache must not hand the others on either.
        if response.headers.get("Access-Control-Allow-Origin") != "*":
            response.vary.add("Origin")
        return response
