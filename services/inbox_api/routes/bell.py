"""`/bell.js`: the element `<message-bell>` as one script, and its texts in other languages. Built from web/ (`make web`). Public."""

from pathlib import Path

import flask

from shared import errors
from shared.web import guards, static

FOLDER = Path(__file__).parents[1] / "pages"
# A page of another origin loads a module script, or reads a file, only with these.
_HEADERS = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}


def make(folder: Path = FOLDER) -> flask.Blueprint:
    """The routes of the files that were built into `folder`."""
    blueprint = flask.Blueprint("bell", __name__)
    files = static.make(folder)

    @blueprint.get("/bell.js")
    @guards.public
    def script() -> flask.Response:
        response = static.serve(files)
        if response is None:
            raise errors.HubError("not-found", "The bell has not been built: run `make web`, then start the hub again.")
        response.headers.update(_HEADERS)
        return response

    @blueprint.get("/bell/<name>")
    @guards.public
    def texts(name: str) -> flask.Response:
        response = static.serve(files)
        if response is None:
            raise errors.HubError("not-found", "The bell has no texts in this language.")
        response.headers.update(_HEADERS)
        return response

    return blueprint
