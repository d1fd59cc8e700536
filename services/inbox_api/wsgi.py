"""The application, as shared/server.py loads it."""

from services.inbox_api import app as inbox
from services.inbox_api import settings
from services.inbox_api.store import inbox as inbox_store
from shared import db, draining, logging, rate_limit

_settings = settings.read()
logging.configure(_settings.log, service="inbox_api")
draining.listen()
_limiter = rate_limit.Limiter(_settings.rate_limit)

app = inbox.make_app(
    inbox.Context(
        engine=db.make_engine(_settings.database, role=db.INBOX_ROLE, name="inbox_api", session=inbox_store.SESSION),
        limiter=_limiter,
        evidence_keys=_settings.evidence_keys,
    ),
    auth=_settings.auth,
    cors_origins=_settings.cors_origins,
    proxy_count=_settings.proxy_count,
)
_limiter.register(app.extensions["hub_registry"])
