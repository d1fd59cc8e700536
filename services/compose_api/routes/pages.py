"""The console, and in demo mode the demo page: `/console/`, `/demo/`, and their configuration.

The files come from web/ (`make web`). Public: they hold no data of any platform, and users bring a token.
"""

import re
from collections.abc import Callable
from pathlib import Path

import flask
import whitenoise

from services.compose_api import page_policy, settings
from services.compose_api.store.sessions import SignIn
from shared import errors
from shared.web import guards, static

FOLDER = Path(__file__).parents[1] / "pages"
# Against DNS rebinding: a page of another site must not read the demo people's tokens.
_LOCAL_HOST = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:\d+)?", re.ASCII)
_NOT_BUILT = """<!doctype html>
<html lang="en">
<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Message Hub</title>
<h1>The web pages have not been built</h1>
<p>The APIs work without them. Run <code>make web</code> where the hub was started, then start it again.</p>
</html>
"""


def make(
    pages: settings.Pages,
    folder: Path = FOLDER,
    *,
    public_url: str | None = None,
    find_sign_in: Callable[[], SignIn | None] = lambda: None,
) -> flask.Blueprint:
    """The routes of the pages that were built into `folder`.

    `find_sign_in`: where people sign in; None, or without `public_url`: with a token only.
    """
    blueprint = flask.Blueprint("pages", __name__)
    files = static.make(folder, hashed="^/console/assets/")
    console_headers = page_policy.for_console(pages)
    demo_headers = page_policy.for_demo(pages)

    @blueprint.get("/console/")
    @blueprint.get("/console/<path:name>")
    @guards.public
    def console(name: str = "") -> flask.Response:
        return _file(files, name, console_headers)

    @blueprint.get("/console/config.json")
    @guards.public
    def config() -> flask.Response:
        answer = flask.jsonify(
            inbox_url=pages.inbox_url,
            stream_url=pages.stream_url,
            directory_url=pages.directory_url,
            demo=_demo_people(pages) is not None,
            sign_in=_sign_in(find_sign_in(), public_url) if public_url else None,
        )
        answer.headers["Cache-Control"] = "no-store"
        return answer

    # What browsers ask for by themselves on pages that name no icon.
    icon = next(folder.glob("console/assets/icon-*.svg"), None)

    @blueprint.get("/favicon.ico")
    @guards.public
    def favicon() -> flask.Response:
        if icon is None:
            raise errors.not_found("page")
        return flask.Response(status=302, headers={"Location": icon.relative_to(folder).as_posix()})

    @blueprint.get("/demo/")
    @blueprint.get("/demo/<path:name>")
    @guards.public
    def demo(name: str = "") -> flask.Response:
        if _demo_people(pages) is None:
            raise errors.not_found("page")
        return _file(files, name, demo_headers)

    @blueprint.get("/demo/people.json")
    @guards.public
    def people() -> flask.Response:
        found = _demo_people(pages)
        if found is None:
            raise errors.not_found("page")
        return flask.Response(found, mimetype="application/json", headers={"Cache-Control": "no-store"})

    for path, target in (("/", "console/"), ("/console", "console/"), ("/demo", "demo/")):
        blueprint.add_url_rule(path, f"to_{path.strip('/')}", _redirect(target))
    return blueprint


def _file(files: whitenoise.WhiteNoise, name: str, headers: dict[str, str]) -> flask.Response:
    response = static.serve(files)
    if response is None and name in ("", "index.html"):
        response = flask.Response(_NOT_BUILT, status=503, headers={"Cache-Control": "no-store"})
    if response is None:
        raise errors.not_found("page")
    response.headers.update(headers)
    return response


def _sign_in(found: SignIn | None, url: str) -> dict[str, object] | None:
    """`platform`: the only one that has a provider. `tokens`: whether people of others still need one. `url`: where to sign in."""
    if found is None or not found.platforms:
        return None
    return {"platform": found.platforms[0] if len(found.platforms) == 1 else None, "tokens": found.tokens, "url": url}


def _redirect(target: str) -> Callable[[], flask.Response]:
    @guards.public
    def redirect() -> flask.Response:
        # Relative, so that it is right under a proxy's scheme and path too.
        return flask.Response(status=302, headers={"Location": target})

    return redirect


def _demo_people(pages: settings.Pages) -> bytes | None:
    """The file of demo people that `message-hub run` keeps. None without a demo, or when this request may not see it."""
    if pages.demo_file is None or not _LOCAL_HOST.fullmatch(flask.request.host):
        return None
    try:
        return pages.demo_file.read_bytes()
    except OSError:
        return None
