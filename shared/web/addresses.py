"""Every address is spelt in one way. What else werkzeug would serve under it, or lead on to, is not there.

It takes no notice of slashes at the beginning, where the bridge looks what needs a place, and leads on from double ones and
from a missing one at the end with the whole address, made of the header Host and the scheme that is spoken here: behind a proxy
that is `http://` to wherever the client said.
"""

from urllib.parse import urlsplit

import flask
from werkzeug import routing

from shared import errors


def register(app: flask.Flask) -> None:
    @app.before_request
    def look() -> flask.Response | None:
        if "//" in flask.request.environ["PATH_INFO"]:
            raise errors.nowhere()
        wanted = flask.request.routing_exception
        return _to_the_slash(wanted) if isinstance(wanted, routing.RequestRedirect) else None


def _to_the_slash(wanted: routing.RequestRedirect) -> flask.Response:
    """Leads from an address to the same with a slash at its end, relative to where the client is."""
    leads_to = urlsplit(wanted.new_url)
    name = leads_to.path.rstrip("/").rpartition("/")[2]
    relative = leads_to._replace(scheme="", netloc="", path=f"{name}/").geturl()
    return flask.Response(status=wanted.code, headers={"Location": relative})
