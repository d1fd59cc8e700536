"""`/bell.js` and its texts as a page of any platform loads them."""

from pathlib import Path

import flask
import pytest
from flask.testing import FlaskClient

from services.inbox_api.routes import bell
from shared.web import cors, error_handlers


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "bell.js").write_text("export {};")
    (tmp_path / "bell").mkdir()
    (tmp_path / "bell/de.json").write_text("{}")
    return tmp_path


def make(folder: Path) -> FlaskClient:
    app = flask.Flask("tests", static_folder=None)
    cors.register(app, origins=("https://portal.example.org",))
    error_handlers.register(app)
    app.register_blueprint(bell.make(folder))
    return app.test_client()


@pytest.mark.parametrize("origin", ["https://portal.example.org", "https://anybody.example", None])
def test_any_page_may_load_it_as_a_module(folder: Path, origin: str | None) -> None:
    answer = make(folder).get("/bell.js", headers={"Origin": origin} if origin else {})
    assert (answer.status_code, answer.text) == (200, "export {};")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "Origin" not in answer.headers.get("Vary", ""), "caches keep one copy for everybody"


def test_any_page_may_read_its_texts_in_another_language(folder: Path) -> None:
    answer = make(folder).get("/bell/de.json", headers={"Origin": "https://anybody.example"})
    assert (answer.status_code, answer.get_json()) == (200, {})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert make(folder).get("/bell/xx.json").status_code == 404


def test_a_new_release_is_used_at_once_and_the_same_one_is_not_sent_twice(folder: Path) -> None:
    client = make(folder)
    first = client.get("/bell.js")
    assert first.headers["Cache-Control"] == "no-cache"
    again = client.get("/bell.js", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.headers["Access-Control-Allow-Origin"]) == (304, "*")


def test_a_bell_that_was_not_built_says_how_to_build_it(tmp_path: Path) -> None:
    answer = make(tmp_path).get("/bell.js")
    assert answer.status_code == 404
    assert "make web" in answer.get_json()["detail"]
    assert answer.headers["Cache-Control"] == "no-store"
