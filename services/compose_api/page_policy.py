"""What the console's pages may do in a browser: the headers that go with each of their files.

Nothing is allowed but what they need: scripts and styles from files of this origin, calls to the two APIs. Nothing inline, so
text that became markup by mistake would still not run; the element library's own templates are the only markup that is made
from strings (trusted types).
"""

import urllib.parse

from services.compose_api import settings

_FEATURES = (
    "accelerometer",
    "camera",
    "display-capture",
    "geolocation",
    "gyroscope",
    "magnetometer",
    "microphone",
    "payment",
    "usb",
)
_COMMON = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in _FEATURES),
    "Referrer-Policy": "no-referrer",
}


def for_console(pages: settings.Pages) -> dict[str, str]:
    return _headers(pages, scripts=("'self'",))


def for_demo(pages: settings.Pages) -> dict[str, str]:
    """The demo embeds the bell as any page of a platform does: with its script from inbox_api."""
    return _headers(pages, scripts=("'self'", *_inbox_origin(pages)))


def _headers(pages: settings.Pages, *, scripts: tuple[str, ...]) -> dict[str, str]:
    policy = {
        "default-src": ("'none'",),
        "script-src": scripts,
        "style-src": ("'self'",),
        "img-src": ("'self'",),
        "connect-src": ("'self'", *_inbox_origin(pages)),
        "frame-src": ("'self'",),
        "frame-ancestors": ("'self'", *pages.frame_origins),
        "base-uri": ("'none'",),
        "object-src": ("'none'",),
        "form-action": ("'none'",),
        "trusted-types": ("lit-html", "'allow-duplicates'"),
        "require-trusted-types-for": ("'script'",),
    }
    text = "; ".join(" ".join((name, *values)) for name, values in policy.items())
    return {"Content-Security-Policy": text, **_COMMON}


def _inbox_origin(pages: settings.Pages) -> tuple[str, ...]:
    """None where inbox_api has this page's own origin."""
    address = urllib.parse.urlsplit(pages.inbox_url)
    return (f"{address.scheme}://{address.netloc}",) if pages.inbox_url else ()
