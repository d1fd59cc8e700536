"""Serves the files that were built from web/, by WhiteNoise: compressed as they were built, cached as their names allow.

Files are found once, at the start of the process. A view decides who may have a file and returns `serve`.
"""

from pathlib import Path
from wsgiref.headers import Headers

import flask
import whitenoise
from werkzeug import exceptions


def make(folder: Path, *, hashed: str | None = None) -> whitenoise.WhiteNoise:
    """The files of `folder`, each under its path there; `hashed` matches the paths that have a hash of the content in them."""
    files = whitenoise.WhiteNoise(
        exceptions.NotFound(),
        max_age=None,
        allow_all_origins=False,
        index_file=True,
        add_headers_function=_revalidate,
        immutable_file_test=hashed,
    )
    if folder.is_dir():
        files.add_files(folder)
    return files


def _revalidate(headers: Headers, _path: str, _url: str) -> None:
    headers.setdefault("Cache-Control", "no-cache")


def serve(files: whitenoise.WhiteNoise) -> flask.Response | None:
    """The file at the path of the request being served, or 304; None without one."""
    response = flask.make_response(flask.Response.from_app(files, flask.request.environ, buffered=True))
    return None if response.status_code == 404 else response
