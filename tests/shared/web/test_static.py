"""Built files as they are served: which encoding, for how long, and nothing but what was built."""

import gzip
from pathlib import Path

import flask
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from shared.web import static

SCRIPT = b"export const answer = 42;\n" * 40


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "pages"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html>")
    for name in ("index.js", "assets/index-Ab12_-Cd.js"):
        (folder / name).write_bytes(SCRIPT)
        (folder / f"{name}.gz").write_bytes(gzip.compress(SCRIPT))
        (folder / f"{name}.br").write_bytes(b"as brotli writes it")
    (tmp_path / "secret.js").write_text("outside")
    return folder


@pytest.fixture
def client(folder: Path) -> FlaskClient:
    app = flask.Flask("tests", static_folder=None)
    files = static.make(folder, hashed="^/assets/")

    @app.get("/")
    @app.get("/<path:name>")
    def send(name: str = "") -> flask.Response:
        return static.serve(files) or flask.Response("nothing", status=404)

    return app.test_client()


def get(client: FlaskClient, name: str, accept: str | None = None, **headers: str) -> TestResponse:
    headers |= {"Accept-Encoding": accept} if accept else {}
    return client.get(f"/{name}", headers=headers, buffered=True)


@pytest.mark.parametrize(
    ("accept", "encoding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("zstd", None),
        (None, None),
        ("identity", None),
    ],
)
def test_a_client_gets_the_smallest_encoding_that_it_takes(
    client: FlaskClient, accept: str | None, encoding: str | None
) -> None:
    answer = get(client, "index.js", accept)
    assert answer.headers.get("Content-Encoding") == encoding
    plain = {"br": b"as brotli writes it", "gzip": gzip.compress(SCRIPT), None: SCRIPT}[encoding]
    assert answer.data == plain or gzip.decompress(answer.data) == SCRIPT
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert answer.headers["Content-Type"].replace('"', "") == "text/javascript; charset=utf-8"


def test_a_small_file_that_was_not_compressed_is_sent_as_it_is(client: FlaskClient) -> None:
    answer = get(client, "", "br, gzip")
    assert (answer.data, "Content-Encoding" in answer.headers) == (b"<!doctype html>", False)


def test_a_name_that_stays_is_asked_for_again_and_answered_304_while_nothing_changes(
    client: FlaskClient,
) -> None:
    first = get(client, "index.js", "br")
    assert first.headers["Cache-Control"] == "no-cache"
    again = get(client, "index.js", "br", **{"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    assert again.headers["Cache-Control"] == "no-cache"
    assert get(client, "index.js", "br", **{"If-None-Match": '"other"'}).status_code == 200


def test_a_name_with_a_hash_is_kept_for_ever(client: FlaskClient) -> None:
    answer = get(client, "assets/index-Ab12_-Cd.js")
    assert answer.headers["Cache-Control"] == "max-age=315360000, public, immutable"


@pytest.mark.parametrize(
    "name",
    [
        "nothing.js",
        "index.js.gz",
        "index.js.br",
        "assets",
        "assets/",
        "../secret.js",
        "assets/../../secret.js",
        "..%2fsecret.js",
        "%2e%2e/secret.js",
        "/etc/passwd",
        "index.js/index.js",
        "index.js\0.js",
        "assets/../index.js",
        "assets/%2e%2e/index.js",
        "./index.js",
        "assets/./index-Ab12_-Cd.js",
    ],
)
def test_nothing_else_is_served(client: FlaskClient, name: str) -> None:
    answer = get(client, name)
    assert (answer.status_code, answer.data) == (404, b"nothing")
