"""The headers that keep browsers from doing more with an answer than it is for. On every answer of both APIs, refusals included.

Called where answers are finished (observe) and where they are made past the app (problems). A page or script that needs more says
so itself: what an answer already has is left as it is.
"""

import base64
import hashlib
import re

import flask

_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
# An answer is data: not to be rendered, framed, guessed at, or read by another origin's page without being asked for with CORS.
_DATA = {
    # Instead of the name of the software that serves it.
    "Server": "message-hub",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
}
_UNKEPT = ("Cache-Control", "no-store")


def protect(answer: flask.Response) -> None:
    """Every poll passes here: one look at what is there, then all that is missing at once."""
    there = {name.lower() for name, _ in answer.headers}
    missing = [(name, value) for name, value in _DATA.items() if name.lower() not in there]
    if "cache-control" not in there:
        missing.append(_UNKEPT)
    answer.headers.extend(missing)


def for_page(html: str) -> dict[str, str]:
    """For a page that loads its own files and has the scripts in it that `html` has: those may run, and no others."""
    scripts = " ".join(f"'sha256-{_hash(script)}'" for script in _INLINE_SCRIPT.findall(html))
    policy = {
        "default-src": "'none'",
        "script-src": f"'self' {scripts}",
        # The page's library writes styles into its elements.
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data:",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}".strip() for name, value in policy.items()),
        "Cross-Origin-Opener-Policy": "same-origin",
    }


def _hash(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
