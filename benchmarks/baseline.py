"""What the APIs are compared with: small Flask routes on Granian's WSGI server and the same pool. Entry file of a server, and its start.

`token-select` verifies the same tokens and runs one `SELECT 1`; `bare` does nothing, as a GET, and as a POST that reads JSON.
"""

import contextlib
import sys
from collections.abc import Iterator

import flask
import httpx
import sqlalchemy

from benchmarks import hub as hubs
from cli.embedded import files
from drills.processes import wait_until
from services.inbox_api import settings
from shared import db
from shared.auth import tokens

# More threads than connections are used here.
_COMMAND = (
    *(sys.executable, "-m", "granian", "--interface", "wsgi", "--workers", "1", "--no-ws"),
    *("--blocking-threads", "32", "--backpressure", "128", "--factory", "benchmarks.baseline:make_app"),
)
_NAME = "baseline"


@contextlib.contextmanager
def running(hub: hubs.Hub) -> Iterator[str]:
    """The address of the compared routes, on the hub's database."""
    port = files.free_port()
    hub.add(_NAME, (*_COMMAND, "--port", str(port)))
    hub.start(_NAME)
    url = f"http://127.0.0.1:{port}"

    def is_ready() -> bool:
        with contextlib.suppress(httpx.TransportError):
            return hub.http.get(f"{url}/bare").status_code == 200
        return False

    try:
        wait_until(is_ready, what="the compared server answers")
        yield url
    finally:
        hub.stop(_NAME)


def make_app() -> flask.Flask:
    read = settings.read()
    engine = db.make_engine(read.database, role=db.INBOX_ROLE, name="baseline").execution_options(
        isolation_level="AUTOCOMMIT"
    )
    verifier = tokens.Verifier(read.auth, lambda _platform: None)
    app = flask.Flask(__name__, static_folder=None)

    @app.get("/token-select")
    def token_select() -> dict[str, object]:
        scheme, _, token = flask.request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer":
            flask.abort(401)
        identity = verifier.verify(token)
        with engine.connect() as connection:
            return {"user": identity.user, "one": connection.execute(sqlalchemy.text("SELECT 1")).scalar_one()}

    @app.get("/bare")
    def bare() -> dict[str, object]:
        return {"one": 1}

    @app.post("/bare")
    def bare_post() -> tuple[dict[str, object], int]:
        return {"title": flask.request.get_json()["title"]}, 202

    return app
