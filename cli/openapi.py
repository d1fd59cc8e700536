"""Writes the OpenAPI documents of the APIs: `python -m cli.openapi docs/openapi`. Called by `make openapi` and by its test."""

import json
import sys
from pathlib import Path
from typing import Any

import flask
import sqlalchemy

from services.compose_api import app as compose
from services.directory import app as directory
from services.inbox_api import app as inbox
from shared import settings


def make_apps() -> dict[str, flask.Flask]:
    """The apps by name, connected to nothing."""
    engine = sqlalchemy.create_engine("postgresql+psycopg://nobody@localhost.invalid/nothing")
    auth = settings.Auth(secret=None, jwks_url=None)
    return {
        "compose": compose.make_app(compose.Context(engine, lambda _published: None), auth=auth),
        "inbox": inbox.make_app(inbox.Context(engine), auth=auth),
        "directory": directory.make_app(engine, auth=auth),
    }


def documents() -> dict[str, dict[str, Any]]:
    """The OpenAPI document of each API, by its name, as it is served at /openapi.json."""
    return {name: app.test_client().get("/openapi.json").get_json() for name, app in make_apps().items()}


def render(document: dict[str, Any]) -> str:
    """A document as the text of its file."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, document in documents().items():
        (folder / f"{name}.json").write_text(render(document), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
