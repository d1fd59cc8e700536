"""The application, as shared/server.py loads it."""

from services.directory import app as directory
from services.directory import settings
from shared import db, draining, logging, rate_limit

_settings = settings.read()
logging.configure(_settings.log, service="directory")
draining.listen()

app = directory.make_app(
    db.make_engine(_settings.database, role=db.DIRECTORY_ROLE, name="directory"),
    auth=_settings.auth,
    limiter=rate_limit.Limiter(_settings.rate_limit),
    cors_origins=_settings.cors_origins,
    proxy_count=_settings.proxy_count,
)
