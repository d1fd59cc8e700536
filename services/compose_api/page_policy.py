"""What the console's pages may do in a browser: the headers that go with each of their files.

Nothing is allowed but what they need: scripts and styles from files of this origin, calls to the APIs and the live stream. Nothing inline,
so text that became markup by mistake would still not run; the element library's own templates are the only markup that is made
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
    return _headers(pages, scripts=("'self'", *_origins(pages.inbox_url)))


def _headers(pages: settings.Pages, *, scripts: tuple[str, ...]) -> dict[str, str]:
    policy = {
        "default-src": ("'none'",),
        "script-src": scripts,
        "style-src": ("'self'",),
        "img-src": ("'self'",),
        "connect-src": ("'self'", *_origins(pages.inbox_url, pages.stream_url, pages.directory_url)),
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


def _origins(*urls: str) -> tuple[str, ...]:
    """The origin of each address, once; none for an empty one, which stands for the page's own origin."""
    addresses = [urllib.parse.urlsplit(url) for url in urls if url]
    return tuple(dict.fromkeys(f"{address.scheme}://{address.netloc}" for address in addresses))
