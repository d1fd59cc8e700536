"""`/bell.js`: the element `<message-bell>` as one script, for the pages of the platforms.

Built from web/ (`make web`). Public and open to every origin: it is the same for everybody, and a module script of another
origin is loaded only where that is allowed.
"""

from pathlib import Path

import flask

from shared import errors
from shared.web import guards, static

FOLDER = Path(__file__).parents[1] / "pages"
_HEADERS = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}


def make(folder: Path = FOLDER) -> flask.Blueprint:
    """The route of the script that was built into `folder`."""
    blueprint = flask.Blueprint("bell", __name__)

    @blueprint.get("/bell.js")
    @guards.public
    def script() -> flask.Response:
        # One address for ever, so that a page that names it gets every release: asked for again each time, mostly answered 304.
        answer = static.find(folder, "bell.js")
        if answer is None:
            raise errors.HubError("not-found", "The bell has not been built: run `make web` where the hub was started.")
        answer.headers.update(_HEADERS)
        return answer

    return blueprint
