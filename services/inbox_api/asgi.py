"""Entry file: `granian --interface asgi services.inbox_api.asgi:app`. What `wsgi` serves, and refuses before it begins."""

import contextlib

from services.inbox_api import settings, wsgi
from shared.web import bridge, refusals, server

_settings = settings.read()
_refused = refusals.Refusals(wsgi.app.extensions["hub_registry"], origins=_settings.cors_origins)

app = server.serve(bridge.Bridge(wsgi.app, _refused, places=_settings.places), contextlib.nullcontext)
