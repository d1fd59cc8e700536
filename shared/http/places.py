"""Load shedding: a request takes one of a fixed number of places before it touches anything, or is answered 503 at once.

There are more server threads than places, so refusing and health checks never wait behind the work.
"""

import threading

import flask

from shared import errors
from shared.http import guards

_WAIT_S = 0.02


def register(app: flask.Flask, *, places: int) -> None:
    free = threading.BoundedSemaphore(places)

    @app.before_request
    def take() -> None:
        view = app.view_functions.get(flask.request.endpoint or "")
        if view is None or getattr(view, guards.GUARD, None) == "public":
            return
        if not free.acquire(timeout=_WAIT_S):
            raise errors.unavailable("More requests are being served than this process takes on at once.")
        flask.g.place = free

    @app.teardown_request
    def give_back(_error: BaseException | None) -> None:
        taken = flask.g.pop("place", None)
        if taken is not None:
            taken.release()
