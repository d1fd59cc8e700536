"""Serves the files that were built from web/: compressed as they were built, cached as long as their names allow.

Called by the routes of both APIs. A file is found by its name within one folder and read anew when it changes, so that a
build shows without a restart. It decides nothing about who may see it.
"""

import functools
import hashlib
import posixpath
from pathlib import Path

import flask
from werkzeug import security

from shared.web import etags

# Nothing else is served, the compressed files by their own names included.
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
# The better first.
_ENCODINGS = {"br": ".br", "gzip": ".gz"}
_REVALIDATE = "no-cache"
# For names with a hash of the content in them: another content has another name.
_FOREVER = "public, max-age=31536000, immutable"


def find(folder: Path, name: str, *, is_hashed: bool = False) -> flask.Response | None:
    """The answer with the file of this name, or 304 where the client has it already; None when there is none."""
    path = security.safe_join(str(folder), name)
    media_type = _TYPES.get(Path(name).suffix)
    # A way round about (`assets/../index.html`) would lead past what the caller decided by the name.
    if path is None or media_type is None or posixpath.normpath(name) != name:
        return None
    encoding, found = _best(path)
    if found is None:
        return None
    content, etag = found
    answer = flask.Response(content, content_type=media_type)
    answer.set_etag(etag)
    answer.vary.add("Accept-Encoding")
    if encoding:
        answer.headers["Content-Encoding"] = encoding
    answer.headers["Cache-Control"] = _FOREVER if is_hashed else _REVALIDATE
    if etags.is_known(etag):
        answer.status_code, answer.data = 304, b""
    return answer


def _best(path: str) -> tuple[str | None, tuple[bytes, str] | None]:
    """The content in the best encoding that the client takes, with its ETag."""
    for encoding, ending in _ENCODINGS.items():
        if flask.request.accept_encodings.quality(encoding) > 0:
            found = _read(path + ending)
            if found is not None:
                return encoding, found
    return None, _read(path)


def _read(path: str) -> tuple[bytes, str] | None:
    try:
        stat = Path(path).stat()
        return _content(path, stat.st_mtime_ns, stat.st_size)
    except (OSError, ValueError):  # not there, no file, or no name that a file could have
        return None


@functools.lru_cache(maxsize=256)
def _content(path: str, _changed_at: int, _size: int) -> tuple[bytes, str]:
    """The file's content and a hash of it: the same in every process, whenever and wherever it was built."""
    content = Path(path).read_bytes()
    return content, hashlib.blake2b(content, digest_size=16).hexdigest()
