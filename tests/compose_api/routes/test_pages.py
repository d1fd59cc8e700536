"""The console and the demo page as a browser meets them."""

import json
import re
from pathlib import Path
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient

from services.compose_api import settings
from services.compose_api.routes import pages

INBOX = "https://inbox.example.org"
PEOPLE = {"people": [{"id": "user", "name": "Noah Williams", "role": "user", "token": "t"}]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("console/index.html", "demo/index.html", "console/assets/index-Ab12_-Cd.js"):
        path = tmp_path / "pages" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path / "pages"


@pytest.fixture
def demo_file(tmp_path: Path) -> Path:
    path = tmp_path / "people.json"
    path.write_text(json.dumps(PEOPLE))
    return path


def make(folder: Path, **options: Any) -> FlaskClient:
    app = flask.Flask("tests", static_folder=None)
    app.register_blueprint(pages.make(settings.Pages(**options), folder))
    app.register_error_handler(Exception, lambda error: (getattr(error, "code", "error"), 404))
    return app.test_client()


def policy(client: FlaskClient, path: str) -> dict[str, list[str]]:
    header = client.get(path).headers["Content-Security-Policy"]
    return {name: values for name, *values in (directive.split() for directive in header.split("; "))}


@pytest.mark.parametrize(("path", "target"), [("/", "/console/"), ("/console", "/console/"), ("/demo", "/demo/")])
def test_whoever_leaves_out_the_end_of_the_address_arrives(
    folder: Path, demo_file: Path, path: str, target: str
) -> None:
    client = make(folder, demo_file=demo_file)
    answer = client.get(path)
    assert answer.status_code == 302
    assert not answer.headers["Location"].startswith(("/", "http")), "a proxy may have put it under another path"
    assert client.get(path, follow_redirects=True).request.path == target


def test_the_icon_that_browsers_ask_for_by_themselves_is_there(folder: Path) -> None:
    assert make(folder).get("/favicon.ico").status_code == 404
    (folder / "console/assets/icon-Ab12_-Cd.svg").write_text("<svg/>")
    client = make(folder)
    # Relative, as all redirects here.
    answer = client.get("/" + client.get("/favicon.ico").headers["Location"])
    assert answer.status_code == 200
    assert answer.mimetype == "image/svg+xml"


def test_nothing_inline_runs_and_calls_go_to_the_two_apis_only(folder: Path) -> None:
    found = policy(make(folder, inbox_url=f"{INBOX}/hub"), "/console/")
    assert found["default-src"] == ["'none'"]
    assert (found["script-src"], found["style-src"]) == (["'self'"], ["'self'"])
    assert found["connect-src"] == ["'self'", INBOX]
    for name in ("base-uri", "object-src", "form-action"):
        assert found[name] == ["'none'"]
    assert found["require-trusted-types-for"] == ["'script'"]
    assert not re.search(r"unsafe|\*|data:|blob:", str(found))


def test_without_an_address_of_its_own_inbox_api_is_under_the_same_origin(folder: Path) -> None:
    client = make(folder)
    assert policy(client, "/console/")["connect-src"] == ["'self'"]
    assert client.get("/console/config.json").get_json() == {
        "inbox_url": "",
        "stream_url": "",
        "directory_url": "",
        "demo": False,
        "sign_in": None,
    }


def test_the_console_is_shown_in_frames_of_its_own_origin_and_of_those_named(folder: Path) -> None:
    assert policy(make(folder), "/console/")["frame-ancestors"] == ["'self'"]
    named = make(folder, frame_origins=("https://portal.example.org",))
    assert policy(named, "/console/")["frame-ancestors"] == ["'self'", "https://portal.example.org"]


def test_the_demo_may_load_the_bell_from_inbox_api_as_any_page_does(folder: Path, demo_file: Path) -> None:
    client = make(folder, inbox_url=INBOX, demo_file=demo_file)
    assert policy(client, "/demo/")["script-src"] == ["'self'", INBOX]
    assert policy(client, "/console/")["script-src"] == ["'self'"]


@pytest.mark.parametrize("path", ["/console/", "/console/assets/index-Ab12_-Cd.js"])
def test_each_file_says_how_it_may_be_used(folder: Path, path: str) -> None:
    answer = make(folder).get(path)
    assert answer.status_code == 200
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in answer.headers["Permissions-Policy"]


def test_only_files_with_a_hash_in_their_names_are_kept_for_ever(folder: Path) -> None:
    client = make(folder)
    assert client.get("/console/").headers["Cache-Control"] == "no-cache"
    assert "immutable" in client.get("/console/assets/index-Ab12_-Cd.js").headers["Cache-Control"]
    assert client.get("/console/config.json").headers["Cache-Control"] == "no-store"


def test_pages_that_were_not_built_say_how_to_build_them(tmp_path: Path) -> None:
    answer = make(tmp_path / "nothing").get("/console/")
    assert answer.status_code == 503
    assert "make web" in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "name", ["nothing/index.html", "assets/index.html", "index.html/index.html", "demo/index.html"]
)
def test_a_page_that_is_not_there_is_not_found_and_not_unbuilt(folder: Path, tmp_path: Path, name: str) -> None:
    for client in (make(folder), make(tmp_path / "nothing")):
        answer = client.get(f"/console/{name}")
        assert (answer.status_code, answer.text) == (404, "not-found")


@pytest.mark.parametrize(
    "path", ["/console/../demo/index.html", "/console/%2e%2e/demo/index.html", "/console/./index.html"]
)
def test_no_roundabout_way_leads_to_a_page(folder: Path, path: str) -> None:
    """Past the question whether there is a demo, or with the headers of another page."""
    assert make(folder).get(path).status_code == 404


def test_a_demo_shows_its_page_and_its_people(folder: Path, demo_file: Path) -> None:
    client = make(folder, demo_file=demo_file)
    assert client.get("/console/config.json").get_json()["demo"] is True
    assert client.get("/demo/").text == "demo/index.html"
    answer = client.get("/demo/people.json")
    assert answer.get_json() == PEOPLE
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/demo/", "/demo/index.html", "/demo/people.json"])
@pytest.mark.parametrize("is_named", [False, True], ids=["no demo", "a file that is not there"])
def test_without_a_demo_there_is_neither(folder: Path, tmp_path: Path, path: str, is_named: bool) -> None:
    client = make(folder, demo_file=tmp_path / "nothing.json" if is_named else None)
    answer = client.get(path)
    assert (answer.status_code, answer.text) == (404, "not-found")
    assert client.get("/console/config.json").get_json()["demo"] is False


@pytest.mark.parametrize(
    ("host", "is_shown"),
    [
        ("localhost:8001", True),
        ("127.0.0.1:8001", True),
        ("[::1]:8001", True),
        ("localhost", True),
        ("attacker.example:8001", False),
        ("localhost.attacker.example", False),
        ("127.0.0.1.attacker.example:8001", False),
    ],
)
def test_tokens_are_shown_to_nobody_who_calls_this_machine_by_another_name(
    folder: Path, demo_file: Path, host: str, is_shown: bool
) -> None:
    client = make(folder, demo_file=demo_file)
    answer = client.get("/demo/people.json", headers={"Host": host})
    assert (answer.status_code == 200) == is_shown
    assert client.get("/console/config.json", headers={"Host": host}).get_json()["demo"] == is_shown
