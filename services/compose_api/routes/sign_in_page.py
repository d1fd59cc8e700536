"""The page that says why a sign-in did not work, and what to do."""

import base64
import hashlib

import flask

from shared import errors
from shared.web import error_handlers, request_log

_STYLE = """
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { margin: 0; padding: clamp(1rem, 10vh, 6rem) 1rem; background: Canvas; color: CanvasText; }
main { max-width: 32rem; margin: 0 auto; }
h1 { font-size: 1.375rem; line-height: 1.3; }
a { display: inline-block; padding: .6rem 1rem; border: 1px solid; border-radius: .5rem; }
small { opacity: .8; }
"""
_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{{ error.title }} – Message Hub</title>
<style>{{ style|safe }}</style>
<main>
<p>Message Hub</p>
<h1>{{ error.title }}</h1>
<p>{{ error.detail }}</p>
<p><a href="{{ again }}">{{ label }}</a></p>
<p><small>Code: {{ error.code }}<br>Request: {{ request_id }}</small></p>
</main>
</html>
"""
_POLICY = {
    "default-src": "'none'",
    "style-src": f"'sha256-{base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}


def response(error: errors.HubError, *, again: str, label: str) -> flask.Response:
    """A page for a browser's navigation, problem details for everything else."""
    made = error_handlers.response(error)
    if flask.request.accept_mimetypes.best_match(("application/problem+json", "text/html")) != "text/html":
        return made
    html = flask.render_template_string(
        _PAGE, error=error, style=_STYLE, again=again, label=label, request_id=request_log.request_id()
    )
    made.set_data(html)
    made.mimetype = "text/html"
    made.headers["Content-Security-Policy"] = "; ".join(f"{name} {value}" for name, value in _POLICY.items())
    made.headers.pop("WWW-Authenticate", None)
    return made
