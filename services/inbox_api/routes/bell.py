"""`/bell.js`: the element `<message-bell>` as one script, for the pages of the platforms. Built from web/ (`make web`). Public."""

from pathlib import Path

import flask

from shared import errors
from shared.web import guards, static

FOLDER = Path(__file__).parents[1] / "pages"
# A page loads a module script of another origin only with these.
_HEADERS = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}


def make(folder: Path = FOLDER) -> flask.Blueprint:
    """The route of the script that was built into `folder`."""
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

    return blueprint
