"""What the hub's APIs are compared with: small Flask routes on the same server, options and pool. Entry file of a server.

`token-select` verifies the same tokens and asks PostgreSQL one question; `bare` does nothing, as a GET, and as a POST that reads JSON.
"""

import flask
import sqlalchemy

from services.inbox_api import settings
from shared import db
from shared.auth import tokens

_settings = settings.read()
_engine = db.make_engine(_settings.database, role=db.INBOX_ROLE, name="baseline").execution_options(
    isolation_level="AUTOCOMMIT"
)
_verifier = tokens.Verifier(_settings.auth, lambda _platform: None)
_SELECT = sqlalchemy.text("SELECT 1")

app = flask.Flask(__name__, static_folder=None)


@app.get("/token-select")
def token_select() -> dict[str, object]:
    scheme, _, token = flask.request.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer":
        flask.abort(401)
    identity = _verifier.verify(token)
    with _engine.connect() as connection:
        return {"user": identity.user, "one": connection.execute(_SELECT).scalar_one()}


@app.get("/bare")
def bare() -> dict[str, object]:
    return {"one": 1}


@app.post("/bare")
def bare_post() -> tuple[dict[str, object], int]:
    return {"title": flask.request.get_json()["title"]}, 202
